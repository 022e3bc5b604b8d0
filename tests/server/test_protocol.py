"""The SPARQL Protocol over the released dataset: what is answered, what refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat

from server.engines import GRAPHS as FORMATS
from server.negotiate import GRAPHS, TABLES, Syntax
from server.service import Options
from tests.conformance.solutions import read
from tests.server.answers import problem, rows, triples
from tests.server.stores import ask, client_of

GRAPH = "https://w3id.org/m816/graph/"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
SELECT = f"SELECT ?s ?l {{ ?s a <https://w3id.org/m816/Region> ; {LABEL} ?l }}"
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } { ?s a <https://w3id.org/m816/SourceConflict> ; ?p ?o }"
DESCRIBE = "DESCRIBE <http://purl.bioontology.org/ontology/ICD10CM/M81.6>"


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    with client_of(Options()) as made:
        yield made


@pytest.mark.parametrize("syntax", TABLES, ids=lambda syntax: syntax.name)
def test_solutions_are_the_same_in_every_syntax(client: FlaskClient, syntax: Syntax) -> None:
    expected = len(rows(client, SELECT))
    got = ask(client, SELECT, syntax.asked[0])
    assert got.headers["Content-Type"] == syntax.served
    if syntax.name == "csv":
        assert len(got.data.splitlines()) == expected + 1
    else:
        as_json = ask(client, SELECT).data
        assert read(got.data, got.mimetype or "", "") == read(as_json, TABLES[0].served, "")


@pytest.mark.parametrize("syntax", TABLES, ids=lambda syntax: syntax.name)
def test_a_boolean_has_every_syntax_of_a_table(client: FlaskClient, syntax: Syntax) -> None:
    got = ask(client, "ASK {}", syntax.asked[0])
    assert (got.status_code, got.headers["Content-Type"]) == (200, syntax.served)
    assert b"true" in got.data


@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE], ids=["construct", "describe"])
@pytest.mark.parametrize("syntax", GRAPHS, ids=lambda syntax: syntax.name)
def test_a_graph_is_the_same_in_every_syntax(
    client: FlaskClient, syntax: Syntax, query: str
) -> None:
    got = ask(client, query, syntax.asked[0])
    assert got.headers["Content-Type"] == syntax.served
    turtle = ask(client, query, "text/turtle").data
    assert turtle.startswith(b"@prefix")
    assert triples(got.data, FORMATS[syntax.name]) == triples(turtle, RdfFormat.TURTLE)


def test_a_table_is_not_given_as_a_graph_nor_a_graph_as_a_table(client: FlaskClient) -> None:
    refused = [ask(client, SELECT, "text/turtle"), ask(client, CONSTRUCT, "text/csv")]
    assert [problem(got) for got in refused] == [(406, "not-acceptable")] * 2
    assert "application/sparql-results+json" in refused[0].text
    assert "text/turtle" in refused[1].text


def test_the_three_ways_to_send_a_query_give_one_answer(client: FlaskClient) -> None:
    direct = client.post(
        "/sparql", data=SELECT.encode(), headers={"Content-Type": "application/sparql-query"}
    )
    bodies = {client.post("/sparql", data={"query": SELECT}).data, direct.data}
    assert bodies == {ask(client, SELECT).data}


REFUSED = {
    "a query sent twice": ("GET", "?query=ASK%7B%7D&query=ASK%7B%7D", "", b"", 400),
    "an update by GET": ("GET", "?update=CLEAR%20ALL", "", b"", 400),
    "a query and an update": ("POST", "", "form", b"query=ASK%7B%7D&update=CLEAR%20ALL", 400),
    "a form with neither": ("POST", "", "form", b"a=b", 400),
    "a form and a query in the address": ("POST", "?query=ASK%7B%7D", "form", b"query=ASK{}", 400),
    "a body and a query in the address": ("POST", "?query=ASK%7B%7D", "query", b"ASK {}", 400),
    "a query sent empty": ("GET", "?query=", "", b"", 400),
    "no query at all": ("GET", "?query=SELECT", "", b"", 400),
    "bytes that are no UTF-8": ("POST", "", "query", b"ASK { \xff }", 400),
    "bytes that are no UTF-8 in the address": ("GET", "?query=ASK%20%7B%ff%7D", "", b"", 400),
    "a NUL": ("POST", "", "query", b"ASK {\0}", 400),
    "a default graph that is no IRI": (
        *("GET", "?query=ASK%7B%7D&default-graph-uri=not%20an%20iri", "", b"", 400),
    ),
    "another charset": ("POST", "", "query; charset=utf-16", "ASK {}".encode("utf-16"), 415),
    "no content type": ("POST", "", "", b"ASK {}", 415),
    "another content type": ("POST", "", "text/plain", b"ASK {}", 415),
    "an update of the dataset": ("POST", "", "update", b"CLEAR ALL", 403),
    "an update in a form": ("POST", "", "form", b"update=CLEAR%20ALL", 403),
    "PUT": ("PUT", "", "query", b"ASK {}", 405),
    "DELETE": ("DELETE", "?query=ASK%7B%7D", "", b"", 405),
    "PATCH": ("PATCH", "", "", b"", 405),
}
MEDIA = {
    "form": "application/x-www-form-urlencoded",
    "query": "application/sparql-query",
    "update": "application/sparql-update",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_protocol_does_not_allow_is_refused(client: FlaskClient, case: str) -> None:
    method, rest, media, body, status = REFUSED[case]
    name, _, parameters = media.partition(";")
    headers = {"Content-Type": MEDIA.get(name, name) + (";" + parameters if parameters else "")}
    got = client.open(
        "/sparql" + rest, method=method, data=body or None, headers=headers if media else {}
    )
    assert problem(got)[0] == status
    if status == 405:
        assert got.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_a_body_with_a_content_encoding_is_refused(client: FlaskClient) -> None:
    headers = {"Content-Type": MEDIA["query"], "Content-Encoding": "gzip"}
    assert problem(client.post("/sparql", data=b"ASK {}", headers=headers))[0] == 415


def test_relative_iris_are_those_of_the_endpoint(client: FlaskClient) -> None:
    asked = "SELECT (STR(<here>) AS ?here) (STR(<#a>) AS ?a) {}"
    assert rows(client, asked) == [["http://127.0.0.1:8160/here", "http://127.0.0.1:8160/sparql#a"]]


def test_what_may_not_have_changed_is_not_sent_again(client: FlaskClient) -> None:
    first = ask(client, SELECT)
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    again = {"If-None-Match": f'"other", {tag}', "Accept": "*/*"}
    unchanged = client.get("/sparql", query_string={"query": SELECT}, headers=again)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["ETag"] == tag
    assert unchanged.headers["Vary"] == first.headers["Vary"] == "Accept, Accept-Encoding"
    others = [
        ask(client, SELECT, "text/csv"),
        ask(client, SELECT + " LIMIT 1"),
        ask(client, SELECT, **{"default-graph-uri": GRAPH + "codes"}),
        ask(client, SELECT, **{"named-graph-uri": GRAPH + "codes"}),
    ]
    assert len({tag, *(got.headers["ETag"] for got in others)}) == 5


@pytest.mark.parametrize("word", ["RAND()", "NOW()", "UUID()", "STRUUID()", "BNODE()"])
def test_an_answer_that_varies_has_no_tag(client: FlaskClient, word: str) -> None:
    got = ask(client, f"SELECT ({word} AS ?x) {{}}")
    assert got.status_code == 200
    assert "ETag" not in got.headers
    assert got.headers["Cache-Control"] == "no-store"


def test_what_is_sent_by_post_is_not_revalidated(client: FlaskClient) -> None:
    headers = {"If-None-Match": ask(client, SELECT).headers["ETag"]}
    got = client.post("/sparql", data={"query": SELECT}, headers=headers)
    assert got.status_code == 200
    assert "ETag" not in got.headers


@pytest.mark.parametrize("rest", ["", "?query=ASK%7B%7D", "?query=ASK%7B", "?update=CLEAR%20ALL"])
def test_head_tells_what_get_would(client: FlaskClient, rest: str) -> None:
    got, head = client.get("/sparql" + rest), client.head("/sparql" + rest)
    assert head.data == b""
    assert (head.status_code, list(head.headers)) == (got.status_code, list(got.headers))
    assert int(head.headers["Content-Length"]) == len(got.data)


def test_options_answers_a_preflight_without_credentials(client: FlaskClient) -> None:
    got = client.options("/sparql", headers={"Origin": "https://example.org"})
    assert (got.status_code, got.data) == (204, b"")
    assert got.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert got.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" not in got.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in got.headers


def test_a_large_answer_is_compressed_if_gzip_is_wanted(client: FlaskClient) -> None:
    sent = {"query_string": {"query": SELECT}}
    zipped = client.get("/sparql", headers={"Accept-Encoding": "gzip, br"}, **sent)
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(zipped.data) < len(ask(client, SELECT).data) / 2
    for wanted in ("identity", "*", "gzip;q=0"):
        got = client.get("/sparql", headers={"Accept-Encoding": wanted}, **sent)
        assert "Content-Encoding" not in got.headers
