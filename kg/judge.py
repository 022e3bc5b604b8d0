"""The derived case graph against the rules: SHACL results → one outcome per rule and focus.

``requires`` rules fail when evidence is missing, ``forbids`` rules when a conflict is present.
With a property the rule needs undetermined, a failed ``requires`` and a passed ``forbids``
become indeterminate; no focus node at all is not-applicable. That is all the outcome logic.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec
from pyoxigraph import NamedNode, RdfFormat, Triple, parse, serialize

from kg.facts import Facts, as_triples, row, text_of
from kg.knowledge import Knowledge
from kg.namespaces import M816, RDF, RDFS, SH, TYPE


class Row(NamedTuple):
    """One SHACL result: the six columns engines must agree on."""

    focus: str
    path: str
    value: str
    component: str
    severity: str
    shape: str


class Engine(Protocol):
    """A SHACL engine: shapes and data in, result rows out.

    One of our own also has ``rows_of(facts)``, which gives the same without any text between.
    """

    name: str

    def rows(self, data: bytes) -> list[Row]:
        """Validate a graph given as N-Triples; every result as a row, sorted."""
        ...


@dataclass(frozen=True)
class Rule:
    """What the shape of one rule says about itself."""

    iri: str
    target: str
    severity: str
    axis: str
    polarity: str
    if_failed: str
    needs: frozenset[str]

    @functools.cached_property
    def unmet(self) -> Outcome:
        """The outcome where nothing is what the rule is about."""
        return Outcome(self, "not-applicable")


class Outcome(msgspec.Struct, frozen=True):
    """One rule at one focus: pass, fail, indeterminate or not-applicable (focus empty)."""

    rule: Rule
    outcome: str
    focus: str = ""
    rows: tuple[Row, ...] = ()
    basis: tuple[str, ...] = ()


SEVERITIES = {"Violation": "must", "Warning": "should", "Info": "consider"}


@functools.lru_cache(maxsize=8)
def rules(knowledge: Knowledge) -> tuple[Rule, ...]:
    """All rules of the knowledge, by IRI."""
    return tuple(
        Rule(
            iri,
            next(v.value for v in knowledge.values(iri, SH + "targetClass")),
            SEVERITIES[_last(knowledge.values(iri, SH + "severity")[0].value)],
            _last(knowledge.text(iri, "axis")),
            _last(knowledge.text(iri, "polarity")),
            _last(knowledge.text(iri, "ifFailed")),
            frozenset(knowledge.texts(iri, "needs")),
        )
        for iri in knowledge.subjects("Rule")
    )


def _last(iri: str) -> str:
    return iri.replace("#", "/").rsplit("/", 1)[-1]


def bare_shapes(knowledge: Knowledge) -> bytes:
    """The shapes without what engines do not read, as N-Triples."""
    kept = [
        Triple(quad.subject, quad.predicate, quad.object)
        for quad in parse(knowledge.shapes, RdfFormat.TURTLE)
        if quad.predicate.value.startswith(_READ)
        or (quad.predicate == TYPE and not _ours(quad.object))
    ]
    return ntriples(kept)


@functools.lru_cache(maxsize=8)
def reading(knowledge: Knowledge) -> frozenset[NamedNode] | None:
    """What the shapes of that knowledge read."""
    return read_by(bare_shapes(knowledge))


def read_by(shapes: bytes) -> frozenset[NamedNode] | None:
    """The properties and classes that shapes, given as N-Triples, read; None is everything.

    A path, a class or a pair of properties reads what it names; a query or a closed shape does not.
    """
    triples = list(parse(shapes, RdfFormat.N_TRIPLES))
    used = {quad.predicate.value.removeprefix(SH) for quad in triples}
    if not used - {TYPE.value, RDF + "first", RDF + "rest"} <= _NEAR:
        return None
    return frozenset(q.object for q in triples if isinstance(q.object, NamedNode))


def handed(graph: set[Triple], names: frozenset[NamedNode] | None) -> bytes:
    """What shapes can read of a graph, as N-Triples: an eighth of a case.

    With a subclass written into the graph every type counts, so nothing is left out then.
    """
    if names is None:
        return ntriples(graph)
    kept = []
    for triple in graph:
        if triple.predicate == TYPE:
            if triple.object in names:
                kept.append(triple)
        elif triple.predicate in names:
            kept.append(triple)
        elif triple.predicate == _SUBCLASS:
            return ntriples(graph)
    return ntriples(kept)


_SUBCLASS = NamedNode(RDFS + "subClassOf")
# fmt: off
_NEAR = {  # SHACL Core without sh:closed: each reads the values of its paths and the names it gives
    "targetClass", "path", "alternativePath", "inversePath", "zeroOrMorePath", "oneOrMorePath",
    "zeroOrOnePath", "minCount", "maxCount", "in", "hasValue", "class", "datatype", "nodeKind",
    "pattern", "flags", "minLength", "maxLength", "minInclusive", "maxInclusive", "minExclusive",
    "maxExclusive", "languageIn", "uniqueLang", "equals", "disjoint", "lessThan",
    "lessThanOrEquals", "not", "and", "or", "xone", "node", "severity", "message",
}
# fmt: on


def ntriples(triples: Iterable[Triple]) -> bytes:
    """Triples as N-Triples."""
    return serialize(triples, format=RdfFormat.N_TRIPLES) or b""


_READ = (SH, RDF + "first", RDF + "rest")
_OPEN = ("undetermined", "undeterminedBecause")


def _ours(term: object) -> bool:
    return isinstance(term, NamedNode) and term.value.startswith(M816)


def judge(graph: Facts | Iterable[Triple], knowledge: Knowledge, engine: Engine) -> list[Outcome]:
    """Every rule's outcome at every focus of the derived graph, sorted by rule and focus."""
    facts = graph if isinstance(graph, Facts) else Facts(map(row, graph))
    return outcomes(facts, rules(knowledge), results(facts, knowledge, engine))


def outcomes(
    graph: Facts | Iterable[Triple], judged: Iterable[Rule], rows: Iterable[Row]
) -> list[Outcome]:
    """What the rows of an engine mean for these rules in that graph."""
    facts = graph if isinstance(graph, Facts) else Facts(map(row, graph))
    by_place: dict[tuple[str, str], list[Row]] = {}
    for each in rows:
        by_place.setdefault((each.shape, each.focus), []).append(each)
    focuses = facts.po[TYPE.value]
    unknown, bases = (facts.sp.get(M816 + name, {}) for name in _OPEN)
    found: list[Outcome] = []
    for rule in judged:
        targets = focuses.get(rule.target)
        if not targets:
            found.append(rule.unmet)
            continue
        for focus in sorted(map(text_of, targets)):
            broken = tuple(by_place.get((rule.iri, focus), ()))
            missing = not rule.needs.isdisjoint(unknown.get(focus, ()))
            outcome = outcome_of(rule.polarity, bool(broken), missing)
            basis = bases.get(focus, ()) if outcome == "indeterminate" else ()
            found.append(Outcome(rule, outcome, focus, broken, tuple(sorted(map(text_of, basis)))))
    return found


def results(facts: Facts, knowledge: Knowledge, engine: Engine) -> list[Row]:
    """What an engine finds in facts, which one of our own reads as they are."""
    own = getattr(engine, "rows_of", None)
    if own:
        return list(own(facts))
    return engine.rows(handed(set(as_triples(facts)), reading(knowledge)))


def outcome_of(polarity: str, violated: bool, undetermined: bool) -> str:
    """The outcome of a rule at a focus; the only place where absence is weighed."""
    if undetermined and violated == (polarity == "requires"):
        return "indeterminate"
    return "fail" if violated else "pass"
