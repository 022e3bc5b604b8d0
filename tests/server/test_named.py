"""/queries and /queries/<name>: the named queries listed and run, as the command answers them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from kg.knowledge import triples_of, turtle_files
from kg.locations import ONTOLOGY
from kg.namespaces import M816
from tests.server.asked import BASE, CSV, HTML, JSON, KNOWN, TURTLE, get, serving, shown, told

OF_GRAPH = {name: each for name, each in KNOWN.items() if not each.of_case}
EDITORS_ASK = """
PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?sq ?comment ?query WHERE {
  ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ;
    sh:select|sh:ask|sh:construct|sh:describe ?query .
}
"""


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of the application."""
    with serving() as made:
        yield made


# --- the list


def test_the_list_is_a_page_with_every_question(client: FlaskClient) -> None:
    got = client.get("/queries", headers={"Accept": HTML})
    for question in KNOWN.values():
        assert f'href="/queries/{question.id}"' in got.text
    assert "script-src 'self'" in got.headers["Content-Security-Policy"]


def test_the_list_is_json_for_programs(client: FlaskClient) -> None:
    got = client.get("/queries")
    rows = {row["id"]: row for row in got.json or []}
    assert list(rows) == list(KNOWN)
    assert rows["code-on-date"]["parameters"][0] == {
        "name": "code",
        "label": "code",
        "kind": M816 + "Code",
        "default": "M81.6",
    }
    assert rows["missing"]["ofCase"] is True
    assert rows["missing"]["competencyQuestion"] == 18
    assert all(rows[name]["query"] == each.text for name, each in KNOWN.items())
    again = client.get("/queries", headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", ["/queries", "/.well-known/sparql-examples"])
def test_the_graph_is_what_the_files_say_with_this_server_as_the_target(
    client: FlaskClient, path: str
) -> None:
    got = client.get(path, headers={"Accept": TURTLE})
    assert got.content_type == "text/turtle; charset=utf-8"
    found = {quad.triple for quad in ox.parse(got.data, ox.RdfFormat.TURTLE)}
    written = {t for path in turtle_files(ONTOLOGY / "queries") for t in triples_of(path)}
    here, named = ox.NamedNode(f"{BASE}/sparql"), ox.NamedNode(M816 + "sparql")
    target = ox.NamedNode("https://schema.org/target")
    assert {t.object for t in found if t.predicate == target} == {here}
    ours = {t for t in found if isinstance(t.subject, ox.NamedNode) and t.object != here}
    assert {t for t in ours if not isinstance(t.object, ox.BlankNode)} == {
        t
        for t in written
        if isinstance(t.subject, ox.NamedNode)
        and not isinstance(t.object, ox.BlankNode)
        and t.object != named
    }
    same = client.get(path, headers={"Accept": TURTLE, "If-None-Match": got.headers["ETag"]})
    assert same.status_code == 304


def test_editors_find_the_examples_in_the_graph_and_in_the_dataset(client: FlaskClient) -> None:
    graph = client.get("/.well-known/sparql-examples").data
    store = ox.Store()
    store.bulk_load(graph, format=ox.RdfFormat.TURTLE)
    result = store.query(EDITORS_ASK)
    assert isinstance(result, ox.QuerySolutions)
    assert len(list(result)) == len(KNOWN)
    served = client.get(f"/sparql?{urlencode({'query': EDITORS_ASK})}", headers={"Accept": CSV})
    assert {row["sq"] for row in csv.DictReader(io.StringIO(served.text))} == {
        each.iri for each in KNOWN.values()
    }


# --- the answers


@pytest.mark.parametrize("name", OF_GRAPH)
def test_a_query_answers_as_its_text_does_at_the_endpoint(client: FlaskClient, name: str) -> None:
    question = OF_GRAPH[name]
    media = TURTLE if question.form == "construct" else "application/sparql-results+json"
    direct = client.get(f"/sparql?{urlencode({'query': question.text})}", headers={"Accept": media})
    got = get(client, name, media)
    assert got.status_code == 200
    assert got.content_type == direct.content_type
    assert sorted(got.data) == sorted(direct.data)  # a graph has no order


@pytest.mark.parametrize("name", ["neighbours", "conflicts", "who-owes-what", "known-how"])
def test_a_query_answers_as_the_command_does(client: FlaskClient, name: str) -> None:
    rows = shown(get(client, name, JSON))
    assert [" ".join(" ".join(row).split()) for row in rows] == told(name)


def test_a_value_given_counts_as_it_does_for_the_command(client: FlaskClient) -> None:
    given = {"code": "O99.891", "date": "2020-09-30"}
    rows = shown(get(client, "code-on-date", JSON, **given))
    words = [f"--set={name}={value}" for name, value in given.items()]
    assert [" ".join(" ".join(row).split()) for row in rows] == told("code-on-date", *words)
    assert rows[0][-1] == "false"


@pytest.mark.parametrize(
    ("name", "accept", "media"),
    [
        ("neighbours", "*/*", "application/sparql-results+json"),
        ("neighbours", "application/xml", "application/sparql-results+xml"),
        ("neighbours", "text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("may-not-stand-together", JSON, "application/sparql-results+json"),
        ("rule-trail", "*/*", "text/turtle; charset=utf-8"),
        ("rule-trail", "application/ld+json", "application/ld+json"),
        ("rule-trail", HTML, "text/html; charset=utf-8"),
    ],
)
def test_the_answer_comes_in_the_syntax_asked_for(
    client: FlaskClient, name: str, accept: str, media: str
) -> None:
    got = get(client, name, accept)
    assert (got.status_code, got.content_type) == (200, media)
    assert get(client, name, accept, format="html").content_type == "text/html; charset=utf-8"


def test_an_answer_is_revalidated_until_a_value_changes(client: FlaskClient) -> None:
    first = get(client, "neighbours")
    etag = first.headers["ETag"]
    headers = {"Accept": CSV, "If-None-Match": etag}
    assert client.get("/queries/neighbours", headers=headers).status_code == 304
    assert client.get("/queries/neighbours?code=M81.6", headers=headers).status_code == 200
    assert get(client, "neighbours", code="M81.0").headers["ETag"] != etag
    assert client.head("/queries/neighbours", headers={"Accept": CSV}).headers["ETag"] == etag


@pytest.mark.parametrize(
    ("name", "query", "says"),
    [
        ("neighbours", "code=M99.99", "code: it is to be"),
        ("neighbours", "code=" + "M81.6%20%7D%20%3Fs%20%3Fp%20%3Fo%20%23", "code: it is to be"),
        ("code-on-date", "date=2026-13-01", "date: it is to be a date such as 2026-05-01"),
        ("obligations-of-specialty", "specialty=x", "one of emergencyMedicine"),
        ("known-how", "subject=a%3E%20b", "subject: it is to be an IRI"),
        ("index-lookup", "words=a%5Cu0022", "words: it is to be plain words"),
        ("neighbours", "code=M81.6&code=M81.0", "code is given twice"),
        ("neighbours", "secret=value", "The parameters are code, format"),
        ("neighbours", "format=exe", "format is one of"),
        ("missing", "x=1", "The parameters are format"),
    ],
)
def test_what_a_query_does_not_take_is_refused(
    client: FlaskClient, name: str, query: str, says: str
) -> None:
    for media in (CSV, HTML):
        got = client.get(f"/queries/{name}?{query}", headers={"Accept": media})
        assert (got.status_code, got.content_type) == (400, "application/problem+json")
        assert json.loads(got.data)["type"].endswith("/bad-parameter")
        assert says in json.loads(got.data)["detail"]
        assert "secret" not in got.text


def test_there_are_no_other_names_and_no_other_media(client: FlaskClient) -> None:
    for path in ("/queries/nothing", "/queries/neighbours/code", "/queries/prefixes"):
        assert client.get(path).status_code == 404
    assert get(client, "neighbours", "image/png").status_code == 406
    assert get(client, "rule-trail", CSV).status_code == 406


def test_no_value_is_logged(client: FlaskClient, capfd: pytest.CaptureFixture[str]) -> None:
    get(client, "index-lookup", words="Sudeck")
    get(client, "neighbours", code="Sudeck")
    logged = capfd.readouterr().err
    assert "/queries/" in logged
    assert "Sudeck" not in logged
