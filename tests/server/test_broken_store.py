"""A store that misbehaves in every way we know of: a problem, never part of a result."""

import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.service import Options
from tests.server.stores import (
    JSON,
    WHOLE,
    Script,
    Upstream,
    answering,
    ask,
    broken,
    chunk,
    client_of,
    head,
    running,
    sending,
)

CHUNKED = head(Transfer_Encoding="chunked")


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """The store."""
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def client(upstream: Upstream) -> Iterator[FlaskClient]:
    """A client of our server in front of it: one connection, 100 kB, time enough."""
    store = upstream.url(answering(WHOLE))
    with client_of(Options(store=store, deadline=20, result=100_000, workers=1)) as client:
        yield client


@pytest.fixture(scope="module")
def hurried(upstream: Upstream) -> Iterator[FlaskClient]:
    """The same with 0.4 seconds."""
    with client_of(Options(store=upstream.url(answering(WHOLE)), deadline=0.4)) as client:
        yield client


CUT = b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"uri","value":"urn:'
CANCELLED = (
    b"s\r\nurn:a\r\n\n##  Query cancelled due to timeout during execution   ##\n"
    b"##  ****          Incomplete results           ****   ##\n"
)
NEPTUNE = (
    b's\r\nurn:a\r\n{"requestId":"1","code":"TimeLimitExceededException","detailedMessage":"x"}'
)
BAD: dict[str, tuple[Script, str, str]] = {
    "a body shorter than its length": (broken, "store-unavailable", "broke off"),
    "a chunked body cut off in a chunk": (
        sending(CHUNKED + chunk(WHOLE)[:-9]),
        "store-unavailable",
        "broke off",
    ),
    "a chunked body without its last chunk": (
        sending(CHUNKED + chunk(WHOLE)),
        "store-unavailable",
        "broke off",
    ),
    "a body that ends with the connection": (
        sending(head(Connection="close") + WHOLE),
        "store-unavailable",
        "where its answer ends",
    ),
    "headers cut off": (sending(CHUNKED[:-10]), "store-unavailable", "answer ends"),
    "no answer at all": (sending(), "store-unavailable", "broke off"),
    "no HTTP": (sending(b"220 mail.example ESMTP\r\n"), "store-unavailable", "broke off"),
    "a length that is no number": (
        sending(head(Content_Length="many") + WHOLE),
        "store-unavailable",
        "where its answer ends",
    ),
    "a drip of a body": (
        sending(head(Content_Length=900), *[b" "] * 900, pause=0.05),
        "query-timeout",
        "0.4 seconds",
    ),
    "a drip of chunks": (
        sending(CHUNKED, *[chunk(b" ")] * 900, pause=0.05),
        "query-timeout",
        "0.4 seconds",
    ),
    "a drip of headers": (
        sending(b"HTTP/1.1 200 x\r\n", *[b"X: y\r\n"] * 900, pause=0.05),
        "query-timeout",
        "0.4 seconds",
    ),
    "silence": (sending(b"", pause=30), "query-timeout", "0.4 seconds"),
    "an endless body": (
        sending(CHUNKED, *[chunk(b" " * 50_000)] * 900),
        "result-too-large",
        "100000 bytes",
    ),
    "an announced huge body": (
        sending(head(Content_Length=1 << 40), b" " * 200_000),
        "result-too-large",
        "100000 bytes",
    ),
    "another media type": (
        answering(b"<html>", media="text/html; charset=utf-8"),
        "store-unavailable",
        f"asked for {JSON} and gave text/html",
    ),
    "another charset": (
        answering(WHOLE, media=f"{JSON}; charset=iso-8859-1"),
        "store-unavailable",
        "iso-8859-1",
    ),
    "no media type": (answering(WHOLE, media=""), "store-unavailable", "gave text/plain"),
    "a compressed body": (
        answering(WHOLE, Content_Encoding="gzip"),
        "store-unavailable",
        "compressed",
    ),
    "a 500 page": (
        answering(b"<h1>at org.example.Store(Store.java:1)</h1>", 500, "text/html"),
        "store-unavailable",
        "The store answered 500",
    ),
    "wrong credentials": (
        answering(b"who are you", 401, "text/plain"),
        "store-unavailable",
        "The store answered 401",
    ),
    "a busy store": (answering(b"", 429), "store-unavailable", "The store answered 429"),
    "no such syntax": (answering(b"", 406), "not-acceptable", "The store answered 406"),
    "a partial result": (answering(WHOLE, 206), "store-unavailable", "The store answered 206"),
    "time over, said in a header": (
        answering(WHOLE, X_SQL_State="S1TAT"),
        "store-unavailable",
        "did not finish",
    ),
    "rows cut off, said in a header": (
        answering(WHOLE, X_SPARQL_MaxRows="10000"),
        "store-unavailable",
        "did not finish",
    ),
    "JSON that stops": (answering(CUT), "store-unavailable", "did not finish"),
    "JSON with an error in it": (
        answering(CUT + b'a"}},{"requestId":"1","code":"TimeLimitExceededException"}'),
        "store-unavailable",
        "did not finish",
    ),
}


def problem(answer: TestResponse) -> dict[str, object]:
    """The problem document of a refusal."""
    assert answer.content_type == "application/problem+json"
    found = answer.json
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", BAD)
def test_a_store_that_misbehaves_gives_a_problem_and_never_part_of_a_result(
    name: str, upstream: Upstream, client: FlaskClient, hurried: FlaskClient
) -> None:
    script, wanted, detail = BAD[name]
    asking = hurried if wanted == "query-timeout" else client
    upstream.seen.clear()
    upstream.script = script
    began = time.monotonic()
    answer = ask(asking, "ASK {}")
    assert time.monotonic() - began < 10  # a drip would take 45 seconds
    told = problem(answer)
    assert str(told["type"]).rpartition("/")[2] == wanted
    assert detail in str(told["detail"])
    assert answer.status_code == (406 if wanted == "not-acceptable" else 503)
    assert "127.0.0.1" not in answer.text
    assert "org.example" not in answer.text
    assert len(upstream.seen) == 1, "a POST is not sent again"
    upstream.script = answering(WHOLE)
    # of several, for a busy machine may be too slow for the hurried
    assert any(ask(asking, "ASK {}").data == WHOLE for _ in range(5))


@pytest.mark.parametrize(
    ("accept", "media", "body"),
    [
        ("text/csv", "text/csv", CANCELLED),
        ("text/csv", "text/csv", NEPTUNE),
        ("text/tab-separated-values", "text/tab-separated-values", CANCELLED),
        ("application/sparql-results+xml", "application/sparql-results+xml", b"<sparql><head/>"),
        ("text/turtle", "text/turtle", b"<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b>"),
        ("text/turtle", "text/turtle", b"<urn:a> <urn:b> 1 .\n" + CANCELLED),
        ("application/trig", "application/trig", b"<urn:g> { <urn:a> <urn:b> 1"),
        ("application/n-triples", "application/n-triples", b"<urn:a> <urn:b> <urn:c> .\n<urn:a>"),
        ("application/n-quads", "application/n-quads", b"<urn:a> <urn:b> <urn:c> <urn"),
        ("application/rdf+xml", "application/rdf+xml", b"<rdf:RDF><a>"),
        ("application/ld+json", "application/ld+json", b'[{"@id":"urn:a"'),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)
def test_a_body_that_came_whole_but_was_broken_off_in_the_writing_is_noticed(
    accept: str, media: str, body: bytes, upstream: Upstream, client: FlaskClient
) -> None:
    upstream.script = answering(body, media=media)
    graph = accept not in ("text/csv", "text/tab-separated-values") and "sparql" not in accept
    query = "CONSTRUCT WHERE { ?s ?p ?o }" if graph else "SELECT * { ?s ?p ?o }"
    told = problem(ask(client, query, accept))
    assert "did not finish" in str(told["detail"])


@pytest.mark.parametrize(
    ("accept", "media", "body"),
    [
        (JSON, "application/json", WHOLE),
        (JSON, "Application/SPARQL-Results+JSON ; Charset=UTF-8", WHOLE),
        ("application/sparql-results+xml", "text/xml", b"<s:sparql xmlns:s='x'></s:sparql >\n"),
        ("text/csv", "text/csv", b""),
        ("text/csv", "text/csv; charset=UTF-8; header=present", b"s\r\n##\r\n"),
        ("text/turtle", "application/x-turtle", b"@prefix a: <urn:a> .\n"),
        ("text/turtle", "text/turtle", b"PREFIX a: <urn:a>\n"),
        ("text/turtle", "text/turtle", b""),
        ("application/trig", "application/trig", b"<urn:g> { <urn:a> <urn:b> 1 }\n"),
        ("application/n-triples", "text/plain", b"<urn:a> <urn:b> <urn:c> .\n"),
        ("application/rdf+xml", "application/rdf+xml", b"<rdf:RDF xmlns:rdf='x'/>"),
    ],
    ids=str,
)
def test_a_whole_body_passes_as_it_is_by_any_name_of_its_syntax(
    accept: str, media: str, body: bytes, upstream: Upstream, client: FlaskClient
) -> None:
    upstream.script = answering(body, media=media)
    graph = accept not in (JSON, "text/csv", "application/sparql-results+xml")
    query = "CONSTRUCT WHERE { ?s ?p ?o }" if graph else "SELECT * { ?s ?p ?o }"
    answer = ask(client, query, accept)
    assert answer.status_code == 200
    assert answer.data == body
    assert answer.content_type.startswith(accept)


def test_a_redirect_is_not_followed(upstream: Upstream, client: FlaskClient) -> None:
    with running() as canary:
        for status in (301, 302, 303, 307, 308):
            upstream.script = answering(b"", status, Location=canary.url(answering(WHOLE)))
            answer = ask(client, "ASK {}")
            assert answer.status_code == 503
            assert f"answered {status}" in str(problem(answer)["detail"])
            assert "Location" not in answer.headers
        assert canary.seen == []


@pytest.mark.parametrize(
    ("media", "page", "told"),
    [
        (
            "text/plain",
            b"Parse error:\n\nEncountered 'x' at line 1",
            "Parse error: Encountered 'x'",
        ),
        (
            "application/json",
            b'{"exception":"Unexpected token at 3","query":"SELECT","resultsize":0}',
            "Unexpected token at 3",
        ),
        ("text/plain", b"No such host db7.internal:7200, see http://u:p@db7/x or /var/lib/db", "…"),
        (
            "text/plain",
            b"MALFORMED QUERY: line 1\n\tat org.example.A.b(A.java:5)\n\tat c.D.e(D.java:6)",
            "MALFORMED QUERY: line 1",
        ),
        ("text/html", b"<h1>127.0.0.1 refuses</h1>", "The store answered 400"),
        ("application/json", b'{"exception": 5', "The store answered 400"),
        ("text/plain", b"x" * 5_000, "x" * 200),
        ("text/plain", b"bad \xff at 127.0.0.1", "bad \ufffd at …"),
    ],
    ids=["lines", "json", "places", "trace", "html", "cut", "long", "bytes"],
)
def test_what_a_store_says_of_a_bad_query_is_told_without_its_places(
    media: str, page: bytes, told: str, upstream: Upstream, client: FlaskClient
) -> None:
    upstream.script = answering(page, 400, media)
    answer = ask(client, "ASK {}")
    assert answer.status_code == 400
    detail = str(problem(answer)["detail"])
    assert told in detail
    assert len(detail) <= 200
    assert not any(word in detail for word in ("127.0.0.1", "internal", "u:p", "/var", ".java"))
