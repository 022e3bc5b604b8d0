"""The part of the ontology a case touches, as rows kept ready (design: what shapes see).

Properties say themselves how they travel: a ``CopiedProperty`` takes the row along, a
``FollowedProperty`` also continues from its object, a ``BackwardProperty`` continues from subjects
that point at something the case itself names.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from pyoxigraph import Triple

from kg.expressions import Node
from kg.facts import Facts, Part, Row, as_triples
from kg.knowledge import Knowledge
from kg.namespaces import M816, TYPE


class Slices:
    """The slices of one knowledge, each kept once it was asked for."""

    def __init__(self, knowledge: Knowledge) -> None:
        def typed(name: str) -> frozenset[str]:
            return frozenset(knowledge.by_type.get(M816 + name, ()))

        self._knowledge = knowledge
        self._followed = typed("FollowedProperty")
        self._copied = typed("CopiedProperty") | self._followed | {TYPE.value}
        self._backwards = typed("BackwardProperty")
        self._working = typed("WorkingClass")
        self._kept: dict[Node, Part] = {}
        always = Facts(row for seed in typed("AlwaysInSlice") for row in self.reached(seed))
        self._everywhere = {row[0] for row in always}
        self._always = always.part()

    def of(self, seeds: Iterable[Node]) -> list[Part]:
        """What is always there and the slices of the nodes a case names."""
        raw, into = self._knowledge.raw, self._knowledge.into
        found = [self._always]
        for seed in seeds:
            kept = self._kept.get(seed)
            if kept is None and isinstance(seed, str) and (seed in raw or seed in into):
                rows = (row for row in self.reached(seed) if row[0] not in self._everywhere)
                kept = self._kept[seed] = Facts(rows).part()
            if kept:
                found.append(kept)
        return found

    def drop_working(self, facts: Facts) -> None:
        """Take away the nodes that only derivations read (``m816:WorkingClass``)."""
        types = facts.po[TYPE.value]
        facts.drop({node for kind in self._working for node in types.get(kind, ())})

    def reached(self, seed: str) -> Iterator[Row]:
        """The rows of a node and of what is reached from it."""
        raw = self._knowledge.raw
        queue = [s for p, s in self._knowledge.into.get(seed, ()) if p in self._backwards]
        queue.append(seed)
        seen: set[str] = set()
        while queue:
            subject = queue.pop()
            if subject in seen:
                continue
            seen.add(subject)
            for predicate, value, datatype, language in raw.get(subject, ()):
                if predicate in self._copied:
                    held = value if datatype is None else (value, datatype, language)
                    yield subject, predicate, held
                if predicate in self._followed and datatype is None:
                    queue.append(value)


def slice_of(knowledge: Knowledge, seeds: Iterable[str]) -> set[Triple]:
    """The slices of some nodes as triples."""
    ready = slices(knowledge)
    return as_triples(row for seed in seeds for row in ready.reached(seed))


@functools.lru_cache(maxsize=4)
def slices(knowledge: Knowledge) -> Slices:
    """The slices of that knowledge, kept as long as it is used."""
    return Slices(knowledge)
