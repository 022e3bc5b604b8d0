"""Why does a triple follow: the fewest facts and axioms found from which the closure infers it.

In: the steps of ``kg.closure`` and what was stated. Out: a set from which nothing can be left out,
in words, each with its citation. Facts of the disease layer say which reading of the record they
come from (``ontology/disease``), axioms which term they belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

from pyoxigraph import Triple

from kg.axioms import Reader, axioms
from kg.closure import Step

Support = frozenset[Triple]


@dataclass(frozen=True)
class Premise:
    """One fact or axiom of a justification, in words, with the statements it rests on."""

    kind: str
    words: str
    sources: tuple[str, ...]


class Trail:
    """The steps, ready to be asked why something follows."""

    def __init__(self, steps: Iterable[Step], stated: set[Triple]) -> None:
        self._steps = [step for step in steps if step.conclusion not in step.premises]
        self._needs = [len(set(step.premises)) for step in self._steps]
        self._using: dict[Triple, list[int]] = {}
        for place, step in enumerate(self._steps):
            for premise in set(step.premises):
                self._using.setdefault(premise, []).append(place)
        self._best = self._supports(stated)

    def why(self, triple: Triple) -> Support:
        """A minimal set of stated triples from which it follows; empty if it does not."""
        found = self._best.get(triple, frozenset())
        for leaf in sorted(found, key=str):
            fewer = self._supports(found - {leaf}).get(triple)
            if fewer is not None:
                found = fewer
        return found

    def _supports(self, stated: Iterable[Triple]) -> dict[Triple, Support]:
        """A small support of everything that follows, the smallest of each taken first."""
        best: dict[Triple, Support] = {}
        waiting = list(self._needs)
        queue: list[tuple[int, int, Triple, Support]] = []
        for triple in stated:
            heappush(queue, (1, len(queue), triple, frozenset((triple,))))
        count = len(queue)
        while queue:
            _, _, triple, support = heappop(queue)
            if triple in best:
                continue
            best[triple] = support
            for place in self._using.get(triple, ()):
                waiting[place] -= 1
                step = self._steps[place]
                if not waiting[place] and step.conclusion not in best:
                    joined = frozenset().union(*(best[premise] for premise in step.premises))
                    count += 1
                    heappush(queue, (len(joined), count, step.conclusion, joined))
        return best


class Words:
    """Puts supports into words, by the labels of what is known."""

    def __init__(
        self, known: Iterable[Triple], reading: Callable[[Triple, Reader], Premise | None]
    ) -> None:
        triples = list(known)
        self.reader = Reader(triples)
        self._axioms = axioms(triples)
        self._reading = reading

    def of(self, support: Support) -> list[Premise]:
        """Facts first, then axioms, each axiom once."""
        left = set(support)
        found: list[Premise] = []
        for axiom in self._axioms:
            if axiom.triples & left:
                left -= axiom.triples
                found.append(Premise("axiom", axiom.words, axiom.sources))
        return [self._fact(triple) for triple in sorted(left, key=str)] + found

    def _fact(self, triple: Triple) -> Premise:
        told = self._reading(triple, self.reader)
        return told or Premise(
            "fact", self.reader.fact(triple), self.reader.sources(triple.subject)
        )
