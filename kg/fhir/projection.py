"""The record of one resource while it is being read: its node, its triples, what it left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode, Triple

from kg.namespaces import RECORD, m816


@dataclass
class Projection:
    """The record of one resource: its node, triples, date, what it points to, what it lacks."""

    key: str
    node: NamedNode
    triples: list[Triple] = field(default_factory=list)
    date: str = ""
    targets: list[tuple[str, str]] = field(default_factory=list)
    known: bool = False
    excluded: bool = False
    left_out: list[str] = field(default_factory=list)
    children: list[Projection] = field(default_factory=list)

    def add(self, prop: str, value: NamedNode | Literal) -> None:
        """State one fact about the record."""
        self.excluded = self.excluded or value == m816("notEvidence")
        self.triples.append(Triple(self.node, NamedNode(prop), value))


def node_of(key: str) -> NamedNode:
    """The IRI of the record with that key."""
    return NamedNode(RECORD + key)
