"""The three W3C tests of the SPARQL 1.1 Service Description, which the suite gives as sentences."""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from server.service import Options
from tests.conformance.exchange import Send
from tests.conformance.manifest import entries, needs_suites

pytestmark = needs_suites
SD = "http://www.w3.org/ns/sparql-service-description#"
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
SCHEMA = {  # property: class of its subject, class or namespace of its value (Recommendation §3)
    "endpoint": ("Service", ""),
    "feature": ("Service", "Feature"),
    "supportedLanguage": ("Service", "Language"),
    "defaultDataset": ("Service", "Dataset"),
    "resultFormat": ("Service", "http://www.w3.org/ns/formats/"),
    "inputFormat": ("Service", "http://www.w3.org/ns/formats/"),
    "defaultGraph": ("Dataset", "Graph"),
    "namedGraph": ("Dataset", "NamedGraph"),
    "name": ("NamedGraph", ""),
    "graph": ("NamedGraph", "Graph"),
}
INSTANCES = {
    "Language": {"SPARQL10Query", "SPARQL11Query", "SPARQL11Update"},
    "Feature": {"UnionDefaultGraph", "EmptyGraphs", "RequiresDataset", "BasicFederatedQuery"},
}
AT_MOST_ONE = {"endpoint", "defaultDataset", "defaultGraph", "name", "graph"}


@pytest.fixture(params=["default", "scratch"])
def description(request: pytest.FixtureRequest) -> set[Triple]:
    """What a GET of the endpoint tells, of both kinds of endpoint."""
    send: Send = request.getfixturevalue(request.param)
    reply = send("GET", "/sparql", {"Accept": "application/n-triples"}, None)
    assert (reply.status, reply.media) == (200, "application/n-triples")
    return {quad.triple for quad in parse(reply.body, RdfFormat.N_TRIPLES)}


def test_the_suite_has_the_three_tests_that_follow() -> None:
    names = {entry.name for entry in entries("service-description")}
    assert names == {"returns-rdf", "has-endpoint-triple", "conforms-to-schema"}


def test_get_on_the_endpoint_returns_rdf(description: set[Triple]) -> None:
    assert description


def test_the_description_contains_a_matching_endpoint_triple(description: set[Triple]) -> None:
    endpoints = [
        triple.object for triple in description if triple.predicate.value == SD + "endpoint"
    ]
    assert endpoints == [NamedNode(f"{Options().base}/sparql")]


def test_the_description_conforms_to_the_schema(description: set[Triple]) -> None:
    told = [t for t in description if t.predicate.value.startswith(SD)]
    types = {
        (t.subject, str(t.object).strip("<>").removeprefix(SD))
        for t in description
        if t.predicate == TYPE
    }
    for triple in told:
        name = triple.predicate.value.removeprefix(SD)
        owner, wanted = SCHEMA[name]
        assert (triple.subject, owner) in types, triple
        value = str(triple.object).strip("<>")
        if wanted in INSTANCES:
            assert value.removeprefix(SD) in INSTANCES[wanted], triple
        elif wanted.startswith("http"):
            assert value.startswith(wanted), triple
        elif wanted:
            assert (triple.object, wanted) in types, triple
    single = [
        (t.subject, t.predicate) for t in told if t.predicate.value.removeprefix(SD) in AT_MOST_ONE
    ]
    assert len(single) == len(set(single))
