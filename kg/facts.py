"""A graph as plain Python terms, indexed both ways: what everything on the way to a verdict reads.

``Facts`` may stand over others, which they read and leave as they are, so that what every case
shares is indexed once. Terms of pyoxigraph are made at the edges only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.expressions import Ends, Node

Row = tuple[Node, str, Node]
Index = dict[Node, Ends]


class Part(NamedTuple):
    """Rows indexed beforehand, all of each subject: for every predicate, both ways."""

    rows: frozenset[Row]
    indexes: tuple[tuple[str, Index, Index], ...]


class Facts:
    """Rows by predicate, then subject (``sp``) or object (``po``).

    Lists in the indexes are their own; tuples belong to what they stand over.
    """

    def __init__(self, rows: Iterable[Row] = (), over: Facts | None = None) -> None:
        self._below: frozenset[Row] = over.part().rows if over else frozenset()
        self.sp: dict[str, Index] = dict(over.sp) if over else {}
        self.po: dict[str, Index] = dict(over.po) if over else {}
        self._open: dict[str, tuple[Index, Index]] = {}
        self._joined: set[Row] = set()
        self.rows: set[Row] = set()
        self.extend(rows)

    def part(self) -> Part:
        """These facts, from now on fit to be shared."""
        for pair in self._open.values():
            for index in pair:
                index.update([(key, tuple(ends)) for key, ends in index.items()])
        self._open.clear()
        self._below = frozenset(self)
        self._joined, self.rows = set(), set()
        return Part(self._below, tuple((p, self.sp[p], self.po[p]) for p in self.sp))

    def join(self, part: Part) -> None:
        """Take in what was indexed before, as long as there are no other rows on its subjects."""
        self._joined |= part.rows
        opened = self._open
        for predicate, subjects, values in part.indexes:
            forward, backward = opened.get(predicate) or self._opened(predicate)
            forward.update(subjects)
            for value, ends in values.items():
                held = backward.get(value)
                backward[value] = ends if held is None else (*dict.fromkeys((*held, *ends)),)

    def extend(self, rows: Iterable[Row]) -> list[Row]:
        """Add rows; those that are new."""
        new = []
        below, joined, mine, opened = self._below, self._joined, self.rows, self._open
        for row in rows:
            if row in mine or row in joined or row in below:
                continue
            mine.add(row)
            new.append(row)
            subject, predicate, value = row
            forward, backward = opened.get(predicate) or self._opened(predicate)
            ends = forward.get(subject)
            if isinstance(ends, list):
                ends.append(value)
            else:
                forward[subject] = [*ends, value] if ends else [value]
            ends = backward.get(value)
            if isinstance(ends, list):
                ends.append(subject)
            else:
                backward[value] = [*ends, subject] if ends else [subject]
        return new

    def drop(self, nodes: set[Node]) -> None:
        """Take away all rows of these subjects."""
        for predicate, index in list(self.sp.items()):
            gone = index.keys() & nodes
            if gone:
                forward, backward = self._open.get(predicate) or self._opened(predicate)
                for value in {value for subject in gone for value in forward.pop(subject)}:
                    left = [subject for subject in backward.pop(value) if subject not in nodes]
                    if left:
                        backward[value] = left
        self._below = frozenset(row for row in self._below if row[0] not in nodes)
        self._joined = {row for row in self._joined if row[0] not in nodes}
        self.rows = {row for row in self.rows if row[0] not in nodes}

    def _opened(self, predicate: str) -> tuple[Index, Index]:
        """The two indexes of a predicate, copied before the first change."""
        forward = self.sp[predicate] = dict(self.sp.get(predicate, ()))
        backward = self.po[predicate] = dict(self.po.get(predicate, ()))
        self._open[predicate] = forward, backward
        return forward, backward

    def __iter__(self) -> Iterator[Row]:
        yield from self._below
        yield from self._joined
        yield from self.rows

    def __contains__(self, row: object) -> bool:
        return row in self.rows or row in self._joined or row in self._below

    def __len__(self) -> int:
        return len(self._below) + len(self._joined) + len(self.rows)


def node(term: object) -> Node:
    """A term of pyoxigraph as a plain one."""
    if isinstance(term, Literal):
        return (term.value, term.datatype.value, term.language)
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    assert isinstance(term, NamedNode)
    return term.value


def row(triple: Triple) -> Row:
    """A triple as a row."""
    return (node(triple.subject), triple.predicate.value, node(triple.object))


def triple(row: Row) -> Triple:
    """A row as a triple."""
    subject, predicate, value = row
    assert isinstance(subject, str)
    return Triple(NamedNode(subject), NamedNode(predicate), term(value))


def term(value: Node) -> NamedNode | Literal:
    """A plain term as one of pyoxigraph."""
    if isinstance(value, str):
        return NamedNode(value)
    text, datatype, language = value
    if language:
        return Literal(text, language=language)
    return Literal(text, datatype=NamedNode(datatype))


def text_of(term: Node) -> str:
    """The text of an IRI or literal."""
    return term if isinstance(term, str) else term[0]


def as_triples(rows: Iterable[Row]) -> set[Triple]:
    """Rows as triples."""
    return {triple(each) for each in rows}
