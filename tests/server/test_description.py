"""The named graphs of the released dataset, and the description that counts what is in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from server.engines import GRAPHS as FORMATS
from server.negotiate import GRAPHS, Syntax
from server.service import Options
from tests.server.answers import rows, triples
from tests.server.stores import client_of

M816 = "https://w3id.org/m816/"
GRAPH = M816 + "graph/"
NAMES = (
    "checks",
    "codes",
    "derivations",
    "inferred",
    "mappings",
    "ontology",
    "queries",
    "shapes",
    "statements",
)
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
VOID = "http://rdfs.org/ns/void#"


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    with client_of(Options()) as made:
        yield made


def test_there_is_a_named_graph_for_each_way_of_knowing(client: FlaskClient) -> None:
    found = rows(client, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g")
    assert found == [[GRAPH + name] for name in NAMES]
    title = f"""SELECT ?g {{ ?g a <{M816}KnowledgeGraph> ; <http://purl.org/dc/terms/title> ?t }}
        ORDER BY ?g"""
    assert rows(client, title, **{"default-graph-uri": GRAPH + "ontology"}) == found


def test_the_default_graph_is_the_union_of_the_named_ones(client: FlaskClient) -> None:
    whole = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    parts = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } }"
    assert rows(client, whole) == rows(client, parts)


def test_from_and_the_protocol_choose_graphs_and_the_protocol_wins(client: FlaskClient) -> None:
    count, body = "SELECT (COUNT(*) AS ?n)", "{ ?s a <https://w3id.org/m816/Rule> }"
    (rules,) = rows(client, f"{count} {body}")
    shapes, codes = GRAPH + "shapes", GRAPH + "codes"
    assert rows(client, f"{count} FROM <{shapes}> {body}") == [rules]
    assert rows(client, f"{count} FROM <{codes}> {body}") == [["0"]]
    assert rows(client, f"{count} FROM NAMED <{shapes}> {body}") == [["0"]]
    assert rows(client, f"{count} FROM NAMED <{shapes}> {{ GRAPH ?g {body} }}") == [rules]
    assert rows(client, f"{count} {body}", **{"default-graph-uri": codes}) == [["0"]]
    assert rows(client, f"{count} FROM <{shapes}> {body}", **{"default-graph-uri": codes}) == [
        ["0"]
    ]
    assert rows(client, f"{count} {body}", **{"named-graph-uri": shapes}) == [["0"]]
    nowhere = {"default-graph-uri": "http://127.0.0.1:1/none"}
    assert rows(client, f"{count} {body}", **nowhere) == [["0"]]


@pytest.mark.parametrize("syntax", GRAPHS, ids=lambda syntax: syntax.name)
def test_the_description_comes_in_every_graph_syntax(client: FlaskClient, syntax: Syntax) -> None:
    got = client.get("/sparql", headers={"Accept": syntax.asked[0]})
    assert got.headers["Content-Type"] == syntax.served
    assert triples(got.data, FORMATS[syntax.name]) == triples(described(client), RdfFormat.TURTLE)
    headers = {"Accept": syntax.asked[0], "If-None-Match": got.headers["ETag"]}
    assert client.get("/sparql", headers=headers).status_code == 304


def described(client: FlaskClient) -> bytes:
    body: bytes = client.get("/sparql", headers={"Accept": "text/turtle"}).data
    return body


def test_the_description_trusts_no_header_for_its_address(client: FlaskClient) -> None:
    poisoned = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Accept": "*/*"}
    assert client.get("/sparql", headers=poisoned).data == described(client)
    assert b"evil" not in described(client)
    assert b"<http://127.0.0.1:8160/sparql>" in described(client)


class Statistics:
    """The VoID statistics of the description, by graph; the dataset has no name."""

    def __init__(self, turtle: bytes) -> None:
        self.said = [quad.triple for quad in parse(turtle, RdfFormat.TURTLE)]

    def numbers(self, graph: NamedNode) -> dict[str, int]:
        """The plain counts."""
        wanted = ("triples", "distinctSubjects", "distinctObjects", "properties", "classes")
        return {name: int(self._one(graph, name)) for name in wanted}

    def partitions(self, graph: NamedNode, kind: str, of: str, count: str) -> dict[str, int]:
        """The members of a partition and how many they are."""
        parts = [t.object for t in self._about(graph, kind + "Partition")]
        return {self._one(part, of): int(self._one(part, count)) for part in parts}

    def _about(self, subject: object, name: str) -> list[Triple]:
        return [t for t in self.said if t.subject == subject and t.predicate.value == VOID + name]

    def _one(self, subject: object, name: str) -> str:
        (found,) = self._about(subject, name)
        assert not isinstance(found.object, Triple)
        return found.object.value


def test_every_number_of_the_description_is_what_a_query_counts(client: FlaskClient) -> None:
    told = Statistics(described(client))
    for name in ("", *NAMES):
        node = NamedNode(GRAPH + name if name else "https://w3id.org/m816/dataset")
        where = f"{{ GRAPH <{GRAPH}{name}> {{ ?s ?p ?o }} }}" if name else "{ ?s ?p ?o }"
        plain = f"""SELECT (COUNT(*) AS ?a) (COUNT(DISTINCT ?s) AS ?b) (COUNT(DISTINCT ?o) AS ?c)
            (COUNT(DISTINCT ?p) AS ?d) (COUNT(DISTINCT ?k) AS ?e)
            {{ {where} BIND(IF(?p = <{RDF_TYPE}> && ISIRI(?o), ?o, ?none) AS ?k) }}"""
        assert [*map(str, told.numbers(node).values())] == rows(client, plain)[0], name
        by_property = f"SELECT ?p (COUNT(*) AS ?n) {where} GROUP BY ?p"
        by_class = f"""SELECT ?o (COUNT(*) AS ?n)
            {{ {where} FILTER(?p = <{RDF_TYPE}> && ISIRI(?o)) }} GROUP BY ?o"""
        for query, partition in (
            (by_property, told.partitions(node, "property", "property", "triples")),
            (by_class, told.partitions(node, "class", "class", "entities")),
        ):
            assert {key: int(count) for key, count in rows(client, query)} == partition
            assert partition
