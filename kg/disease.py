"""A derived case graph → the case in the disease layer: disorders, their places and causes.

The CONSTRUCTs of ``ontology/disease``, each with its sentence and citation. Only reasoning looks at
the result; no shape does, so that no disorder ever supports a code. What of the ontology a reasoner
needs beside it is here too: the axioms and the individuals, without the codes that no case names.
"""

from __future__ import annotations

import functools

from pyoxigraph import Quad, QueryTriples, Store, Triple

from kg.knowledge import Derivation, derivations, triples_of, turtle_files
from kg.locations import ONTOLOGY
from kg.namespaces import TYPE, m816
from kg.owl import logical

FOLDER = ONTOLOGY / "disease"
BEYOND_RL = ONTOLOGY / "dl.ttl"


@functools.cache
def bridges() -> tuple[Derivation, ...]:
    """The steps from words to disorders, in order."""
    return tuple(derivations(FOLDER))


def told(derived: set[Triple]) -> dict[Triple, Derivation]:
    """What a derived case graph says in the disease layer, each triple with what reads it so."""
    store = Store()
    store.bulk_extend(Quad(t.subject, t.predicate, t.object) for t in (*derived, *_described()))
    found: dict[Triple, Derivation] = {}
    for bridge in bridges():
        result = store.query(bridge.query)
        assert isinstance(result, QueryTriples), bridge.id
        for triple in result:
            if triple not in derived:
                found.setdefault(triple, bridge)
    return found


@functools.cache
def _described() -> tuple[Triple, ...]:
    """Which class each wording describes and what is part of what: a case need not carry that."""
    wanted = {m816("describes"), m816("partOf")}
    return tuple(t for t in axioms() if t.predicate in wanted)


@functools.cache
def axioms() -> tuple[Triple, ...]:
    """The ontology that cases are reasoned with: RL-shaped axioms and individuals, no codes."""
    codes = ONTOLOGY / "codes"
    left_out = {BEYOND_RL, *(p for p in turtle_files(codes) if p.name != "vocabulary.ttl")}
    files = (path for path in turtle_files(ONTOLOGY) if path not in left_out)
    return tuple(triple for path in files for triple in triples_of(path))


def beyond_rl() -> tuple[Triple, ...]:
    """The axioms that only the description-logic oracle reads."""
    return tuple(triples_of(BEYOND_RL))


@functools.cache
def ground() -> frozenset[Triple]:
    """What every case is reasoned with: the axioms, the things they name, and the anatomy."""
    known = logical(axioms())
    things = {t.object for t in known}
    return frozenset(known).union(
        t
        for t in axioms()
        if t.predicate == m816("partOf") or (t.predicate == TYPE and t.subject in things)
    )
