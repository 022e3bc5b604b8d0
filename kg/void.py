"""The dataset described: SPARQL 1.1 Service Description with VoID statistics.

In: the quads. Out: N-Triples about ``urn:m816:endpoint`` (the endpoint) whose IRI is put in when
served. Only what the conformance suites prove is advertised.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from kg.knowledge import Knowledge
from kg.namespaces import M816, TYPE, XSD

SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
FORMATS = "http://www.w3.org/ns/formats/"
ENDPOINT = "urn:m816:endpoint"
DATASET = M816 + "dataset"
_SYNTAXES = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "N-Quads",
    "TriG",
    "RDF_XML",
    "JSON-LD",
)


class Sheet:
    """Triples being written down."""

    def __init__(self) -> None:
        self.triples: list[Triple] = []

    def say(self, subject: NamedNode | BlankNode, predicate: str, value: object) -> None:
        """Add one triple; a number becomes an integer, an IRI is given as a node."""
        term = value if isinstance(value, NamedNode | BlankNode | Literal) else _number(value)
        self.triples.append(Triple(subject, NamedNode(predicate), term))

    def part(self, subject: NamedNode | BlankNode, predicate: str) -> BlankNode:
        """A new unnamed part of the subject."""
        node = BlankNode()
        self.say(subject, predicate, node)
        return node


def _number(value: object) -> Literal:
    return Literal(str(value), datatype=NamedNode(XSD + "integer"))


def described(quads: Iterable[Quad], knowledge: Knowledge) -> bytes:
    """The description of these quads as N-Triples."""
    by_graph: dict[str, set[Triple]] = defaultdict(set)
    for quad in quads:
        by_graph[getattr(quad.graph_name, "value", "")].add(quad.triple)
    sheet, whole = Sheet(), NamedNode(DATASET)
    _service(sheet, whole, "feature", "UnionDefaultGraph")
    sheet.say(whole, VOID + "uriSpace", Literal(M816))
    counts(sheet, whole, set().union(*by_graph.values()))
    for name in sorted(by_graph):
        if not name:
            continue
        node, graph = NamedNode(name), sheet.part(whole, SD + "namedGraph")
        sheet.say(graph, TYPE.value, NamedNode(SD + "NamedGraph"))
        sheet.say(graph, SD + "name", node)
        sheet.say(graph, SD + "graph", node)
        sheet.say(node, TYPE.value, NamedNode(SD + "Graph"))
        counts(sheet, node, by_graph[name])
        for predicate, value in knowledge.facts(name):
            if predicate.startswith("http://purl.org/dc/terms/"):
                sheet.say(node, predicate, value)
    return serialize(sheet.triples, format=RdfFormat.N_TRIPLES) or b""


def changeable() -> bytes:
    """The description of an endpoint over a dataset that updates change, as N-Triples."""
    sheet, whole = Sheet(), NamedNode(M816 + "scratch")
    _service(sheet, whole, "supportedLanguage", "SPARQL11Update")
    return serialize(sheet.triples, format=RdfFormat.N_TRIPLES) or b""


def _service(sheet: Sheet, whole: NamedNode, property_: str, value: str) -> None:
    """The endpoint, what it understands, and the one thing that tells it from others."""
    service = NamedNode(M816 + "service")
    sheet.say(service, TYPE.value, NamedNode(SD + "Service"))
    sheet.say(service, SD + "endpoint", NamedNode(ENDPOINT))
    sheet.say(service, SD + "supportedLanguage", NamedNode(SD + "SPARQL11Query"))
    sheet.say(service, SD + property_, NamedNode(SD + value))
    sheet.say(service, SD + "defaultDataset", whole)
    for name in _SYNTAXES:
        sheet.say(service, SD + "resultFormat", NamedNode(FORMATS + name))
    sheet.say(whole, TYPE.value, NamedNode(SD + "Dataset"))
    sheet.say(whole, TYPE.value, NamedNode(VOID + "Dataset"))
    sheet.say(whole, VOID + "sparqlEndpoint", NamedNode(ENDPOINT))
    default = sheet.part(whole, SD + "defaultGraph")
    sheet.say(default, TYPE.value, NamedNode(SD + "Graph"))


def counts(sheet: Sheet, node: NamedNode, triples: set[Triple]) -> None:
    """VoID counts of a graph, and its class and property partitions."""
    properties: Counter[str] = Counter(triple.predicate.value for triple in triples)
    classes: Counter[str] = Counter(
        triple.object.value
        for triple in triples
        if triple.predicate == TYPE and isinstance(triple.object, NamedNode)
    )
    sheet.say(node, VOID + "triples", len(triples))
    sheet.say(node, VOID + "distinctSubjects", len({triple.subject for triple in triples}))
    sheet.say(node, VOID + "distinctObjects", len({triple.object for triple in triples}))
    sheet.say(node, VOID + "properties", len(properties))
    sheet.say(node, VOID + "classes", len(classes))
    for name, count in sorted(properties.items()):
        part = sheet.part(node, VOID + "propertyPartition")
        sheet.say(part, VOID + "property", NamedNode(name))
        sheet.say(part, VOID + "triples", count)
    for name, count in sorted(classes.items()):
        part = sheet.part(node, VOID + "classPartition")
        sheet.say(part, VOID + "class", NamedNode(name))
        sheet.say(part, VOID + "entities", count)
