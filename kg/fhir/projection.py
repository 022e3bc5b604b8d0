"""The record of one resource while it is being read: its node, its facts, what it left out."""

from __future__ import annotations

import msgspec

from kg.expressions import Node, text
from kg.facts import Row
from kg.namespaces import M816, RECORD, TYPE, XSD

_NO_EVIDENCE = M816 + "notEvidence"
_SOURCE, _RECORD_DATE = M816 + "source", M816 + "recordDate"
_DATE = XSD + "date"


class Reading(msgspec.Struct):
    """What is read of a record: its properties.

    ``known``: whether any of it is in the term tables. ``excluded``: whether it is no evidence.
    """

    said: list[tuple[str, Node]] = []
    known: bool = False
    excluded: bool = False

    def add(self, prop: str, value: Node) -> None:
        """State one fact about the record."""
        if value == _NO_EVIDENCE:
            self.excluded = True
        self.said.append((prop, value))


class Element(Reading):
    """What an element says, whatever resource it stands in.

    ``beside``: facts about the codes and sites it names. ``bare``: how many of its codes have no
    system. ``unsure``: whether one of these, by which it would be decided, may be in scope.
    """

    beside: list[Row] = []
    bare: int = 0
    unsure: bool = False


class Projection(Reading):
    """The record of one resource: its class and facts, date, what it points to, what it lacks."""

    key: str = ""
    record_class: str = ""
    elements: list[Element] = []
    date: str = ""
    targets: list[tuple[str, str]] = []
    left_out: list[str] = []
    children: list[Projection] = []

    def take(self, found: Element, place: str) -> None:
        """State all that an element at that place says."""
        self.elements.append(found)
        if found.known:
            self.known = True
        if found.excluded:
            self.excluded = True
        if found.bare:
            self.left_out += [f"{place} has a code without a system"] * found.bare

    @property
    def node(self) -> str:
        """The IRI of the record."""
        return node_of(self.key)

    @property
    def pairs(self) -> list[tuple[str, Node]]:
        """The properties and values of all facts that were read, with those of its parts."""
        pairs = list(self.said)
        for element in self.elements:
            pairs += element.said
            pairs += [(prop, value) for _, prop, value in element.beside]
        for part in self.children:
            pairs += part.pairs
        return pairs

    @property
    def rows(self) -> list[Row]:
        """All facts, with those of its parts."""
        node = self.node
        rows: list[Row] = [(node, TYPE.value, self.record_class), (node, _SOURCE, text(self.key))]
        rows += [(node, prop, value) for prop, value in self.said]
        for element in self.elements:
            rows += [(node, prop, value) for prop, value in element.said]
            rows += element.beside
        for part in self.children:
            rows += part.rows
        if self.date:
            day = (self.date, _DATE, None)
            rows += [(part.node, _RECORD_DATE, day) for part in (self, *self.children)]
        return rows


def node_of(key: str) -> str:
    """The IRI of the record with that key."""
    return RECORD + key
