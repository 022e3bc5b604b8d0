"""The ontology as a corpus: it parses, declares and explains every term once, keeps its shape."""

import functools
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from tests.corpus.whole_graph import (
    M816,
    ONTOLOGY,
    TYPE,
    graph,
    m816,
    values,
)

FILES = sorted(ONTOLOGY.rglob("*.ttl"))
AUTHORED = [path for path in FILES if not path.is_relative_to(ONTOLOGY / "codes")]
RL_SHAPED = [path for path in AUTHORED if path.name != "dl.ttl"]

OWL = "http://www.w3.org/2002/07/owl#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
IN_A_LIST = (
    NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#first"),
    NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#rest"),
)
DEFINED_BY = NamedNode(RDFS + "isDefinedBy")
SUBCLASS = NamedNode(RDFS + "subClassOf")
EQUIVALENT = NamedNode(OWL + "equivalentClass")
ON_BOTH_SIDES = {"intersectionOf", "onProperty", "hasValue"}
ON_THE_LEFT = ON_BOTH_SIDES | {"someValuesFrom", "unionOf", "oneOf"}

Subject = NamedNode | BlankNode
Value = NamedNode | BlankNode | Literal
Index = dict[tuple[Subject, NamedNode], list[Value]]


def label(path: Path) -> str:
    """The path from the ontology folder, as a test's id."""
    return path.relative_to(ONTOLOGY).as_posix()


@functools.cache
def triples(path: Path) -> list[Triple]:
    """One file, parsed; blank nodes of different files stay apart."""
    return list(parse(path=path, format=RdfFormat.TURTLE, rename_blank_nodes=True))


@functools.cache
def index(path: Path) -> Index:
    """One file by subject and predicate."""
    found: Index = defaultdict(list)
    for triple in triples(path):
        subject, value = triple.subject, triple.object
        if isinstance(subject, Subject) and isinstance(value, Value):
            found[subject, triple.predicate].append(value)
    return dict(found)


def vocabulary(node: NamedNode) -> bool:
    """A term of ours, not a statement, a rule, a phrase or another thing with a path."""
    name = node.value.removeprefix(M816)
    return node.value.startswith(M816) and bool(name) and "/" not in name


@functools.cache
def marks() -> set[NamedNode]:
    """The classes that say how a term travels into a case graph; to be in one declares nothing."""
    found, wanted = set[NamedNode](), [m816("TravelMark")]
    while wanted:
        for quad in graph().quads_for_pattern(None, SUBCLASS, wanted.pop()):
            if isinstance(quad.subject, NamedNode):
                found.add(quad.subject)
                wanted.append(quad.subject)
    return found


@functools.cache
def declared(path: Path) -> set[str]:
    """The terms of ours that a file gives a type to, other than the marks of travel."""
    typed = [t.subject for t in triples(path) if t.predicate == TYPE and t.object not in marks()]
    return {node.value for node in typed if isinstance(node, NamedNode) and vocabulary(node)}


def local(iris: set[str]) -> list[str]:
    """The IRIs as people read them, sorted."""
    return sorted(iri.removeprefix(M816) for iri in iris)


@pytest.mark.parametrize("path", FILES, ids=label)
def test_a_file_means_the_same_to_both_parsers(path: Path) -> None:
    assert len(rdflib.Graph().parse(path, format="turtle")) == len(set(triples(path))) > 0


def test_every_term_is_declared_in_one_file_only() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in FILES:
        for iri in declared(path):
            places[iri].append(label(path))
    assert {term: files for term, files in places.items() if len(files) > 1} == {}


@pytest.mark.parametrize("path", FILES, ids=label)
def test_no_literal_is_typed_as_a_plain_string(path: Path) -> None:
    assert "^^xsd:string" not in path.read_text("utf-8")


def test_there_is_one_ontology_with_the_version_of_the_package_and_no_imports() -> None:
    found = [
        t.subject
        for path in AUTHORED
        for t in triples(path)
        if t.predicate == TYPE and t.object == NamedNode(OWL + "Ontology")
    ]
    project = tomllib.loads((ONTOLOGY.parent / "pyproject.toml").read_text("utf-8"))["project"]
    version = project["version"]
    assert found == [m816("ontology")]
    assert values(m816("ontology"), NamedNode(OWL + "versionInfo")) == [version]
    assert values(m816("ontology"), NamedNode(OWL + "versionIRI")) == [f"{M816}ontology/{version}"]
    assert not values(m816("ontology"), NamedNode(OWL + "imports"))


def constructs(found: Index, node: Value) -> Iterator[str]:
    """The names of the OWL constructs in a class expression, on all levels."""
    for (subject, predicate), objects in found.items():
        if subject != node or not isinstance(node, BlankNode):
            continue
        inside = predicate.value.startswith(OWL)
        if inside:
            yield predicate.value.removeprefix(OWL)
        if inside or predicate in IN_A_LIST:
            for each in objects:
                yield from constructs(found, each)


@pytest.mark.parametrize("path", RL_SHAPED, ids=label)
def test_outside_the_dl_file_axioms_stay_in_the_rl_shape(path: Path) -> None:
    found = index(path)
    for (subject, predicate), objects in found.items():
        if predicate not in (SUBCLASS, EQUIVALENT):
            continue
        left = ON_THE_LEFT if predicate == SUBCLASS else ON_BOTH_SIDES
        assert set(constructs(found, subject)) <= left, subject
        for each in objects:
            assert set(constructs(found, each)) <= ON_BOTH_SIDES, subject


def test_every_existential_on_the_left_has_its_converse_in_the_dl_file() -> None:
    dl = index(ONTOLOGY / "dl.ttl")
    converses = {
        subject
        for (subject, predicate), objects in dl.items()
        if predicate == SUBCLASS
        and any("someValuesFrom" in constructs(dl, each) for each in objects)
    }
    defined = {
        each
        for path in RL_SHAPED
        for (subject, predicate), objects in index(path).items()
        if predicate == SUBCLASS and "someValuesFrom" in constructs(index(path), subject)
        for each in objects
    }
    assert defined
    assert {str(each) for each in defined - converses} == set()
