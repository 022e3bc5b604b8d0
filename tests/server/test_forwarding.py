"""What goes to a store and what does not: texts, addresses, credentials, connections."""

import base64
import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from server.remote import Remote
from server.service import Options
from tests.server.stores import (
    JSON,
    WHOLE,
    Handler,
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


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A store that does as it is told."""
    with running() as server:
        yield server


def away() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"http://127.0.0.1:{closed.getsockname()[1]}/query"


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"query": "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"}, "federation"),
        ({"query": "(" * 200 + ")" * 200}, "query-too-complex"),
        ({"update": "CLEAR ALL"}, "read-only"),
    ],
    ids=["service", "nesting", "update"],
)
def test_what_is_refused_without_a_store_is_refused_before_it(
    sent: dict[str, str], name: str, upstream: Upstream
) -> None:
    with client_of(Options(store=upstream.url(answering(WHOLE)))) as client:
        answer = client.post("/sparql", data=sent)
    assert answer.json is not None
    assert f"/problem/{name}" in answer.json["type"]
    assert upstream.seen == []


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <urn:a> <urn:b> 1 }",
        "prefix ask: <urn:a> delete where { ?s ?p ?o }",
        "ASK {} ; DROP ALL",
        "SELECT * {}\n#\rcLeAr\tALL",
        "ASK { ?s ?p 'x\n } INSERT { } WHERE { }",
        "\\u0049NSERT DATA {}",
        "ASK {} \\U00000043REATE GRAPH <urn:g>",
    ],
)
def test_an_update_sent_as_a_query_does_not_reach_a_store_that_might_run_it(
    text: str, upstream: Upstream
) -> None:
    with client_of(Options(store=upstream.url(answering(WHOLE)))) as client:
        answer = ask(client, text)
    assert answer.status_code == 403
    assert upstream.seen == []


def test_words_of_an_update_in_names_strings_and_comments_are_none(upstream: Upstream) -> None:
    text = "PREFIX add: <urn:drop#> ASK { ?insert add:delete 'clear', <urn:move> } # create copy"
    with client_of(Options(store=upstream.url(answering(WHOLE)))) as client:
        assert ask(client, text).status_code == 200
    assert [body for _, _, body in upstream.seen] == [text.encode()]


def test_it_is_ready_when_the_store_is(upstream: Upstream) -> None:
    def ready(url: str) -> bool:
        store = Remote(url, 1, 5, 2, 1_000)
        try:
            return store.ready()
        finally:
            store.close()

    assert ready(upstream.url(answering(WHOLE)))
    assert not ready(upstream.url(broken))
    assert not ready(upstream.url(answering(b"[]")))
    assert not ready(upstream.url(answering(b'{"boolean":false}')))
    assert not ready(away())


def test_the_text_goes_out_as_it_came_with_what_the_address_says(
    upstream: Upstream,
) -> None:
    url = upstream.url(answering(WHOLE), "reader:p%40ss@", "/a b/query?timeout=9s&x=%20")
    query = "ASK { # ü \r\n\t?s ?p '\\u00e9' }  "
    store = Remote(url, 1, 5, 2, 1_000)
    asked = {"text": query, "syntax": "json"}
    graphs = {"default_graphs": ["urn:a&b", "urn:é"], "named_graphs": ["urn:c"]}
    assert store.run({"asked": asked | graphs}) == WHOLE
    store.close()
    [(path, headers, body)] = upstream.seen
    assert body == query.encode()
    assert path == (
        "/a%20b/query?timeout=9s&x=%20&default-graph-uri=urn%3Aa%26b"
        "&default-graph-uri=urn%3A%C3%A9&named-graph-uri=urn%3Ac"
    )
    assert headers["Content-Type"] == "application/sparql-query"
    assert headers["Accept"] == JSON
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"reader:p@ss"


def test_a_connection_is_used_again_and_opened_again_when_the_store_closed_it(
    upstream: Upstream,
) -> None:
    store = Remote(upstream.url(answering(WHOLE)), 1, 5, 2, 1_000)
    job = {"asked": {"text": "ASK {}", "syntax": "json"}}
    for _ in range(3):
        store.run(job)
    upstream.script = sending(
        head(Transfer_Encoding="chunked") + chunk(WHOLE) + b"0\r\n\r\n", close=False
    )
    for _ in range(3):
        store.run(job)
    assert len(upstream.peers) == 1
    upstream.script = sending(head(Content_Length=len(WHOLE)) + WHOLE)  # and closes
    store.run(job)
    time.sleep(0.05)
    assert store.run(job) == WHOLE
    assert len(upstream.peers) == 2
    store.close()


def test_credentials_are_shown_nowhere(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    options = Options(store=upstream.url(broken, "reader:s3cret@"), token="t0ken")
    with caplog.at_level(logging.DEBUG), client_of(options) as client:
        assert ask(client, "ASK {}").status_code == 503
        upstream.script = answering(b"reader:s3cret at 127.0.0.1", 403, "text/plain")
        assert "s3cret" not in ask(client, "ASK {}").text
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(options)
    assert "t0ken" not in repr(options)


@pytest.mark.parametrize(
    "url",
    ["", "store", "ftp://a/", "file:///etc/passwd", "http:///sparql", "http://u:s3cret/@host/"],
)
def test_an_address_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="http or https URL") as refusal:
        Remote(url, 1, 5, 2, 1_000)
    assert "s3cret" not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_more_queries_than_can_wait_are_refused_at_once(upstream: Upstream) -> None:
    release = threading.Event()

    def slow(handler: Handler) -> None:
        release.wait(10)
        answering(WHOLE)(handler)

    store = Remote(upstream.url(slow), 1, 20, 2, 1_000)
    job = {"asked": {"text": "ASK {}", "syntax": "json"}}
    done: list[bytes] = []
    threads = [threading.Thread(target=lambda: done.append(store.run(job))) for _ in range(3)]
    for thread in threads:
        thread.start()
    while not upstream.seen:
        time.sleep(0.005)
    time.sleep(0.05)
    began = time.monotonic()
    with pytest.raises(Exception, match="busy"):
        store.run(job)
    assert time.monotonic() - began < 5
    release.set()
    for thread in threads:
        thread.join()
    assert done == [WHOLE] * 3
    store.close()


def test_a_store_that_is_away_is_unavailable_and_its_name_not_told() -> None:
    with client_of(Options(store=away())) as client:
        answer = ask(client, "ASK {}")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "127.0.0.1" not in answer.text
