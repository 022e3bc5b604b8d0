"""Is every axiom needed? Take each away, and each condition out of each definition, one at a time.

In: the axioms of the ontology and the suites of ``tests/reasoning``, which say in so many words
what must follow, must not follow and cannot be. Out: a mutant an axiom or condition, with the test
that notices. Java-less: the closure alone is asked, so ``dl.ttl``, which it does not read, is left
out.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import BlankNode, Triple

from kg.axioms import Axiom, axioms, shortened
from kg.closure import Step, implied, steps
from kg.disease import ground
from kg.errors import KnowledgeError
from kg.knowledge import Knowledge
from kg.owl_profile import value_findings
from kg.prove import Mutant, Wanted, everything
from kg.prove.suites import suite, wrong_values


def mutants(knowledge: Knowledge, wanted: Wanted = everything) -> Iterator[Mutant]:
    """Every wanted axiom taken away, and condition dropped; ``noticed_by`` names the first test.

    ``KnowledgeError`` if the suites do not hold of the axioms as they stand.
    """
    known = sorted(ground(), key=str)
    check = _Check(known)
    for axiom in axioms(known):
        if wanted("axiom", axiom.of, axiom.words):
            yield Mutant(axiom.of, axiom.words, "axiom", check.without(axiom))
        for head, members in axiom.lists:
            for place, member in enumerate(members):
                what = f"{axiom.words}, without {member}"
                if wanted("axiom", axiom.of, what):
                    found = check.shortened(axiom, head, place)
                    yield Mutant(axiom.of, what, "axiom", found)


class _Check:
    """Which test of the suites notices a change of the axioms; empty if none does."""

    def __init__(self, known: list[Triple]) -> None:
        questions = (*suite("entailed"), *suite("not_entailed"), *suite("contradictory"))
        self._known = known
        self._stated = {*known, *(t for question in questions for t in question.facts)}
        self._cone = _Cone(steps(self._stated), self._stated)
        self._wrong = value_findings([*known, *wrong_values()])
        if found := self._noticed(self._stated | implied(self._stated)):
            raise KnowledgeError(f"the suites of tests/reasoning do not hold: {found}")

    def without(self, axiom: Axiom) -> str:
        """The test that notices that an axiom is gone."""
        lost = self._cone.lost({axiom.key})
        for question in suite("entailed"):
            if question.asked & lost:
                return question.name
        for question in suite("contradictory"):
            if question.is_impossible(lost):
                return question.name
        left = [t for t in self._known if t != axiom.key]
        return "" if value_findings([*left, *wrong_values()]) == self._wrong else "wrong-values"

    def shortened(self, axiom: Axiom, head: BlankNode, place: int) -> str:
        """The test that notices that one condition of an axiom, or one member, is gone."""
        gone, instead = shortened(axiom, head, place)
        stated = (self._stated - gone) | instead
        return self._noticed(stated | implied(stated))

    def _noticed(self, known: set[Triple]) -> str:
        for question in suite("entailed"):
            if not question.follows(known):
                return question.name
        for question in suite("not_entailed"):
            if question.asked & known:
                return question.name
        for question in suite("contradictory"):
            if not question.is_impossible(known):
                return question.name
        return ""


class _Cone:
    """What no longer follows when something is taken away, without inferring the rest anew."""

    def __init__(self, steps: list[Step], stated: set[Triple]) -> None:
        self._stated = stated
        self._using: dict[Triple, list[Step]] = {}
        self._making: dict[Triple, list[Step]] = {}
        for step in steps:
            self._making.setdefault(step.conclusion, []).append(step)
            for premise in set(step.premises):
                self._using.setdefault(premise, []).append(step)

    def lost(self, gone: set[Triple]) -> set[Triple]:
        """Everything that followed and, without those, does not."""
        doubted, wanted = set(gone), list(gone)
        while wanted:
            for step in self._using.get(wanted.pop(), ()):
                if step.conclusion not in doubted and step.conclusion not in self._stated:
                    doubted.add(step.conclusion)
                    wanted.append(step.conclusion)
        doubted |= gone
        while saved := self._saved(doubted):
            doubted -= saved
        return doubted

    def _saved(self, doubted: set[Triple]) -> set[Triple]:
        """What has a way to it that leads over nothing in doubt."""
        return {
            t
            for t in doubted
            if any(doubted.isdisjoint(step.premises) for step in self._making.get(t, ()))
        }
