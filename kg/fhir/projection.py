"""The record of one resource while it is being read: its node, its facts, what it left out."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from kg.expressions import Node
from kg.facts import Row
from kg.namespaces import M816, RECORD

NO_EVIDENCE = M816 + "notEvidence"

Said = tuple[str, Node]


class Reading(NamedTuple):
    """What an element says whatever resource it stands in: of the record, and of codes and sites.

    ``known``: whether any of it is in the term tables. ``bare``: how many of its codes have no
    system; ``unsure``: whether one of these may be in scope.
    """

    said: list[Said]
    beside: list[Row]
    known: bool
    excluded: bool
    bare: int = 0
    unsure: bool = False


class Projection(msgspec.Struct):
    """The record of one resource: its node, facts, date, what it points to, what it lacks.

    ``said``: properties of the node. ``beside``: facts about the codes and sites it names.
    """

    key: str
    node: str
    said: list[Said]
    beside: list[Row] = []
    date: str = ""
    targets: list[tuple[str, str]] = []
    known: bool = False
    excluded: bool = False
    left_out: list[str] = []
    children: list[Projection] = []

    def add(self, prop: str, value: Node) -> None:
        """State one fact about the record."""
        self.excluded = self.excluded or value == NO_EVIDENCE
        self.said.append((prop, value))

    def take(self, found: Reading, place: str) -> None:
        """State all that an element at that place says."""
        self.said += found.said
        self.beside += found.beside
        self.known = self.known or found.known
        self.excluded = self.excluded or found.excluded
        if found.bare:
            self.left_out += [f"{place} has a code without a system"] * found.bare

    @property
    def rows(self) -> list[Row]:
        """All facts, with those of its parts."""
        node = self.node
        rows: list[Row] = [(node, prop, value) for prop, value in self.said]
        rows += self.beside
        for part in self.children:
            rows += part.rows
        return rows


def node_of(key: str) -> str:
    """The IRI of the record with that key."""
    return RECORD + key
