"""The graph store of a scratch dataset beyond what the suites ask: names, uploads, refusals."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.service import Options
from tests.server.answers import problem
from tests.server.stores import client_of

TOKEN = "of-the-test"
TURTLE = b"<s> <p> 'one' ."
NAMED = "/store?graph=urn:g"


@pytest.fixture(scope="module")
def made() -> Iterator[FlaskClient]:
    with client_of(Options(scratch=True, token=TOKEN)) as client:
        yield client


@pytest.fixture
def client(made: FlaskClient) -> FlaskClient:
    """A client of a store with nothing in it."""
    emptied = made.post("/sparql", data={"update": "DROP ALL"}, headers=authorized())
    assert emptied.status_code == 204
    return made


def authorized(media: str = "") -> dict[str, str]:
    token = {"Authorization": f"Bearer {TOKEN}"}
    return {**token, "Content-Type": media} if media else token


def put(client: FlaskClient, path: str, body: bytes, media: str = "text/turtle") -> TestResponse:
    return client.put(path, data=body, headers=authorized(media))


def triples(client: FlaskClient, path: str) -> str:
    got = client.get(path, headers={"Accept": "application/n-triples"})
    assert got.status_code == 200, got.text
    return got.text


def test_a_graph_has_one_name_by_either_way_of_naming_it(client: FlaskClient) -> None:
    assert put(client, "/store/people/1", TURTLE).status_code == 201
    indirect = "/store?graph=http%3A%2F%2F127.0.0.1%3A8160%2Fstore%2Fpeople%2F1"
    assert triples(client, indirect) == triples(client, "/store/people/1")
    assert put(client, indirect, TURTLE).status_code == 204
    assert triples(client, "/store/people/1").startswith("<http://127.0.0.1:8160/store/people/s> ")


def test_a_graph_of_its_own_is_made_by_post_and_found_where_that_says(client: FlaskClient) -> None:
    posted = client.post("/store", data=TURTLE, headers=authorized("text/turtle"))
    assert posted.status_code == 201
    path = posted.headers["Location"].removeprefix("http://127.0.0.1:8160")
    assert "one" in triples(client, path)
    again = client.post("/store", data=TURTLE, headers=authorized("text/turtle"))
    assert again.headers["Location"] != posted.headers["Location"]


def test_post_adds_and_put_replaces(client: FlaskClient) -> None:
    put(client, NAMED, b"<urn:a> <urn:b> _:x .")
    client.post(NAMED, data=b"<urn:a> <urn:b> _:x .", headers=authorized("text/turtle"))
    assert triples(client, NAMED).count("\n") == 2, "blank nodes of two documents are two"
    put(client, NAMED, b"<urn:a> <urn:b> 1 .")
    assert triples(client, NAMED).count("\n") == 1


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("text/turtle; charset=utf-8", b"<urn:s> <urn:p> 'one' ."),
        ("application/n-triples", b'<urn:s> <urn:p> "one" .'),
        ("application/ld+json", b'{"@id": "urn:s", "urn:p": "one"}'),
        (
            "application/rdf+xml",
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="urn:">'
            b'<rdf:Description rdf:about="urn:s"><u:p>one</u:p></rdf:Description></rdf:RDF>',
        ),
    ],
    ids=["turtle", "ntriples", "jsonld", "rdfxml"],
)
def test_a_graph_is_taken_in_every_syntax_of_one_graph(
    client: FlaskClient, media: str, body: bytes
) -> None:
    assert put(client, NAMED, body, media).status_code == 201
    assert triples(client, NAMED) == '<urn:s> <urn:p> "one" .\n'


XML = b'<?xml version="1.0"?>%s<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
UNREADABLE = {
    "Turtle without an end": ("text/turtle", b"<s> <p> 'one'"),
    "a document type": ("application/rdf+xml", XML % b"<!DOCTYPE rdf:RDF>"),
    "an entity": ("application/rdf+xml", XML % b'<!DOCTYPE x [<!ENTITY a "b">]>'),
    "a document type after a gap": ("application/rdf+xml", XML % b"<!\n doctype x>"),
    "UTF-16": ("application/rdf+xml", (XML % b"").decode().encode("utf-16")),
    "two graphs in JSON-LD": (
        "application/ld+json",
        b'{"@id": "urn:g", "@graph": [{"@id": "urn:s", "urn:p": "one"}]}',
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_leaves_the_graph_as_it_was(client: FlaskClient, case: str) -> None:
    media, body = UNREADABLE[case]
    put(client, NAMED, TURTLE)
    before = triples(client, NAMED)
    assert problem(put(client, NAMED, body, media)) == (400, "unreadable-record")
    assert triples(client, NAMED) == before


def test_a_context_elsewhere_is_not_fetched(client: FlaskClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.05)
        context = f"http://127.0.0.1:{canary.getsockname()[1]}/context"
        body = b'{"@context": "%s", "@id": "urn:s", "p": "one"}' % context.encode()
        got = put(client, NAMED, body, "application/ld+json")
        assert problem(got) == (400, "unreadable-record")
        with pytest.raises(TimeoutError):
            canary.accept()


@pytest.mark.parametrize("media", ["", "text/html", "application/trig", "multipart/form-data"])
def test_a_content_type_that_is_not_one_graph_is_refused(client: FlaskClient, media: str) -> None:
    assert problem(put(client, NAMED, TURTLE, media)) == (415, "unsupported-media-type")


def test_a_form_takes_files_only(client: FlaskClient) -> None:
    sent = {"data": {"graph": "urn:other"}, "headers": authorized("multipart/form-data")}
    assert problem(client.post(NAMED, **sent)) == (400, "bad-request")


@pytest.mark.parametrize(
    "rest",
    ["", "?graph=urn:a&graph=urn:b", "?default&graph=urn:a", "/direct?default", "?graph=relative"],
)
def test_a_request_names_one_graph_by_an_iri(client: FlaskClient, rest: str) -> None:
    assert problem(client.get("/store" + rest)) == (400, "bad-request")
    assert problem(put(client, "/store" + rest, TURTLE)) == (400, "bad-request")


def test_head_options_and_revalidation(client: FlaskClient) -> None:
    put(client, NAMED, TURTLE)
    got, head = client.get(NAMED), client.head(NAMED)
    assert (head.data, list(head.headers)) == (b"", list(got.headers))
    revalidate = {"If-None-Match": got.headers["ETag"]}
    assert client.get(NAMED, headers=revalidate).status_code == 304
    assert client.options("/store").headers["Allow"] == "GET, HEAD, PUT, POST, DELETE, OPTIONS"
    assert client.delete(NAMED, headers=authorized()).status_code == 204
    assert problem(client.get(NAMED, headers=revalidate)) == (404, "not-found")


def test_what_is_not_offered_is_refused(client: FlaskClient) -> None:
    put(client, NAMED, TURTLE)
    assert problem(client.get(NAMED, headers={"Accept": "text/csv"}))[0] == 406
    assert problem(client.patch(NAMED, data=b"", headers=authorized()))[0] == 405
    zipped = {**authorized("text/turtle"), "Content-Encoding": "gzip"}
    assert problem(client.put(NAMED, data=TURTLE, headers=zipped))[0] == 415
    large = put(client, NAMED, b"#" * 1_000_001)
    assert problem(large) == (413, "too-large")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
def test_there_is_no_graph_store_without_scratch(method: str) -> None:
    with client_of(Options(token=TOKEN)) as client:
        for path in ("/store?default", "/store/x"):
            got = client.open(path, method=method, headers=authorized())
            assert got.status_code == 404
