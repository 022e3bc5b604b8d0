"""Requests nobody would send: each is answered or refused in good form, and the next one is served.

What is tried is drawn by hypothesis, the same each time.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse, create_environ, run_wsgi_app
from werkzeug.wrappers import Request

from server.app import create_app
from server.negotiate import GRAPHS, HTML, TABLES
from server.problems import TITLES
from server.received import FORM, RECORDS
from server.service import Options
from tests.server.hostile import refused
from tests.server.stores import ask

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY", "get", "*"]
PLACES = {  # the method they are mostly asked by
    "queries by address": ("GET", ["/sparql", "/sparql", "/queries/code-on-date", "/store"]),
    "queries by body": ("POST", ["/sparql", "/sparql", "/queries/submitted-codes"]),
    "records": ("POST", ["/check", "/validate"]),
    "names": ("GET", ["/doc/", "/id/", "/doc/code/", "/doc/derivation/", "/id/rule/", "/queries/"]),
}
BODIES = [
    *("application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"),
    *RECORDS,
    *FORM,
    "application/rdf+xml",
]
SYNTAXES = [media for syntax in (*TABLES, *GRAPHS, HTML) for media in syntax.asked]
QUERIES = [
    *("ASK {}", "SELECT * { ?s ?p ?o } LIMIT 2", "DESCRIBE <urn:a>", "SELECT", "ASK { ?s ?p "),
    *("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 2", "INSERT DATA { <urn:a> <urn:b> 1 }"),
    *("SELECT (1/0 AS ?x) (STRDT('\\u0000', 1) AS ?y) {}", "ASK { GRAPH <urn:a> { ?s ?p ?o } }"),
    *("ASK { SERVICE <urn:a> {} }", "PREFIX : <a b> ASK {}", "BASE <:> ASK { <> <> <> }", "\ud800"),
]
_FORM = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n--x--\r\n'
DOCUMENTS = [
    *(b"", b"{}", b"[]", b"null", b"1e999", b"\xff\xfe", b"\x00", b"{" * 2_000, b"\x1f\x8b\x08"),
    *(b'{"resourceType": "Bundle", "entry": [{"resource": 1}]}', b"<urn:a> <urn:b> <urn:c> ."),
]
FITTING = [
    ("application/fhir+json", b'{"resourceType": "Bundle", "entry": [{"resource": {}}]}'),
    ("application/json", b'{"resourceType": "Condition", "code": {"coding": {"code": []}}}'),
    ("application/fhir+ndjson", b'{"resourceType": "Encounter", "id": "e"}\n\n{}'),
    ("text/turtle", b"<urn:a> a <https://w3id.org/m816/Case> ."),
    ("application/trig", b"<urn:a> { <urn:a> a <https://w3id.org/m816/Case> }"),
    ("application/n-triples", b"<urn:a> <urn:b> _:c ."),
    ("application/ld+json", b'{"@context": "http://127.0.0.1:1/", "@id": "urn:a"}'),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--"),
    ("multipart/form-data; boundary=x", _FORM % (b"example", b"1")),
    ("multipart/form-data; boundary=x", _FORM % (b'file"; filename="/../a.ttl', b".")),
    ("application/sparql-query", b"ASK {}"),
    ("application/sparql-query", b"SELECT * { ?s ?p ?o } LIMIT 2"),
    ("application/sparql-update", b"CLEAR ALL"),
    ("application/x-www-form-urlencoded", b"query=ASK+%7B%7D&named-graph-uri=%FF"),
]
NAMES = ["query", "update", "default-graph-uri", "named-graph-uri", "using-graph-uri", "format"]
NAMES += ["graph", "default", "profile", "payer", "as-of", "all", "code", "date", "x"]


def one_of(known: list[Any], drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly something known."""
    return st.one_of(st.sampled_from(known), st.sampled_from(known), drawn)


PRINTED = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))
VALUES = one_of(
    [*QUERIES, "urn:a", "", "a b", "<>", "../..", "\0", "json", "turtle", "html", "M81.6"],
    st.text(max_size=20),
)
FIELDS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4).map(
    lambda fields: urlencode(fields, errors="surrogatepass").encode()
)
ENDS = st.sampled_from(
    [""] * 60
    + [
        "M81.6",
        "dxa-site",
        "Rule",
        "M81.6/",
        "%2e%2e/",
        "%00",
        "%ff",
        "a%2Fb",
        "//",
        "\ud800",
        "é\t",
    ]
)
HEADERS = {
    "Accept": one_of(
        [*SYNTAXES, "*/*", "*", "", ";q=", "text/*;q=nan", ",,;", "a/b;q=1e999"], PRINTED
    ),
    "Accept-Encoding": one_of(["gzip", "gzip;q=0", "*", "br"], PRINTED),
    "If-None-Match": one_of(["*", 'W/"a"', '"', "W/"], PRINTED),
    "Authorization": one_of(["Bearer", "Bearer x", "Basic x", "Basic eA==", "Digest a=b"], PRINTED),
    "Content-Encoding": one_of(["identity", "gzip", ""], PRINTED),
    "Content-Length": st.sampled_from(["0", "-1", "1_0", "٣", "9" * 30, "5", ""]),
    "Host": one_of(["[", "a:b:c", "..", "x@y"], PRINTED),
    "Range": st.just("bytes=0-0"),
    "Origin": st.just("null"),
    "Expect": st.just("100-continue"),
    "Cookie": PRINTED,
}
CONTENT_TYPES = one_of(
    [
        *BODIES,
        *("", "/", "text/turtle; charset=x", "multipart/form-data; boundary=x"),
        *("multipart/form-data; boundary=" + "é", "application/sparql-query; charset=utf-16"),
    ],
    PRINTED,
)
SOME_HEADERS = st.lists(
    st.sampled_from(list(HEADERS)).flatmap(lambda name: st.tuples(st.just(name), HEADERS[name])),
    max_size=2,
).map(dict)
REQUESTS = {
    "end": ENDS,
    "query": st.one_of(st.just(b""), FIELDS, FIELDS, st.binary(max_size=20)),
    "body": st.one_of(
        st.sampled_from(FITTING),
        st.sampled_from(FITTING),
        st.tuples(CONTENT_TYPES, st.one_of(FIELDS, st.sampled_from(DOCUMENTS), st.binary())),
    ),
    "headers": st.one_of(st.just({}), SOME_HEADERS),
}


def requests(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Requests of a kind; a few by a method that is not for it."""
    method, places = PLACES[kind]
    methods = st.sampled_from([method] * 60 + METHODS)
    return st.fixed_dictionaries({"method": methods, "place": st.sampled_from(places), **REQUESTS})


CALM = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=50,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    app = create_app(Options(workers=1, deadline=2.0))
    yield app.test_client()
    app.extensions["m816"].close()


@pytest.mark.parametrize("kind", PLACES)
def test_whatever_is_sent_is_answered_or_refused_in_good_form(
    client: FlaskClient, kind: str
) -> None:
    @CALM
    @given(sent=requests(kind))
    def each(sent: dict[str, Any]) -> None:
        _in_good_form(_answer(client, sent), sent["method"])

    each()
    assert ask(client, "ASK {}").status_code == 200


def _answer(client: FlaskClient, sent: dict[str, Any]) -> TestResponse:
    """The answer to a request that no client would build, as a WSGI server would hand it over."""
    path = sent["place"] + quote(sent["end"], safe="/%", errors="surrogatepass")
    media, body = sent["body"]
    environ = create_environ("/", input_stream=io.BytesIO(body))
    environ |= {
        "REQUEST_METHOD": sent["method"],
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "RAW_URI": path,
        "QUERY_STRING": sent["query"].decode("latin-1"),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": media,
    }
    for name, value in sent["headers"].items():
        key = name.upper().replace("-", "_")
        environ["CONTENT_LENGTH" if key == "CONTENT_LENGTH" else f"HTTP_{key}"] = value
    parts, status, headers = run_wsgi_app(client.application, environ)
    return TestResponse(parts, status, headers, Request(environ))


def _in_good_form(answer: TestResponse, method: str) -> None:
    assert answer.status_code in range(200, 504)
    assert answer.status_code != 500
    if answer.status_code < 400:
        return
    assert answer.content_type == "application/problem+json"
    if method == "HEAD":
        return
    status, name = refused(answer)
    assert TITLES[name][0] == status
