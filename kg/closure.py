"""What the axioms imply: the OWL 2 RL rules of ``ontology/closure`` run until nothing new comes.

In: triples, axioms among them. Out: the implied triples that were not there. No Java, no reasoner
library; what this leaves out of OWL 2 DL is only what ``ontology/dl.ttl`` holds. The rules are
those of OWL 2 Profiles §4.3, one CONSTRUCT each.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from pyoxigraph import DefaultGraph, NamedNode, Quad, QueryTriples, Store, Triple

from kg.knowledge import Derivation, derivations
from kg.locations import ONTOLOGY

FOLDER = ONTOLOGY / "closure"


@functools.cache
def rules() -> tuple[Derivation, ...]:
    """The rules of inference in order, each with its sentence and its names in the standard."""
    return tuple(derivations(FOLDER))


def implied(triples: Iterable[Triple]) -> set[Triple]:
    """The triples that follow and were not stated; only those about named things."""
    store, stated = Store(), set(triples)
    store.bulk_extend(Quad(t.subject, t.predicate, t.object) for t in stated)
    known = set(stated)
    while new := _round(store, known):
        known |= new
        store.extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in new)
    return {t for t in known - stated if _named(t)}


def _round(store: Store, known: set[Triple]) -> set[Triple]:
    found: set[Triple] = set()
    for rule in rules():
        result = store.query(rule.query)
        assert isinstance(result, QueryTriples), rule.id
        found.update(triple for triple in result if triple not in known)
    return found


def _named(triple: Triple) -> bool:
    """Whether both ends are IRIs; what is said of unnamed classes is a step, not a result."""
    ends = isinstance(triple.subject, NamedNode) and isinstance(triple.object, NamedNode)
    return ends and triple.subject != triple.object
