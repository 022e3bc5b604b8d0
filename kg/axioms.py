"""The axioms of an ontology one by one, in words; each can be taken away or shortened.

In: the triples of the ontology. Out: each axiom with its triples, the term it belongs to, that
term's sources, and how it can be made to say more by dropping one of several conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pyoxigraph import BlankNode, NamedNode, Triple

from kg.namespaces import DCT, LABEL, OWL, RDF, RDFS, TYPE, short, value
from kg.owl import BETWEEN, GROUPS, MARKS, OF_PROPERTIES, Index, below, by_subject, items

_SOURCE = DCT + "source"
_WORDS = {
    RDFS + "subClassOf": "is a kind of",
    RDFS + "subPropertyOf": "implies",
    RDFS + "domain": "is said of",
    RDFS + "range": "has as values",
    OWL + "equivalentClass": "means",
    OWL + "inverseOf": "is the inverse of",
    OWL + "propertyChainAxiom": "follows from",
}
_MARK_WORDS = {"FunctionalProperty": "has one value", "TransitiveProperty": "is transitive"}


@dataclass(frozen=True)
class Axiom:
    """One axiom: the term it is filed under, in words, its one key triple and all it is made of.

    ``lists`` holds the lists that can be shortened, each with the words of its members.
    """

    of: str
    words: str
    key: Triple
    triples: frozenset[Triple]
    sources: tuple[str, ...] = ()
    lists: tuple[tuple[BlankNode, tuple[str, ...]], ...] = field(default=())


class Reader:
    """Puts axioms and facts into words, by the labels among the triples."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self.index: Index = by_subject(triples)

    def label(self, term: Any) -> str:
        """The label of a named term, the words of an unnamed class, else the name."""
        if isinstance(term, BlankNode):
            return self.expression(term)
        found = [value(t.object) for t in self.index.get(term, ()) if t.predicate == LABEL]
        return found[0] if found else short(value(term))

    def sources(self, term: Any) -> tuple[str, ...]:
        """The statements that a term rests on."""
        cited = (t.object for t in self.index.get(term, ()) if t.predicate.value == _SOURCE)
        return tuple(sorted(short(value(node)) for node in cited))

    def expression(self, node: BlankNode) -> str:
        """An unnamed class in words."""
        parts = {t.predicate.value: t.object for t in self.index.get(node, ())}
        for name, word in (("intersectionOf", " and "), ("unionOf", " or "), ("oneOf", " or ")):
            if OWL + name in parts:
                return word.join(map(self.label, items(parts[OWL + name], self.index)))
        prop = self.label(parts.get(OWL + "onProperty"))
        if OWL + "hasValue" in parts:
            return f"{prop}: {self.label(parts[OWL + 'hasValue'])}"
        if OWL + "someValuesFrom" in parts:
            return f"{prop} some {self.label(parts[OWL + 'someValuesFrom'])}"
        return " and ".join(map(self.label, items(node, self.index)))

    def fact(self, triple: Triple) -> str:
        """A triple about things in words."""
        verb = "is of" if triple.predicate == TYPE else self.label(triple.predicate)
        return f"{self.label(triple.subject)} {verb} {self.label(triple.object)}"


def axioms(triples: Iterable[Triple]) -> list[Axiom]:
    """Every axiom about classes and properties, in the order of the triples."""
    known = list(dict.fromkeys(triples))
    reader = Reader(known)
    return [axiom for t in known for axiom in _axiom(t, reader)]


def _axiom(t: Triple, reader: Reader) -> Iterator[Axiom]:
    predicate, kind = t.predicate.value, value(t.object)
    if predicate in BETWEEN | OF_PROPERTIES:
        words = f"{reader.label(t.subject)} {_WORDS[predicate]} {reader.label(t.object)}"
        owner = t.subject if isinstance(t.subject, NamedNode) else t.object
        parts = below(t.subject, reader.index) | below(t.object, reader.index)
        yield _made(t, words, owner, parts | {t}, reader)
    elif predicate == TYPE.value and kind.removeprefix(OWL) in MARKS:
        words = f"{reader.label(t.subject)} {_MARK_WORDS[kind.removeprefix(OWL)]}"
        yield _made(t, words, t.subject, {t}, reader)
    elif predicate == TYPE.value and kind in GROUPS:
        parts = below(t.subject, reader.index)
        head = next(p.object for p in parts if p.predicate.value == GROUPS[kind])
        names = " | ".join(map(reader.label, items(head, reader.index)))
        yield _made(t, f"no two of: {names}", head, parts, reader)


def _made(t: Triple, words: str, owner: Any, parts: set[Triple], reader: Reader) -> Axiom:
    heads = [p for p in sorted(parts, key=str) if _opens_a_list(p)]
    lists = tuple(
        (p.object, tuple(map(reader.label, items(p.object, reader.index))))
        for p in heads
        if isinstance(p.object, BlankNode)
    )
    if isinstance(owner, BlankNode):
        owner = items(owner, reader.index)[0]
    of = short(value(owner))
    return Axiom(of, words, t, frozenset(parts), reader.sources(owner), lists)


def _opens_a_list(t: Triple) -> bool:
    names = ("intersectionOf", "members", "distinctMembers")
    return t.predicate.value in {OWL + name for name in names}


def shortened(axiom: Axiom, head: BlankNode, place: int) -> tuple[set[Triple], set[Triple]]:
    """What to take away and what to add so that the list lacks its member at that place."""
    index = by_subject(axiom.triples)
    cells: list[Any] = [head]
    while isinstance(rest := _rest(cells[-1], index), BlankNode):
        cells.append(rest)
    cell, after = cells[place], _rest(cells[place], index)
    gone = set(index[cell])
    into = next(t for t in axiom.triples if t.object == cell)
    return gone | {into}, {Triple(into.subject, into.predicate, after)}


def _rest(cell: Any, index: Index) -> Any:
    return next(t.object for t in index[cell] if t.predicate.value == RDF + "rest")
