"""Every case beside a shape gives exactly the findings it lists, by both engines of ours."""

from __future__ import annotations

import pytest

from kg.derive import derived
from kg.judge import judge, rules
from kg.knowledge import default
from kg.pyshacl_engine import engine
from kg.shacl_compiled import engine as compiled
from tests.rules.corpus import RuleCase, rule_cases

CASES = rule_cases()
CANARY = "case-is-derived"  # fails only underived, and every case here is derived: tests/command
RULES = sorted(rule.iri.rsplit("/", 1)[-1] for rule in rules(default()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}#{case.name}")
def test_case_gives_exactly_the_findings_it_lists(case: RuleCase) -> None:
    knowledge = default()
    facts = derived(case.case(), knowledge)
    outcomes = judge(facts, knowledge, engine(knowledge))
    assert judge(facts, knowledge, compiled(knowledge)) == outcomes
    found = {
        (o.outcome, o.rule.iri.rsplit("/", 1)[-1], o.focus)
        for o in outcomes
        if o.outcome in ("fail", "indeterminate") or o.rule.iri.endswith("/" + case.about)
    }
    assert {(o, r, f or "-") for o, r, f in found} == case.expects


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}#{case.name}")
def test_case_says_what_it_is(case: RuleCase) -> None:
    assert case.label
    assert case.about
    assert case.triples
    outcomes = {outcome for outcome, rule, _ in case.expects if rule == case.about}
    assert case.outcome in outcomes
    if case.outcome != "pass":
        assert outcomes == {case.outcome} or case.outcome == "fail"


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != CANARY])
def test_rule_has_a_passing_a_failing_and_a_not_applicable_case(rule: str) -> None:
    outcomes = {case.outcome for case in CASES if case.about == rule}
    assert {"pass", "fail", "not-applicable"} <= outcomes


@pytest.mark.parametrize("rule", [r for r in rules(default()) if r.needs], ids=lambda r: r.iri)
def test_rule_that_needs_a_fact_has_an_indeterminate_case(rule: object) -> None:
    name = rule.iri.rsplit("/", 1)[-1]  # type: ignore[attr-defined]
    assert "indeterminate" in {case.outcome for case in CASES if case.about == name}


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.differs_from], ids=lambda case: f"{case.file}#{case.name}"
)
def test_failing_case_differs_from_a_passing_one_by_at_most_two_triples(case: RuleCase) -> None:
    other = next(c for c in CASES if c.name == case.differs_from and c.file == case.file)
    assert other.about == case.about
    assert other.outcome == "pass"
    added, removed = case.triples - other.triples, other.triples - case.triples
    assert max(len(added), len(removed)) <= 2


def test_every_failing_case_names_the_passing_case_it_varies() -> None:
    assert [c.name for c in CASES if c.outcome == "fail" and not c.differs_from] == []
