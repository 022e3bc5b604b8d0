"""``--store``: our server in front of a real Oxigraph server gives what its own engine gives."""

import json
from collections.abc import Iterator
from urllib.parse import urlencode
from urllib.request import urlopen

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from kg.knowledge import default
from kg.namespaces import M816
from kg.questions import questions
from server.service import Options
from tests.server.started import started
from tests.server.stores import (
    JSON,
    ask,
    client_of,
    oxigraph_server,
)

LABEL = (
    f"SELECT ?label WHERE {{ <{M816}rule/dxa-site> "
    "<http://www.w3.org/2000/01/rdf-schema#label> ?label }"
)
TABLE = "SELECT ?s ?l WHERE { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?l }"


@pytest.fixture(scope="module")
def oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Oxigraph server with our dataset."""
    with oxigraph_server(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture(scope="module")
def fronted(oxigraph: str) -> Iterator[FlaskClient]:
    """Our server in front of it."""
    with client_of(Options(store=oxigraph)) as client:
        yield client


@pytest.fixture(scope="module")
def local() -> Iterator[FlaskClient]:
    """Our server with its own engine, to compare with."""
    with client_of(Options(workers=1)) as client:
        yield client


@pytest.mark.parametrize(
    "accept", [JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values"]
)
def test_a_table_is_the_same_from_the_store_as_from_our_own_engine(
    accept: str, fronted: FlaskClient, local: FlaskClient
) -> None:
    query = TABLE + " ORDER BY ?s ?l LIMIT 500"
    theirs, ours = ask(fronted, query, accept), ask(local, query, accept)
    assert theirs.status_code == 200
    assert theirs.data == ours.data
    assert theirs.content_type == ours.content_type
    assert len(theirs.data) > 10_000


@pytest.mark.parametrize(
    "accept",
    [
        "text/turtle",
        "application/n-triples",
        "application/ld+json",
        "application/rdf+xml",
        "application/trig",
        "application/n-quads",
    ],
)
def test_a_graph_is_the_same_from_the_store_as_from_our_own_engine(
    accept: str, fronted: FlaskClient, local: FlaskClient
) -> None:
    query = f"CONSTRUCT WHERE {{ <{M816}rule/dxa-site> ?p ?o }}"
    found = []
    for client in (fronted, local):
        answer = ask(client, query, accept)
        assert answer.status_code == 200
        assert answer.content_type.startswith(accept)
        form = ox.RdfFormat.from_media_type(accept)
        assert form is not None
        found.append({str(quad.triple) for quad in ox.parse(answer.data, format=form)})
    assert found[0] == found[1]
    assert len(found[0]) > 5


def test_the_dataset_of_the_protocol_reaches_the_store(fronted: FlaskClient) -> None:
    count = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    whole, one, none = (
        int(json.loads(ask(fronted, count, **graphs).data)["results"]["bindings"][0]["n"]["value"])
        for graphs in (
            {},
            {"default-graph-uri": f"{M816}graph/ontology"},
            {"default-graph-uri": f"{M816}graph/nothing"},
        )
    )
    assert whole > one > none == 0
    named = ask(fronted, "SELECT DISTINCT ?g WHERE { GRAPH ?g {} }", **{
        "named-graph-uri": f"{M816}graph/ontology"
    })  # fmt: skip
    graphs = [row["g"]["value"] for row in json.loads(named.data)["results"]["bindings"]]
    assert graphs == [f"{M816}graph/ontology"]


def test_an_answer_of_a_store_is_not_kept_since_nobody_says_when_it_changes(
    fronted: FlaskClient,
) -> None:
    for answer in (ask(fronted, "ASK {}"), fronted.get("/sparql", headers={"Accept": "*/*"})):
        assert answer.status_code == 200
        assert "ETag" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
    again = fronted.get("/sparql?query=ASK%20{}", headers={"If-None-Match": "*"})
    assert again.status_code == 200


def test_a_query_the_store_cannot_read_is_the_clients_and_told_in_its_words(
    fronted: FlaskClient,
) -> None:
    answer = ask(fronted, "SELECT ?x WHERE { ?x }")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["type"].endswith("/bad-query")
    assert "expected" in answer.json["detail"]
    assert len(answer.json["detail"]) <= 200


def test_the_description_claims_nothing_of_the_stores_data(fronted: FlaskClient) -> None:
    told = fronted.get("/sparql", headers={"Accept": "application/n-triples"}).text
    sd = "http://www.w3.org/ns/sparql-service-description#"
    assert f"<{sd}endpoint> <http://127.0.0.1:8160/sparql>" in told
    assert f"<{sd}Service>" in told
    assert "UnionDefaultGraph" not in told
    assert "http://rdfs.org/ns/void#" not in told


def test_every_named_query_has_the_same_rows_from_the_store(
    fronted: FlaskClient, local: FlaskClient
) -> None:
    asked = [found for found in questions(default()).values() if not found.of_case]
    assert len(asked) > 20
    for found in asked:
        accept = {"Accept": "application/n-triples" if found.form == "construct" else JSON}
        theirs, ours = (
            client.get(f"/queries/{found.id}", headers=accept) for client in (fronted, local)
        )
        assert theirs.status_code == ours.status_code == 200
        assert sorted(theirs.data.splitlines()) == sorted(ours.data.splitlines()), found.id


def test_the_command_serves_a_store(oxigraph: str) -> None:
    with started(f"--store={oxigraph}") as url:
        with urlopen(f"{url}/readyz", timeout=10) as ready:
            assert ready.status == 200
        with urlopen(f"{url}/sparql", urlencode({"query": LABEL}).encode(), timeout=10) as answer:
            [row] = json.load(answer)["results"]["bindings"]
    assert row["label"]["value"] == default().label(f"{M816}rule/dxa-site")
