"""What the axioms imply: the OWL 2 RL rules of ``ontology/closure`` run until nothing new comes.

In: triples, axioms among them. Out: the implied triples that were not there, or every step that led
to them. No Java, no reasoner library; what this leaves out of OWL 2 DL is only what
``ontology/dl.ttl`` holds. The rules are those of OWL 2 Profiles §4.3, each a CONSTRUCT from a basic
graph pattern, so that the premises of a step are its pattern filled in.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import (
    DefaultGraph,
    NamedNode,
    Quad,
    QuerySolution,
    QuerySolutions,
    QueryTriples,
    Store,
    Triple,
    Variable,
)

from kg.construct import Construct, Pattern, written
from kg.grammar import parse
from kg.knowledge import Derivation, derivations
from kg.locations import ONTOLOGY
from kg.namespaces import OWL, TYPE

FOLDER = ONTOLOGY / "closure"
NOTHING = NamedNode(OWL + "Nothing")


@dataclass(frozen=True)
class Step:
    """One use of a rule of inference: its id, what it concludes and from what."""

    rule: str
    conclusion: Triple
    premises: tuple[Triple, ...]


@functools.cache
def rules() -> tuple[Derivation, ...]:
    """The rules of inference in order, each with its sentence and its names in the standard."""
    return tuple(derivations(FOLDER))


def implied(triples: Iterable[Triple]) -> set[Triple]:
    """The triples that follow and were not stated; only those about named things."""
    stated = set(triples)
    store, known = _stored(stated), set(stated)
    while new := _round(store, known):
        known |= new
        _extend(store, new)
    return {t for t in known - stated if named(t)}


def steps(triples: Iterable[Triple]) -> list[Step]:
    """Every use of every rule on the triples and on what follows from them."""
    known = set(triples)
    store = _stored(known)
    while new := _round(store, known):
        known |= new
        _extend(store, new)
    return [step for rule in rules() for step in _uses(rule, store)]


def clashes(triples: Iterable[Triple]) -> list[Triple]:
    """What cannot be: of ``owl:Nothing`` by the rules on disjointness and single values."""
    return sorted((t for t in triples if t.predicate == TYPE and t.object == NOTHING), key=str)


def named(triple: Triple) -> bool:
    """Whether both ends are IRIs; what is said of unnamed classes is a step, not a result."""
    ends = isinstance(triple.subject, NamedNode) and isinstance(triple.object, NamedNode)
    return ends and triple.subject != triple.object


def _stored(triples: Iterable[Triple]) -> Store:
    store = Store()
    store.bulk_extend(Quad(t.subject, t.predicate, t.object) for t in triples)
    return store


def _extend(store: Store, triples: Iterable[Triple]) -> None:
    store.extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in triples)


def _round(store: Store, known: set[Triple]) -> set[Triple]:
    found: set[Triple] = set()
    for rule in rules():
        result = store.query(rule.query)
        assert isinstance(result, QueryTriples), rule.id
        found.update(triple for triple in result if triple not in known)
    return found


@functools.cache
def _tree(rule: Derivation) -> tuple[Construct, str]:
    """A rule's tree, and the query for all values of its variables."""
    tree = parse(rule.query)
    return tree, "SELECT * " + written(tree).partition("\n")[2]


def _uses(rule: Derivation, store: Store) -> Iterator[Step]:
    tree, query = _tree(rule)
    patterns = [element for element in tree.where.elements if isinstance(element, Pattern)]
    result = store.query(query)
    assert isinstance(result, QuerySolutions), rule.id
    for row in result:
        premises = tuple(_filled(pattern, row) for pattern in patterns)
        for pattern in tree.template:
            yield Step(rule.id, _filled(pattern, row), premises)


def _filled(pattern: Pattern, row: QuerySolution) -> Triple:
    subject, predicate, value = (
        row[term.value] if isinstance(term, Variable) else term
        for term in (pattern.subject, pattern.predicate, pattern.object)
    )
    return Triple(subject, predicate, value)  # type: ignore[arg-type] # as the store gave them
