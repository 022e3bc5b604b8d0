"""Triples → the OWL in them: what is declared as what, the axioms one by one, the facts that count.

Read by the reasoning oracle, by the checks of the OWL profile and by the mutation of axioms.
Source: OWL 2 Mapping to RDF Graphs, §3.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.namespaces import OWL, RDF, RDFS, TYPE, value

Index = dict[Any, list[Triple]]
KINDS = ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")
MARKS = ("FunctionalProperty", "TransitiveProperty")  # what a property can be besides
GROUPS = {
    OWL + "AllDisjointClasses": OWL + "members",
    OWL + "AllDifferent": OWL + "distinctMembers",
}
BETWEEN = {RDFS + "subClassOf", OWL + "equivalentClass"}  # two classes, each maybe unnamed
OF_PROPERTIES = {
    *(RDFS + name for name in ("subPropertyOf", "domain", "range")),
    *(OWL + name for name in ("inverseOf", "propertyChainAxiom")),
}
INSIDE = {
    *(OWL + name for name in ("onProperty", "someValuesFrom", "hasValue")),
    *(OWL + name for name in ("intersectionOf", "unionOf", "oneOf")),
}
LIST = {RDF + "first", RDF + "rest"}


@dataclass(frozen=True)
class Declared:
    """Which IRI is declared as which kind of thing, several kinds where they are punned."""

    kinds: dict[NamedNode, frozenset[str]]

    def is_a(self, term: object, *kinds: str) -> bool:
        """Whether the term is declared as one of those kinds."""
        return bool(self.kinds.get(term, frozenset()) & set(kinds))  # type: ignore[call-overload]


def declared(triples: Iterable[Triple]) -> Declared:
    """The declarations among the triples."""
    found: dict[NamedNode, set[str]] = {}
    for t in triples:
        if t.predicate == TYPE and isinstance(t.subject, NamedNode):
            name = value(t.object).removeprefix(OWL)
            if name in KINDS:
                found.setdefault(t.subject, set()).add(name)
    return Declared({term: frozenset(kinds) for term, kinds in found.items()})


def by_subject(triples: Iterable[Triple]) -> Index:
    """The triples by subject."""
    found: Index = {}
    for t in triples:
        found.setdefault(t.subject, []).append(t)
    return found


def items(head: object, index: Index) -> list[Any]:
    """The members of an RDF list."""
    found, seen = [], set()
    while isinstance(head, BlankNode) and head not in seen:
        seen.add(head)
        cell = {t.predicate.value: t.object for t in index.get(head, ())}
        found += [cell[RDF + "first"]] if RDF + "first" in cell else []
        head = cell.get(RDF + "rest")
    return found


def below(node: object, index: Index) -> set[Triple]:
    """The triples that make up an unnamed class or a list, those of its parts included."""
    found: set[Triple] = set()
    wanted = [node]
    while wanted:
        head = wanted.pop()
        if isinstance(head, BlankNode):
            new = set(index.get(head, ())) - found
            found |= new
            wanted += [t.object for t in new]
    return found


def logical(triples: Iterable[Triple]) -> set[Triple]:
    """The triples that make up axioms about classes and properties, declarations included."""
    known = list(triples)
    index = by_subject(known)
    found: set[Triple] = set()
    for t in known:
        predicate, kind = t.predicate.value, value(t.object)
        if predicate in BETWEEN:
            found |= {t} | below(t.subject, index) | below(t.object, index)
        elif predicate in OF_PROPERTIES:
            found |= {t} | below(t.object, index)
        elif predicate == TYPE.value and kind in GROUPS:
            found |= below(t.subject, index)
        elif predicate == TYPE.value and kind.removeprefix(OWL) in (*KINDS, *MARKS):
            found |= {t} if isinstance(t.subject, NamedNode) else set()
    return found


def owl_part(triples: Iterable[Triple]) -> list[Triple]:
    """What of the triples can bear on the types of things, as OWL 2 DL has it.

    Left out, since types do not depend on them: annotations, what is said of a class or a property
    as if it were a thing, properties that no axiom mentions, and the values and ranges of literals
    (one dummy value keeps what a domain says).
    """
    known = list(dict.fromkeys(triples))
    axioms = frozenset(logical(known))
    terms = _terms(axioms)[0]
    plain = (t for t in axioms if not terms.is_a(t.subject, "AnnotationProperty"))
    found = [t for t in plain if not _about_literals(t, terms)]
    return found + bearing((t for t in known if t not in axioms), axioms)


def bearing(facts: Iterable[Triple], axioms: frozenset[Triple]) -> list[Triple]:
    """The facts that can bear on the types of things, given the axioms."""
    terms, used = _terms(axioms)
    found: list[Triple] = []
    for t in facts:
        if terms.is_a(t.subject, *KINDS) or terms.is_a(t.object, *KINDS[1:]):
            continue
        if t.predicate == TYPE:
            found += [t] if terms.is_a(t.object, "Class") else []
        elif t.predicate not in used or terms.is_a(t.object, "Class"):
            continue
        elif terms.is_a(t.predicate, "ObjectProperty") and isinstance(t.object, NamedNode):
            found.append(t)
        elif terms.is_a(t.predicate, "DatatypeProperty"):
            found.append(Triple(t.subject, t.predicate, Literal("")))
    return found


@functools.lru_cache(maxsize=4)
def _terms(axioms: frozenset[Triple]) -> tuple[Declared, set[Any]]:
    return declared(axioms), _mentioned(axioms)


def _about_literals(t: Triple, terms: Declared) -> bool:
    return t.predicate.value == RDFS + "range" and terms.is_a(t.subject, "DatatypeProperty")


def _mentioned(axioms: Iterable[Triple]) -> set[Any]:
    """The properties that some axiom is about."""
    found: set[Any] = set()
    for t in axioms:
        predicate = t.predicate.value
        if predicate in OF_PROPERTIES:
            found |= {t.subject, t.object}
        elif predicate in (OWL + "onProperty", RDF + "first"):
            found.add(t.object)
        elif value(t.object).removeprefix(OWL) in MARKS:
            found.add(t.subject)
    return found
