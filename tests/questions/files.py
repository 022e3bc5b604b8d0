"""The Turtle files as triples to look things up in, without any SPARQL."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pyoxigraph as ox

from kg.knowledge import turtle_files
from kg.locations import ONTOLOGY, SHAPES
from kg.namespaces import PREFIXES
from kg.queries import cell

T = TypeVar("T")
Node = ox.NamedNode | ox.BlankNode
Value = ox.NamedNode | ox.BlankNode | ox.Literal
FACTS: dict[tuple[Node, str], list[Value]] = defaultdict(list)
HOLDERS: dict[tuple[str, Value], list[Node]] = defaultdict(list)
TRIPLES: list[tuple[Path, Node, str, Value]] = []


@functools.cache
def read() -> None:
    """Index every file, once; of a derivation what its header says it cites."""
    for path in turtle_files(ONTOLOGY, SHAPES):
        for t in ox.parse(path=path, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True):
            subject, value = t.subject, t.object
            assert isinstance(subject, Node)
            assert isinstance(value, Value)
            FACTS[subject, t.predicate.value].append(value)
            HOLDERS[t.predicate.value, value].append(subject)
            TRIPLES.append((path, subject, t.predicate.value, value))
    for path in sorted((ONTOLOGY / "rules").glob("*.rq")):
        head = dict(line[2:].split(": ", 1) for line in path.read_text("utf-8").splitlines()[:3])
        subject = node(f"m816:derivation/{head['id']}")
        FACTS[subject, full("rdfs:label")].append(ox.Literal(head["sentence"], language="en"))
        HOLDERS[full("rdf:type"), node("m816:Derivation")].append(subject)
        for cited in head["cites"].split():
            value = node(f"statement:{cited}")
            FACTS[subject, full("dct:source")].append(value)
            HOLDERS[full("dct:source"), value].append(subject)
            TRIPLES.append((path, subject, full("dct:source"), value))


def full(name: str) -> str:
    """A prefixed name as an IRI."""
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def node(name: str) -> ox.NamedNode:
    """A prefixed name as a node."""
    return ox.NamedNode(full(name))


def of(name: str) -> list[Node]:
    """Everything stated to be of a class."""
    return list(dict.fromkeys(HOLDERS[full("rdf:type"), node(name)]))


def values(subject: Value, *path: str) -> list[Value]:
    """What a path of properties leads to."""
    found: list[Value] = [subject]
    for step in path:
        found = [
            value
            for each in found
            if not isinstance(each, ox.Literal)
            for value in FACTS[each, full(step)]
        ]
    return found


def text(subject: Value, *path: str) -> str:
    """The one value at the end of a path as the command shows it, or nothing."""
    found = sorted({cell(value) for value in values(subject, *path)})
    assert len(found) < 2, (subject, path)
    return found[0] if found else ""


def label(subject: Value) -> str:
    """The label of a thing."""
    return text(subject, "rdfs:label")


def listed(subject: Value, *path: str) -> str:
    """Labels at the end of a path, sorted, as one text."""
    return ", ".join(sorted(label(value) for value in set(values(subject, *path))))


def optional(found: Sequence[T]) -> Sequence[T | None]:
    """What was found, or one place for what was not: an OPTIONAL."""
    return found or [None]


def citing(statement: Value) -> list[Node]:
    """The rules and derivations that cite a statement."""
    users = [*of("m816:Rule"), *of("m816:Derivation")]
    return [user for user in users if statement in values(user, "dct:source")]
