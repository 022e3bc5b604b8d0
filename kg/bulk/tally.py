"""Rows → counts for the summary: verdicts, rules, what was left open and where it got lost.

Counted in cases, not findings: of each rule the worst that it came to in a case. So the counts of a
rule add up to the cases in scope, and memory stays that of the rules, however many cases there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from kg.bulk.finished import Finding, Row
from kg.judge import Rule, rules
from kg.knowledge import Knowledge
from kg.namespaces import M816

OUTCOMES = ("fail", "indeterminate", "pass", "not-applicable")
SHOWN = 200
_FEED = M816 + "feedGap"


class Tally:
    """Counts of the rows added.

    ``axes`` by axis and state, ``rules`` by rule and outcome, ``open`` by rule and reason,
    ``facts`` by feed and fact, the others by name; ``unjudged``: the first rows with an error;
    ``again``: cases in scope that have the id of another one.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.verdicts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.unjudged: list[Row] = []
        self.rules: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.open: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.reasons: Counter[str] = Counter()
        self.gaps: Counter[str] = Counter()
        self.facts: Counter[tuple[str, str]] = Counter()
        self.axes: Counter[tuple[str, str]] = Counter()
        self.feeds: Counter[str] = Counter()
        self.payers: Counter[str] = Counter()
        self.releases: Counter[str] = Counter()
        self.engines: Counter[str] = Counter()
        self.again = 0
        self._cases: set[int] = set()
        self._gap_of = gaps(knowledge)
        self._needs = {name_of(rule): rule.needs for rule in rules(knowledge)}
        self.lacks = lacks(knowledge)

    @property
    def in_scope(self) -> int:
        """How many cases the rules were applied to."""
        return self.verdicts.total() - self.verdicts["out-of-scope"]

    def add(self, row: Row) -> None:
        """Count one row."""
        if row.error:
            self.errors[row.error] += 1
            if len(self.unjudged) < SHOWN:
                self.unjudged.append(row)
            return
        self.verdicts[row.verdict] += 1
        if row.verdict == "out-of-scope":
            return
        self._cases.add(hash(row.case))
        self.again = self.in_scope - len(self._cases)
        self.feeds[row.context.profile or ""] += 1
        self.payers[row.context.payer or ""] += 1
        self.releases[row.rules.get("codeRelease", "")] += 1
        self.engines[", ".join(row.engine.values())] += 1
        self.axes.update(row.axes.items())
        self._judged(row)

    def _judged(self, row: Row) -> None:
        worst: dict[str, int] = {}
        lost: defaultdict[str, set[str]] = defaultdict(set)
        for finding in row.findings:
            rank = OUTCOMES.index(finding.outcome)
            worst[finding.rule] = min(rank, worst.get(finding.rule, rank))
            if finding.outcome == "indeterminate":
                lost[finding.rule].update(finding.basis)
        for rule, rank in worst.items():
            self.rules[rule][OUTCOMES[rank]] += 1
        for rule, reasons in lost.items():
            self.open[rule].update(reasons)
        every = {reason for reasons in lost.values() for reason in reasons}
        self.reasons.update(every)
        self.gaps.update({self._gap_of[reason] for reason in every if reason in self._gap_of})
        profile = row.context.profile or ""
        self.facts.update(
            {(profile, fact) for f in row.findings for fact in self._lost(f, profile)}
        )

    def _lost(self, finding: Finding, profile: str) -> frozenset[str]:
        """The facts that a rule needs and this kind of feed has no place for."""
        if not any(self._gap_of.get(reason) == _FEED for reason in finding.basis):
            return frozenset()
        return self._needs.get(finding.rule, frozenset()) & self.lacks.get(profile, frozenset())


def gaps(knowledge: Knowledge) -> dict[str, str]:
    """Where a fact got lost, by the label of the reason why it is left open."""
    found = knowledge.subjects("OpenBasis")
    return {knowledge.label(iri): knowledge.text(iri, "gapIn") for iri in found}


def lacks(knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """The facts that a kind of feed has no place for, by what verdicts call the feed."""
    return {
        knowledge.notation(iri) or knowledge.label(iri): frozenset(
            knowledge.texts(iri, "cannotCarry")
        )
        for iri in knowledge.subjects("FeedProfile")
    }


def name_of(rule: Rule) -> str:
    """What verdicts call a rule."""
    return rule.iri.rsplit("/", 1)[-1]
