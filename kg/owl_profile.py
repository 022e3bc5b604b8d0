"""Is an ontology OWL 2 DL, and does it keep to what the run-time closure can infer from?

In: triples. Out: findings as sentences, none where all is well. Sources: OWL 2 Structural
Specification §3, §5.8, §11 (declarations, separation of properties, simple and regular property
axioms) and OWL 2 Profiles §4 (what may stand on which side of a subclass axiom).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.namespaces import M816, OWL, RDF, RDFS, TYPE, XSD, short, value
from kg.owl import INSIDE, KINDS, LIST, Declared, Index, by_subject, declared, items

# What a literal may be: OWL 2's own datatypes that we use, and xsd:date, which OWL 2 leaves out.
# Every engine here takes xsd:date as it is; the oracle is given no ranges of literals.
DATATYPES = {
    *(XSD + name for name in ("string", "boolean", "integer", "decimal", "anyURI", "date")),
    RDFS + "Literal",
    RDF + "langString",
}
# Each construct of the axioms with the closure rules that draw its conclusions.
INFERRED = {
    RDFS + "subClassOf": ("subclass", "subclass-type"),
    RDFS + "subPropertyOf": ("subproperty-value",),
    RDFS + "domain": ("domain",),
    RDFS + "range": ("range",),
    OWL + "equivalentClass": ("equivalent", "equivalent-back"),
    OWL + "inverseOf": ("inverse", "inverse-back"),
    OWL + "propertyChainAxiom": ("chain",),
    OWL + "TransitiveProperty": ("transitive",),
    OWL + "intersectionOf": ("part-of-intersection", "last-of-all", "all-of", "intersection"),
    OWL + "hasValue": ("has-value", "by-value"),
    OWL + "someValuesFrom": ("some",),
    OWL + "onProperty": ("has-value", "by-value", "some"),
    OWL + "FunctionalProperty": ("two-values",),
    OWL + "distinctMembers": ("two-values",),
    OWL + "AllDifferent": ("two-values",),
    OWL + "members": ("disjoint",),
    OWL + "AllDisjointClasses": ("disjoint",),
    RDF + "first": ("list-first",),
    RDF + "rest": ("list-rest",),
}
_DECLARING = {OWL + name for name in (*KINDS, "Restriction", "Ontology")}
_ABOUT_THE_ONTOLOGY = {OWL + name for name in ("versionIRI", "versionInfo", "deprecated")}
_LEFT_ONLY = {OWL + "someValuesFrom"}


def dl_findings(triples: Iterable[Triple]) -> list[str]:
    """What keeps the triples from being OWL 2 DL as we write it."""
    known = list(dict.fromkeys(triples))
    terms = declared(known)
    parts = (_punned(terms), _undeclared(known, terms), _separated(known, terms), _ordered(known))
    return sorted({finding for part in parts for finding in part})


def rl_findings(triples: Iterable[Triple]) -> list[str]:
    """What the closure would not infer from: constructs, or the side on which they stand."""
    known = list(dict.fromkeys(triples))
    index = by_subject(known)
    allowed = INFERRED.keys() | _DECLARING | _ABOUT_THE_ONTOLOGY
    found = set()
    for t in known:
        for term in (t.predicate, t.object if t.predicate == TYPE else None):
            name = value(term)
            if name.startswith(OWL) and name not in allowed:
                found.add(f"{short(getattr(t.subject, 'value', ''))} uses {name}, without a rule")
        if t.predicate.value in (RDFS + "subClassOf", OWL + "equivalentClass"):
            found |= {
                f"{_label(t.subject)}: {name.removeprefix(OWL)} stands on the right"
                for name in _inside(t.object, index) & _LEFT_ONLY
            }
    return sorted(found | set(_untold(known, index)))


def value_findings(triples: Iterable[Triple]) -> list[str]:
    """Literals that are not of the range their property declares."""
    known = list(dict.fromkeys(triples))
    ranges = {
        t.subject: t.object
        for t in known
        if t.predicate.value == RDFS + "range" and value(t.object) in DATATYPES
    }
    return sorted(
        f"{_label(t.predicate)} of {_label(t.subject)} is not of {_label(wanted)}"
        for t in known
        if isinstance(t.object, Literal)
        and (wanted := ranges.get(t.predicate)) is not None
        and value(wanted) not in (RDFS + "Literal", t.object.datatype.value)
    )


def _punned(terms: Declared) -> Iterator[str]:
    for term, kinds in terms.kinds.items():
        if len(kinds) > 1:
            yield f"{_label(term)} is declared as {' and '.join(sorted(kinds))}"


def _undeclared(known: list[Triple], terms: Declared) -> Iterator[str]:
    classes = {RDFS + "subClassOf", OWL + "equivalentClass", OWL + "someValuesFrom"}
    for t in known:
        if t.predicate.value.startswith(M816) and not terms.is_a(t.predicate, *KINDS):
            yield f"the property {_label(t.predicate)} is not declared"
        ends: list[Any] = []
        if t.predicate.value in classes:
            ends = [t.subject, t.object]
        elif t.predicate == TYPE or t.predicate.value == RDFS + "domain":
            ends = [t.object]
        for end in ends:
            ours = isinstance(end, NamedNode) and end.value.startswith(M816)
            if ours and not terms.is_a(end, "Class"):
                yield f"the class {_label(end)} is not declared"


def _separated(known: list[Triple], terms: Declared) -> Iterator[str]:
    """Object properties lead to things, datatype properties to literals, annotations nowhere."""
    for t in known:
        if terms.is_a(t.predicate, "ObjectProperty") and isinstance(t.object, Literal):
            yield f"{_label(t.predicate)} of {_label(t.subject)} is a literal"
        if terms.is_a(t.predicate, "DatatypeProperty") and not isinstance(t.object, Literal):
            yield f"{_label(t.predicate)} of {_label(t.subject)} is no literal"
        if t.predicate.value == RDFS + "range":
            data = value(t.object) in DATATYPES
            if data != terms.is_a(t.subject, "DatatypeProperty"):
                yield f"{_label(t.subject)} and its range {_label(t.object)} are of two kinds"
        inside = t.predicate.value == OWL + "onProperty"
        if inside and not terms.is_a(t.object, "ObjectProperty"):
            yield f"a restriction is on {_label(t.object)}, no object property"


def _ordered(known: list[Triple]) -> Iterator[str]:
    """Chains follow an order, and no property with a single value is made up of others."""
    index = by_subject(known)
    under: dict[Any, set[Any]] = {}
    composed, single = set(), set()
    for t in known:
        if t.predicate.value == OWL + "propertyChainAxiom":
            composed.add(t.subject)
            chain = items(t.object, index)
            inner = chain[1:] if chain[:1] == [t.subject] else chain
            inner = inner[:-1] if inner is chain and chain[-1:] == [t.subject] else inner
            under.setdefault(t.subject, set()).update(inner)
        elif t.predicate.value == RDFS + "subPropertyOf":
            under.setdefault(t.object, set()).add(t.subject)
        elif t.predicate == TYPE and value(t.object) == OWL + "TransitiveProperty":
            composed.add(t.subject)
        elif t.predicate == TYPE and value(t.object) == OWL + "FunctionalProperty":
            single.add(t.subject)
    try:
        order = list(TopologicalSorter(under).static_order())
    except CycleError as error:
        yield f"the chains of {', '.join(sorted(set(map(_label, error.args[1]))))} run in a circle"
        return
    for prop in order:
        if under.get(prop, set()) & composed:
            composed.add(prop)
    yield from (f"{_label(prop)} has one value and is composed" for prop in single & composed)


def _untold(known: list[Triple], index: Index) -> Iterator[str]:
    """Values of a property with a single value must be told apart: the closure merges nothing."""
    apart = {
        member
        for t in known
        if t.predicate.value == OWL + "distinctMembers"
        for member in items(t.object, index)
    }
    single = {t.subject for t in known if value(t.object) == OWL + "FunctionalProperty"}
    ranges = {t.object: t.subject for t in known if t.predicate.value == RDFS + "range"}
    for t in known:
        prop = ranges.get(t.object) if t.predicate == TYPE else None
        if prop in single and t.subject not in apart:
            yield f"{_label(t.subject)}, a value of {_label(prop)}, is not told apart"


def _inside(node: Any, index: Index) -> set[str]:
    """The constructs an unnamed class is made of."""
    if not isinstance(node, BlankNode):
        return set()
    found: set[str] = set()
    for t in index.get(node, ()):
        if t.predicate.value in INSIDE | LIST:
            found |= {t.predicate.value} | _inside(t.object, index)
    return found


def _label(term: Any) -> str:
    return short(value(term))
