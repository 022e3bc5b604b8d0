"""The part of the ontology a case touches, as rows kept ready (design: what shapes see).

Properties say themselves how they travel: a ``CopiedProperty`` takes the row along, a
``FollowedProperty`` also continues from its object, a ``BackwardProperty`` continues from subjects
that point at something the case itself names.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from kg.expressions import Node
from kg.facts import Facts, Row
from kg.knowledge import Knowledge
from kg.namespaces import M816, TYPE


class Slices:
    """The slices of one knowledge: ``always`` is in every case, ``judged`` what of it is judged."""

    def __init__(self, knowledge: Knowledge) -> None:
        def typed(name: str) -> frozenset[str]:
            return frozenset(knowledge.by_type.get(M816 + name, ()))

        self._knowledge = knowledge
        self._followed = typed("FollowedProperty")
        self._copied = typed("CopiedProperty") | self._followed | {TYPE.value}
        self._backwards = typed("BackwardProperty")
        self._kept: dict[Node, tuple[Row, ...]] = {}
        self._working = typed("WorkingClass")
        self.always = Facts()
        self.always.extend(row for seed in typed("AlwaysInSlice") for row in self._from(seed))
        self.always.freeze()
        dropped = self._of_work(self.always)
        self.judged = Facts(row for row in self.always if row[0] not in dropped)
        self.judged.freeze()
        self._judged_nodes = {row[0] for row in self.judged}

    def rows(self, seeds: Iterable[Node]) -> list[Row]:
        """The slice of the nodes a case names, beyond what is always there; with repeats."""
        raw, into = self._knowledge.raw, self._knowledge.into
        found: list[Row] = []
        for seed in seeds:
            kept = self._kept.get(seed)
            if kept is not None:
                found += kept
            elif isinstance(seed, str) and (seed in raw or seed in into):
                rows = dict.fromkeys(row for row in self._from(seed) if row not in self.always)
                self._kept[seed] = tuple(rows)
                found += rows
        return found

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

    def _of_work(self, facts: Facts) -> set[Node]:
        """The nodes of the working data that only derivations read (``m816:WorkingClass``)."""
        types = facts.po.get(TYPE.value, {})
        return {node for kind in self._working for node in types.get(kind, ())}

    def for_judging(self, facts: Facts) -> Facts:
        """Facts that stand over ``always`` without the working data; they stand over ``judged``."""
        dropped = self._of_work(facts)
        if not dropped.isdisjoint(self._judged_nodes):
            return Facts(row for row in facts if row[0] not in dropped)
        return Facts((row for row in facts.rows if row[0] not in dropped), over=self.judged)


@functools.lru_cache(maxsize=4)
def slices(knowledge: Knowledge) -> Slices:
    """The slices of that knowledge, kept as long as it is used."""
    return Slices(knowledge)
