"""A case's triples as plain Python terms, indexed both ways: what compiled derivations read."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.expressions import Node

Row = tuple[Node, str, Node]


class Facts:
    """Triples by predicate, then subject (``sp``) or object (``po``)."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.sp: dict[str, dict[Node, list[Node]]] = {}
        self.po: dict[str, dict[Node, list[Node]]] = {}
        self.rows: set[Row] = set()
        self.extend(rows)

    def extend(self, rows: Iterable[Row]) -> list[Row]:
        """Add rows; those that are new."""
        new = []
        for row in rows:
            if row in self.rows:
                continue
            self.rows.add(row)
            new.append(row)
            subject, predicate, value = row
            self.sp.setdefault(predicate, {}).setdefault(subject, []).append(value)
            self.po.setdefault(predicate, {}).setdefault(value, []).append(subject)
        return new


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
