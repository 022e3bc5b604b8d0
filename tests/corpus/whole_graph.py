"""Everything under ontology/ in one store, and the few ways tests look into it."""

from functools import cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, Store

ONTOLOGY = Path(__file__).resolve().parents[2] / "ontology"
M816 = "https://w3id.org/m816/"
STATEMENT = M816 + "statement/"
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
DEFINITION = NamedNode("http://www.w3.org/2004/02/skos/core#definition")
NOTATION = NamedNode("http://www.w3.org/2004/02/skos/core#notation")
SOURCE = NamedNode("http://purl.org/dc/terms/source")
RIGHTS = NamedNode("http://purl.org/dc/terms/rights")
PUBLISHER = NamedNode("http://purl.org/dc/terms/publisher")


def m816(name: str) -> NamedNode:
    """The m816 term with that local name."""
    return NamedNode(M816 + name)


@cache
def graph() -> Store:
    """All Turtle files under ontology/, in one store."""
    store = Store()
    for file in sorted(ONTOLOGY.rglob("*.ttl")):
        store.load(path=str(file), format=RdfFormat.TURTLE)
    return store


def values(subject: NamedNode, predicate: NamedNode) -> list[str]:
    """The objects of a subject and a predicate, IRIs and literals alike, as strings."""
    quads = graph().quads_for_pattern(subject, predicate, None)
    return [quad.object.value for quad in quads if isinstance(quad.object, Literal | NamedNode)]


def instances(kind: str) -> list[NamedNode]:
    """The named individuals of an m816 class, sorted."""
    quads = graph().quads_for_pattern(None, TYPE, m816(kind))
    found = {quad.subject for quad in quads if isinstance(quad.subject, NamedNode)}
    return sorted(found, key=str)
