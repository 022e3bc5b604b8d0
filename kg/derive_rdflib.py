"""The reference path: the numbered CONSTRUCTs on rdflib's memory store, same additions.

In: a case graph with its slice, and the knowledge. Out: what the derivations add. Literals keep
their recorded form on the way in and out, which rdflib's normalisation would rewrite.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

import rdflib
from pyoxigraph import RdfFormat, Triple, parse, serialize
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from kg.errors import KnowledgeError
from kg.knowledge import Knowledge


def construct_rdflib(graph: set[Triple], knowledge: Knowledge) -> set[Triple]:
    """Run the derivations in order, each seeing what the earlier ones added; return additions.

    Raises ``KnowledgeError`` when rdflib cannot run a derivation.
    """
    with recorded_forms():
        made = _run(serialize(graph, format=RdfFormat.N_TRIPLES) or b"", knowledge)
    return {Triple(q.subject, q.predicate, q.object) for q in parse(made, RdfFormat.N_TRIPLES)}


def _run(data: bytes, knowledge: Knowledge) -> bytes:
    store = rdflib.Graph().parse(data=data, format="nt")
    added = rdflib.Graph()
    for name, query in _prepared(knowledge):
        try:
            rows = [row for row in store.query(query) if isinstance(row, tuple)]
        except Exception as error:
            raise KnowledgeError(f"{name}: rdflib cannot run it: {error}") from error
        for subject, predicate, value in rows:
            store.add((subject, predicate, value))
            added.add((subject, predicate, value))
    return added.serialize(format="nt", encoding="utf-8")


@functools.lru_cache(maxsize=4)
def _prepared(knowledge: Knowledge) -> tuple[tuple[str, Query], ...]:
    return tuple((d.id, prepareQuery(d.query)) for d in knowledge.derivations)


@contextlib.contextmanager
def recorded_forms() -> Iterator[None]:
    """``-2.50`` stays ``-2.50``: rdflib's switch is global, so it is set back afterwards."""
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS = before
