"""What the endpoint does with requests that mean it harm, in its default configuration.

After every request it must answer the next, and nobody may have been asked anything. What takes
long is in ``test_deadline.py``, what meets a worker without the guard in ``test_confined.py``;
saturation and slow senders in ``test_serve.py``, records in ``records/test_refusals.py``, pages in
``test_browser.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient

from server.front import MAX_BODY
from server.service import Options
from tests.server.answers import rows
from tests.server.hostile import KIB64, SHAPES, Canary, canary, filling, refused
from tests.server.stores import JSON, ask, client_of
from tests.server.test_guard import FETCHING, INNOCENT

QUERY = "application/sparql-query"
FORM = "application/x-www-form-urlencoded"
OTHER = {"Origin": "http://evil.example"}


@pytest.fixture(scope="module")
def bird() -> Iterator[Canary]:
    """A server on loopback; that nobody came to it is seen at the end."""
    with canary() as server:
        yield server


@pytest.fixture(scope="module")
def answering() -> Iterator[FlaskClient]:
    with client_of(Options()) as made:
        yield made


@pytest.fixture
def client(answering: FlaskClient, bird: Canary) -> Iterator[FlaskClient]:
    """A client of a server that still answers after the test, and has asked nobody."""
    yield answering
    right_after = answering.post("/sparql", data="ASK {}", content_type=QUERY)
    assert right_after.get_json(force=True) == {"head": {}, "boolean": True}
    assert bird.hits == 0


def post(client: FlaskClient, text: str | bytes, media: str = QUERY) -> tuple[int, str]:
    """What a text sent by POST is refused as."""
    answer = client.post("/sparql", data=text, content_type=media)
    return refused(answer, text if isinstance(text, str) else "")


@pytest.mark.parametrize(
    "shape",
    ["(", "{", "!", "path groups", "OPTIONAL within", "||", "+", "MINUS", "BIND", "objects"],
)
def test_a_text_that_would_end_an_engine_is_too_complex(client: FlaskClient, shape: str) -> None:
    assert post(client, filling(SHAPES[shape])) == (400, "query-too-complex")


@pytest.mark.parametrize("size", [KIB64 + 1, MAX_BODY + 1])
def test_a_body_has_an_end(client: FlaskClient, size: int) -> None:
    text = "ASK {} #".ljust(size)
    assert post(client, text) == (413, "too-large")
    assert post(client, f"query={text.replace(' ', '+')}", FORM) == (413, "too-large")


def test_an_address_has_an_end(client: FlaskClient) -> None:
    answer = ask(client, "ASK {} #" + "x" * 8_192)
    assert refused(answer) == (414, "url-too-long")


@pytest.mark.parametrize("name", FETCHING)
def test_what_fetches_is_refused(client: FlaskClient, bird: Canary, name: str) -> None:
    for host in ("127.0.0.1", "[::1]", "localhost"):
        text = FETCHING[name].replace("127.0.0.1", f"{host}:{bird.port}")
        told = post(client, text)
        update = "LOAD" in name
        assert told == (403, "federation-disabled") or (update and told == (400, "bad-query"))
        media = "application/sparql-update"
        assert not update or post(client, text, media) == (403, "federation-disabled")


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "file:///etc/passwd", "//127.0.0.1/", "urn:x"]
)
def test_no_address_is_better_than_another(client: FlaskClient, url: str) -> None:
    assert post(client, f"ASK {{ SERVICE <{url}> {{}} }}") == (403, "federation-disabled")


@pytest.mark.parametrize("name", [name for name in INNOCENT if "update" not in name])
def test_a_name_that_only_looks_like_it_is_no_offence(client: FlaskClient, name: str) -> None:
    answer = ask(client, "PREFIX x: <urn:x> PREFIX : <urn:> " + INNOCENT[name], "*/*")
    assert answer.status_code == 200 or refused(answer) == (400, "bad-query")


@pytest.mark.parametrize("where", ["FROM", "FROM NAMED", "default-graph-uri", "named-graph-uri"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/x.ttl", "file:///etc/passwd"])
def test_a_dataset_is_never_fetched(
    client: FlaskClient, bird: Canary, where: str, url: str
) -> None:
    url = url.format(bird.port)
    pattern = "{ ?s ?p ?o }" if "amed" not in where.lower() else "{ GRAPH ?g { ?s ?p ?o } }"
    if where.startswith("FROM"):
        assert rows(client, f"SELECT ?s {where} <{url}> {pattern}") == []
    else:
        assert rows(client, f"SELECT ?s {pattern}", **{where: url}) == []


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <urn:a> <urn:b> 1 }",
        "DELETE WHERE { ?s ?p ?o }",
        "CLEAR ALL",
        "DROP GRAPH <urn:g>",
        "CREATE GRAPH <urn:g>",
        "COPY DEFAULT TO <urn:g>",
        "PREFIX x: <urn:x> WITH x:g DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    ],
)
def test_nothing_is_changed(client: FlaskClient, update: str) -> None:
    before = rows(client, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert post(client, update) == (400, "bad-query")
    assert post(client, f"query={quote(update)}", FORM) == (400, "bad-query")
    assert post(client, update, "application/sparql-update") == (403, "read-only")
    assert post(client, f"update={quote(update)}", FORM) == (403, "read-only")
    by_get = client.get("/sparql", query_string={"update": update})
    assert refused(by_get, update) == (400, "bad-request")
    for method in ("PUT", "DELETE", "PATCH"):
        assert client.open("/sparql", method=method, data=update).status_code == 405
    assert rows(client, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == before


@pytest.mark.parametrize(
    ("body", "media"),
    [
        pytest.param(b"ASK { ?s ?p '\xff' }", QUERY, id="no UTF-8"),
        pytest.param("ASK {}".encode("utf-16"), QUERY, id="UTF-16"),
        pytest.param(b"ASK {}\0", QUERY, id="NUL"),
        pytest.param(b"ASK { ?s ?p '\xed\xa0\x80' }", QUERY, id="half a pair"),
        pytest.param(b"query=ASK+%7B%7D%FF", FORM, id="escaped no UTF-8"),
        pytest.param(b"query=ASK+%7B%7D%00", FORM, id="escaped NUL"),
        pytest.param(b"query=ASK+%7B%7D%ED%A0%80", FORM, id="escaped half a pair"),
        pytest.param(b"query=ASK\xff", FORM, id="raw bytes in a form"),
        pytest.param(b"query=ASK%7B%7D&query=ASK%7B%7D", FORM, id="two queries"),
        pytest.param(b"query=ASK%7B%7D&update=CLEAR+ALL", FORM, id="a query and an update"),
        pytest.param(b"a=b&" * 1_000 + b"query=ASK%7B%7D", FORM, id="a thousand fields"),
        pytest.param(b"", QUERY, id="nothing"),
        pytest.param("\ufeffASK {}".encode(), QUERY, id="a byte order mark"),
    ],
)
def test_bytes_that_are_no_query_are_refused(client: FlaskClient, body: bytes, media: str) -> None:
    answer = client.post("/sparql", data=body, content_type=media)
    assert refused(answer)[0] == 400


def test_line_ends_of_a_query_stay_in_the_query(client: FlaskClient) -> None:
    answer = client.get("/sparql?query=ASK%7B%7D%0D%0ASet-Cookie:%20a=b")
    assert refused(answer) == (400, "bad-query")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/x-unknown"}, 415),
        ({}, 415),
        ({"Content-Type": QUERY + "; charset=utf-16"}, 415),
        ({"Content-Type": QUERY, "Content-Encoding": "gzip"}, 415),
        ({"Content-Type": QUERY, "Accept": "application/foo"}, 406),
        ({"Content-Type": QUERY, "Accept": f"{JSON};q=0, */*;q=0"}, 406),
        ({"Content-Type": QUERY, "Accept": ";;,q=,/,a/b;q=x"}, 406),
        ({"Content-Type": QUERY, "Accept": "\x80é" * 1_000}, 200),
        ({"Content-Type": QUERY, "Accept": "a/b," * 20_000}, 406),
        ({"Content-Type": QUERY, "If-None-Match": '"' * 10_000}, 200),
        ({"Content-Type": QUERY, "Range": "bytes=0-1", "Expect": "nothing"}, 200),
    ],
)
def test_headers_that_make_no_sense_are_refused_or_passed_over(
    client: FlaskClient, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/sparql", data=b"ASK {}", headers=headers)
    assert answer.status_code == status
    assert status == 200 or refused(answer)


def test_a_page_of_elsewhere_changes_nothing_and_gets_no_credentials() -> None:
    update = urlencode({"update": "CLEAR ALL"})
    for options, status in ((Options(), 403), (Options(scratch=True, token="t" * 32), 401)):
        with client_of(options) as client:
            answer = client.post("/sparql", data=update, content_type=FORM, headers=OTHER)
            preflight = client.options("/sparql", headers=OTHER)
        assert refused(answer)[0] == status
        for got in (answer, preflight):
            assert "Access-Control-Allow-Credentials" not in got.headers
        assert "Authorization" not in preflight.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "path",
    [
        *("/id/../../etc/passwd", "/id/..%2f..%2fetc%2fpasswd", "/id/%2e%2e/%2e%2e/etc/passwd"),
        *("/doc/..%5c..", "/doc/%00", "/doc/%ff", "/doc//etc/passwd", "/doc/" + "a" * 5_000),
        *("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc"),
        *("/queries/../x", "/schema/verdict/../../x", "/doc/derivation/..%2f..", "/%F0%9F"),
    ],
)
def test_a_path_leads_nowhere_else(client: FlaskClient, path: str) -> None:
    answer = client.get(path, environ_overrides={"RAW_URI": path})
    assert refused(answer) == (404, "not-found")


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "BREW"])
def test_a_method_that_is_not_there_is_told_with_those_that_are(
    client: FlaskClient, method: str
) -> None:
    answer = client.open("/sparql", method=method, data=b"ASK {}")
    assert refused(answer) == (405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


def test_who_is_asked_does_not_change_what_is_told(client: FlaskClient) -> None:
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil"}
    plain = client.get("/sparql", headers={"Accept": "text/turtle"})
    other = client.get("/sparql", headers={"Accept": "text/turtle", **evil})
    assert other.data == plain.data
    for path in ("/id/M81.6", "/doc", "/openapi.json", "/.well-known/void", "/queries"):
        answer = client.get(path, headers=evil)
        assert "evil" not in answer.text + str(answer.headers)


def test_head_is_get_without_a_body_and_options_tells_the_methods(client: FlaskClient) -> None:
    address = f"/sparql?query={quote('SELECT * { ?s ?p ?o } LIMIT 3')}"
    got, head = client.get(address), client.head(address)
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(got.headers)
    assert client.options("/sparql").status_code == 204
    bad = client.head("/sparql?query=ASK")
    assert (bad.status_code, bad.data, bad.mimetype) == (400, b"", "application/problem+json")


def test_a_fault_in_a_query_is_told_in_at_most_200_characters(client: FlaskClient) -> None:
    secret = "Lovelace" * 100
    for text in (f"ASK {{ ?s ?p '{secret}", f"ASK {{ FILTER(<urn:{secret}>(1)) }}", secret):
        answer = client.post("/sparql", data=text, content_type=QUERY)
        assert answer.status_code == 200 or refused(answer, text) == (400, "bad-query")
        assert answer.text.count("Lovelace") <= 25
