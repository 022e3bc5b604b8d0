"""Updates on a scratch dataset: who may change it; that a change is made whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.app import create_app
from server.service import Options
from tests.server.answers import problem, rows
from tests.server.stores import ask, client_of

TOKEN = "of-the-test"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
COUNT = "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
SLOW = "VALUES ?{0} {{ 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 }} "
ENDLESS = "".join(SLOW.format(name) for name in "abcdefgh")


@pytest.fixture(scope="module")
def made() -> Iterator[FlaskClient]:
    with client_of(Options(scratch=True, token=TOKEN)) as client:
        yield client


@pytest.fixture
def client(made: FlaskClient) -> FlaskClient:
    """A client of a dataset with nothing in it."""
    assert update(made, "DROP ALL").status_code == 204
    return made


def update(client: FlaskClient, text: str, **parameters: str) -> TestResponse:
    sent = {"update": text, **{name.replace("_", "-"): value for name, value in parameters.items()}}
    return client.post("/sparql", data=sent, headers=HEADERS)


def test_an_update_is_seen_by_the_next_query(client: FlaskClient) -> None:
    assert rows(client, COUNT) == [["0"]]
    done = update(client, "INSERT DATA { <a> <b> 1, 2 . GRAPH <g> { <a> <b> 3 } }")
    assert (done.status_code, done.data) == (204, b"")
    assert rows(client, COUNT) == [["3"]]
    whole = "SELECT ?o { <a> ?p ?o } ORDER BY ?o"
    assert rows(client, whole) == [["1"], ["2"]], "the default graph is no union here"
    assert rows(client, "SELECT ?g { GRAPH ?g {} }") == [["http://127.0.0.1:8160/g"]]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": "Bearer t\u00f6ken"},
        {"Authorization": "Basic dTpw"},
        {"Cookie": "token=x", "X-Token": "x"},
    ],
    ids=[
        "nothing",
        "no token",
        "a wrong one",
        "a part of it",
        "no ASCII",
        "another scheme",
        "a cookie",
    ],
)
def test_without_the_token_nothing_is_changed(client: FlaskClient, headers: dict[str, str]) -> None:
    turtle = {"Content-Type": "text/turtle", **headers}
    refused = [
        client.post("/sparql", data={"update": "INSERT DATA { <a> <b> 1 }"}, headers=headers),
        client.post("/sparql?token=x", data={"update": "CLEAR ALL"}, headers=headers),
        client.put("/store?default", data=b"<a> <b> 1 .", headers=turtle),
        client.post("/store", data=b"<a> <b> 1 .", headers=turtle),
        client.delete("/store?default", headers=headers),
    ]
    assert [problem(got) for got in refused] == [(401, "unauthorized")] * 5
    assert all(got.headers["WWW-Authenticate"].startswith("Bearer realm=") for got in refused)
    assert rows(client, COUNT) == [["0"]]


def test_a_server_that_was_given_no_token_takes_none() -> None:
    with client_of(Options(scratch=True)) as client:
        sent = {"data": {"update": "CLEAR ALL"}}
        for word in ("Bearer ", "Bearer", "Bearer None"):
            got = client.post("/sparql", headers={"Authorization": word}, **sent)
            assert problem(got) == (401, "unauthorized")


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a> <b> 1 } ; CREATE GRAPH <there>",
        "INSERT DATA { <a> <b> 1 } ; CLEAR GRAPH <not-there>",
        "INSERT DATA { <a> <b> 1 } ; INSERT DATA { <a> <b> ",
        "SELECT * { ?s ?p ?o }",
    ],
    ids=["a graph that is there", "a graph that is not", "no end", "a query"],
)
def test_of_an_update_that_fails_nothing_is_done(client: FlaskClient, text: str) -> None:
    update(client, "CREATE GRAPH <there>")
    assert problem(update(client, text)) == (400, "bad-query")
    assert rows(client, COUNT) == [["0"]]


@pytest.mark.parametrize("text", ["LOAD <http://127.0.0.1:1/>", "LOAD SILENT <file:///etc/hosts>"])
def test_an_update_fetches_nothing(client: FlaskClient, text: str) -> None:
    assert problem(update(client, text)) == (403, "federation-disabled")


def test_the_protocol_names_what_an_update_looks_at(client: FlaskClient) -> None:
    update(client, "INSERT DATA { GRAPH <urn:a> { <x> <y> 1 } GRAPH <urn:b> { <x> <y> 2 } }")
    update(client, "DELETE WHERE { ?s ?p ?o }", using_graph_uri="urn:a")
    assert rows(client, COUNT) == [["2"]], "it deletes from the default graph, which is empty"
    copy = "INSERT { <z> <y> ?o } WHERE { ?s <y> ?o }"
    assert update(client, copy, using_graph_uri="urn:b").status_code == 204
    assert rows(client, "SELECT ?s ?o { ?s ?p ?o }") == [["http://127.0.0.1:8160/z", "2"]]
    refused = update(client, "WITH <urn:a> " + copy, using_named_graph_uri="urn:b")
    assert problem(refused) == (400, "bad-request")


def test_a_change_changes_the_tag_of_every_answer(client: FlaskClient) -> None:
    before = ask(client, COUNT).headers["ETag"]
    revalidate = {"query_string": {"query": COUNT}, "headers": {"If-None-Match": before}}
    assert client.get("/sparql", **revalidate).status_code == 304
    update(client, "INSERT DATA { <a> <b> 1 }")
    after = client.get("/sparql", **revalidate)
    assert (after.status_code, after.headers["ETag"] == before) == (200, False)
    update(client, "DELETE DATA { <a> <b> 1 }")
    assert client.get("/sparql", **revalidate).status_code == 200


def test_another_server_gives_other_tags(client: FlaskClient) -> None:
    with client_of(Options(scratch=True, token=TOKEN)) as other:
        assert ask(other, "ASK {}").headers["ETag"] != ask(client, "ASK {}").headers["ETag"]


def test_an_update_past_the_deadline_leaves_nothing_behind() -> None:
    with client_of(Options(scratch=True, token=TOKEN, deadline=0.5)) as client:
        assert update(client, "INSERT DATA { <a> <b> 1 }").status_code == 204
        endless = f"INSERT {{ <a> <b> ?a }} WHERE {{ {ENDLESS} FILTER(?a + ?h < 0) }}"
        late = update(client, "INSERT DATA { <a> <b> 2 } ; " + endless)
        assert problem(late) == (503, "query-timeout")
        assert rows(client, COUNT) == [["1"]]
        assert update(client, "INSERT DATA { <a> <b> 3 }").status_code == 204
        assert rows(client, COUNT) == [["2"]]


def test_changes_from_many_threads_are_all_made_while_queries_are_answered() -> None:
    app = create_app(Options(scratch=True, token=TOKEN))
    statuses: list[int] = []
    seen: list[int] = []

    def change(number: int) -> None:
        client = app.test_client()
        for step in range(5):
            text = f"INSERT DATA {{ <a> <b> {number * 5 + step} }}"
            statuses.append(update(client, text).status_code)
            seen.append(int(rows(client, COUNT)[0][0]))

    try:
        threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [204] * 20
        assert len(seen) == 20
        assert rows(app.test_client(), COUNT) == [["20"]]
    finally:
        app.extensions["m816"].close()


def test_the_description_offers_updates_and_no_union(client: FlaskClient) -> None:
    told = client.get("/sparql", headers={"Accept": "application/n-triples"}).text
    assert "sparql-service-description#SPARQL11Update>" in told
    assert "UnionDefaultGraph" not in told
    assert "void#triples" not in told
