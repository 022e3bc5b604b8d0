"""A graph as plain Python terms, indexed both ways: what everything on the way to a verdict reads.

``Facts`` may take in parts that were indexed before, which they read and leave as they are. Terms
of pyoxigraph are made at the edges only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.expressions import Ends, Node

Row = tuple[Node, str, Node]
Index = dict[Node, Ends]
Part = Mapping[str, Mapping[Node, tuple[Node, ...]]]


class Backward(dict[str, dict[Node, list[Node]]]):
    """Subjects by predicate and object, made when a predicate is first asked for by ``[ ]``."""

    def __init__(self, forward: dict[str, Index]) -> None:
        super().__init__()
        self._forward = forward

    def __missing__(self, predicate: str) -> dict[Node, list[Node]]:
        made = self[predicate] = {}
        for subject, values in self._forward.get(predicate, {}).items():
            for value in values:
                held = made.get(value)
                if held is None:
                    made[value] = [subject]
                else:
                    held.append(subject)
        return made


class Facts:
    """Rows by predicate, then subject (``sp``) or object (``po``).

    Lists in the indexes are their own; tuples belong to parts, of which each has all rows of its
    subjects that any part has.
    """

    def __init__(self, rows: Iterable[Row] = (), parts: Iterable[Part] = ()) -> None:
        self.sp: dict[str, Index] = {}
        self.po = Backward(self.sp)
        for part in parts:
            for predicate, subjects in part.items():
                held = self.sp.get(predicate)
                if held is None:
                    self.sp[predicate] = dict[Node, Ends](subjects)
                else:
                    held.update(subjects)
        own = dict.fromkeys(rows)
        self._own = set(own)
        self._indexed(own)

    def part(self) -> Part:
        """These facts as a part of others."""
        return {
            predicate: {subject: tuple(values) for subject, values in index.items()}
            for predicate, index in self.sp.items()
        }

    def extend(self, rows: Iterable[Row]) -> list[Row]:
        """Add rows; those that are new."""
        own = self._own
        unseen = [row for row in dict.fromkeys(rows) if row not in own]
        own.update(unseen)
        return self._indexed(unseen)

    def _indexed(self, rows: Iterable[Row]) -> list[Row]:
        """Index rows that are not among the own ones; those that no part has."""
        new, sp, po = [], self.sp, self.po
        for row in rows:
            subject, predicate, value = row
            forward = sp.get(predicate)
            if forward is None:
                forward = sp[predicate] = {}
            ends = forward.get(subject)
            if ends is None:
                forward[subject] = [value]
            elif isinstance(ends, list):
                ends.append(value)
            elif value in ends:
                continue
            else:
                self._own.update((subject, predicate, end) for end in ends)
                forward[subject] = [*ends, value]
            new.append(row)
            if predicate in po:
                backward = po[predicate]
                subjects = backward.get(value)
                if subjects is None:
                    backward[value] = [subject]
                else:
                    subjects.append(subject)
        return new

    def drop(self, nodes: set[Node]) -> None:
        """Take away all rows of these subjects."""
        for predicate, index in self.sp.items():
            if nodes.isdisjoint(index):
                continue
            self.po.pop(predicate, None)
            for subject in nodes.intersection(index):
                ends = index.pop(subject)
                if isinstance(ends, list):
                    self._own.difference_update((subject, predicate, end) for end in ends)

    def __iter__(self) -> Iterator[Row]:
        for predicate, index in self.sp.items():
            for subject, values in index.items():
                for value in values:
                    yield subject, predicate, value

    def __contains__(self, row: Row) -> bool:
        subject, predicate, value = row
        return value in self.sp.get(predicate, {}).get(subject, ())

    def __len__(self) -> int:
        return sum(len(values) for index in self.sp.values() for values in index.values())


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
