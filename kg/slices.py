"""The part of the ontology a case touches, as rows kept ready (design: what shapes see).

Properties say themselves how they travel: a ``CopiedProperty`` takes the row along, a
``FollowedProperty`` also continues from its object, a ``BackwardProperty`` continues from subjects
that point at something the case itself names.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kg.expressions import Node
from kg.facts import Facts, Part, Row
from kg.knowledge import Knowledge
from kg.namespaces import M816, TYPE


class Slice(NamedTuple):
    """What one node of the ontology brings along, and what of it is judged."""

    whole: Part
    judged: Part


class Slices:
    """The slices of one knowledge: ``always`` is in every case, ``judged`` what of it is judged."""

    def __init__(self, knowledge: Knowledge) -> None:
        def typed(name: str) -> frozenset[str]:
            return frozenset(knowledge.by_type.get(M816 + name, ()))

        self._knowledge = knowledge
        self._followed = typed("FollowedProperty")
        self._copied = typed("CopiedProperty") | self._followed | {TYPE.value}
        self._backwards = typed("BackwardProperty")
        self._classes = typed("WorkingClass")
        self._working = {n for kind in self._classes for n in knowledge.by_type.get(kind, ())}
        self._kept: dict[Node, Slice] = {}
        self._always = Facts(row for seed in typed("AlwaysInSlice") for row in self._from(seed))
        self._everywhere = {row[0] for row in self._always}
        self._judged = Facts(row for row in self._always if row[0] not in self._working)

    def of(self, seeds: Iterable[Node]) -> tuple[list[Slice], Facts]:
        """The slices of the nodes a case names; and, as facts, they with what is always there."""
        raw, into = self._knowledge.raw, self._knowledge.into
        found = []
        for seed in seeds:
            kept = self._kept.get(seed)
            if kept is None and isinstance(seed, str) and (seed in raw or seed in into):
                kept = self._kept[seed] = self._slice(seed)
            if kept is not None:
                found.append(kept)
        facts = Facts(over=self._always)
        for each in found:
            facts.join(each.whole)
        return found, facts

    def _slice(self, seed: str) -> Slice:
        rows = [row for row in self._from(seed) if row[0] not in self._everywhere]
        judged = [row for row in rows if row[0] not in self._working]
        return Slice(Facts(rows).part(), Facts(judged).part())

    def _from(self, seed: str) -> Iterator[Row]:
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

    def for_judging(self, facts: Facts, found: list[Slice]) -> Facts:
        """Facts that grew out of these slices, without the data only derivations read
        (``m816:WorkingClass``)."""
        types = facts.po.get(TYPE.value, {})
        dropped = {node for kind in self._classes for node in types.get(kind, ())}
        if not dropped <= self._working:  # the case calls a node of its own so
            return Facts(row for row in facts if row[0] not in dropped)
        judged = Facts(over=self._judged)
        for each in found:
            judged.join(each.judged)
        judged.extend(row for row in facts.rows if row[0] not in dropped)
        return judged


@functools.lru_cache(maxsize=4)
def slices(knowledge: Knowledge) -> Slices:
    """The slices of that knowledge, kept as long as it is used."""
    return Slices(knowledge)
