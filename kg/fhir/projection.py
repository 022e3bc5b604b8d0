"""The record of one resource while it is being read: its node, its triples, what it left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from kg.expressions import Node
from kg.facts import Row
from kg.namespaces import M816, RECORD

_NO_EVIDENCE = M816 + "notEvidence"


@dataclass
class Projection:
    """The record of one resource: its node, facts, date, what it points to, what it lacks."""

    key: str
    node: str
    rows: list[Row] = field(default_factory=list)
    date: str = ""
    targets: list[tuple[str, str]] = field(default_factory=list)
    known: bool = False
    excluded: bool = False
    left_out: list[str] = field(default_factory=list)
    children: list[Projection] = field(default_factory=list)

    def add(self, prop: str, value: Node) -> None:
        """State one fact about the record."""
        self.excluded = self.excluded or value == _NO_EVIDENCE
        self.rows.append((self.node, prop, value))


def node_of(key: str) -> str:
    """The IRI of the record with that key."""
    return RECORD + key
