"""Every rule case and composed record as it is reasoned with, and the same cut down for HermiT.

HermiT needs hours for some 9,000 things, so it is given one of each sort. Two steps, neither of
which changes the type of a named thing:

1. A property that axioms name only as having a domain or a range is split: ``s p o`` becomes ``s p
   x`` and ``y p o``. Nothing else can pass along it.
2. Of what then hangs together among the things of a case, one is kept of each that differ in more
   than the names of things.

Each thing of each case is mapped to the one that stands for it, so that all are compared.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyoxigraph import BlankNode, NamedNode, Triple

from kg.closure import clashes, implied
from kg.derive import derive
from kg.disease import axioms, ground, told
from kg.inputs import read
from kg.knowledge import default
from kg.namespaces import OWL, RDF, RDFS, RECORD, TYPE, value
from kg.owl import OF_PROPERTIES, bearing, logical
from tests.rules.corpus import rule_cases

RECORDS = Path(__file__).resolve().parents[1] / "records"
STUB = RECORD + "stub/"
Facts = frozenset[Triple]


@functools.cache
def cases() -> dict[str, Facts]:
    """The facts of each case that can bear on types, by the name of the case."""
    knowledge, found = default(), {f"{c.file} {c.name}": c.case() for c in rule_cases()}
    for path in sorted((*RECORDS.glob("*.json"), *RECORDS.glob("*.ndjson"))):
        for case in read(path.name, path.read_bytes(), knowledge).cases:
            found[f"{path.name} {case.id}"] = case
    tbox = frozenset(logical(axioms()))
    graphs = ((name, derive(case, knowledge)) for name, case in found.items())
    return {name: frozenset(bearing({*graph, *told(graph)}, tbox)) for name, graph in graphs}


@functools.cache
def contradictory() -> dict[str, Facts]:
    """The cases in which the closure finds a clash."""
    tbox = ground()
    everything = {_in(f"case-{n}", t) for n, facts in enumerate(cases().values()) for t in facts}
    places = {_case_of(t.subject) for t in clashes(implied(everything | tbox))}
    return {name: facts for n, (name, facts) in enumerate(cases().items()) if str(n) in places}


def _in(case: str, t: Triple) -> Triple:
    """The triple with the things of a case named after it."""
    return _renamed(t, {x: _at(case, x) for x in (t.subject, t.object) if local(x)})


def _at(case: str, thing: Any) -> NamedNode:
    return NamedNode(f"{RECORD}{case}/{thing.value.removeprefix(RECORD)}")


def _case_of(thing: Any) -> str:
    return str(thing.value.removeprefix(RECORD + "case-").partition("/")[0])


def local(term: object) -> bool:
    """Whether a term is a thing of a case, not of the ontology."""
    return isinstance(term, NamedNode) and term.value.startswith(RECORD)


@functools.cache
def one_way() -> frozenset[Any]:
    """The properties that axioms name only as having a domain or a range."""
    inside, ends = set(), set()
    for t in logical(axioms()):
        name = t.predicate.value
        if name in (RDFS + "domain", RDFS + "range"):
            ends.add(t.subject)
        elif name in OF_PROPERTIES or name in (OWL + "onProperty", RDF + "first"):
            inside |= {t.subject, t.object}
        elif t.predicate == TYPE and value(t.object) in (
            OWL + "TransitiveProperty",
            OWL + "FunctionalProperty",
        ):
            inside.add(t.subject)
    return frozenset(ends - inside)


@dataclass
class Reduced:
    """The facts kept, and for each thing of each case the thing that stands for it."""

    facts: set[Triple] = field(default_factory=set)
    stands_for: dict[tuple[str, NamedNode], NamedNode] = field(default_factory=dict)


def reduced(chosen: Iterable[tuple[str, Facts]]) -> Reduced:
    """One of each sort of the cases' things."""
    made, known = Reduced(), dict[Any, int]()
    every = [(name, {part for t in facts for part in _split(t)}) for name, facts in chosen]
    for name, facts in every:
        for group in _groups(facts):
            order = _ordered(group)
            places = {n: NamedNode(f"{RECORD}{place}") for place, n in enumerate(order)}
            sort = frozenset(_renamed(t, places) for t in group)
            number = known.setdefault(sort, len(known))
            names = {
                n: NamedNode(f"{RECORD}sort-{number}/{place}") for place, n in enumerate(order)
            }
            made.facts |= {_renamed(t, names) for t in group}
            made.stands_for |= {(name, n): names[n] for n in order}
    return made


def _split(t: Triple) -> list[Triple]:
    if t.predicate not in one_way():
        return [t]
    name = t.predicate.value.rpartition("/")[2]
    ends = [Triple(t.subject, t.predicate, NamedNode(f"{STUB}{name}-to"))]
    if isinstance(t.object, NamedNode):
        ends.append(Triple(NamedNode(f"{STUB}{name}-from"), t.predicate, t.object))
    return ends


def _joins(term: object) -> bool:
    return local(term) and not str(term).startswith(f"<{STUB}")


def _groups(facts: set[Triple]) -> list[list[Triple]]:
    """The facts by what hangs together over things of the case; those of the ontology alone."""
    parent: dict[Any, Any] = {}

    def root(x: Any) -> Any:
        while parent.setdefault(x, x) != x:
            x = parent[x]
        return x

    for t in facts:
        if _joins(t.subject) and _joins(t.object):
            parent[root(t.subject)] = root(t.object)
    found: dict[Any, list[Triple]] = {}
    for t in sorted(facts, key=str):
        ends = [x for x in (t.subject, t.object) if _joins(x)]
        found.setdefault(root(ends[0]) if ends else None, []).append(t)
    return list(found.values())


def _ordered(group: list[Triple]) -> list[NamedNode]:
    """The things of a group, ordered by what is said of them, so that equal groups look equal."""
    said: dict[NamedNode, list[str]] = {}
    for t in group:
        for here, there, mark in ((t.subject, t.object, ">"), (t.object, t.subject, "<")):
            if isinstance(here, NamedNode) and _joins(here):
                other = "" if _joins(there) else str(there)
                said.setdefault(here, []).append(f"{mark}{t.predicate}{other}")
    return sorted(said, key=lambda n: (sorted(said[n]), n.value))


def _renamed(t: Triple, names: dict[Any, NamedNode]) -> Triple:
    subject = names.get(t.subject, t.subject)
    end = t.object if isinstance(t.object, BlankNode) else names.get(t.object, t.object)
    return Triple(subject, t.predicate, end)
