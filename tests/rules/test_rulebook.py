"""The rulebook as a whole: every rule complete, every duty and every conflict carried out."""

from __future__ import annotations

import pytest

from kg.judge import Rule, rules
from kg.knowledge import default
from kg.namespaces import DCT, LABEL, M816, RULE, SH

RULES = rules(default())
NAMES = [rule.iri.removeprefix(RULE) for rule in RULES]
CONSEQUENCES = {
    "invalid",
    "recode",
    "notCoded",
    "query",
    "owed",
    "incomplete",
    "advise",
    "conflict",
}


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_rule_says_all_that_a_rule_says(rule: Rule) -> None:
    knowledge = default()
    assert knowledge.values(rule.iri, LABEL.value)
    assert len(knowledge.values(rule.iri, SH + "message")) == 1
    assert len(knowledge.values(rule.iri, SH + "targetClass")) == 1
    assert rule.axis in {"coding", "documentation", "clinicalValidity", "coverage"}
    assert rule.polarity in {"requires", "forbids"}
    assert rule.if_failed in CONSEQUENCES
    assert knowledge.text(rule.iri, "certainty") in {"A", "B", "C"}
    assert knowledge.text(rule.iri, "owner")
    assert knowledge.text(rule.iri, "validFrom")


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_must_never_rests_on_recall_alone(rule: Rule) -> None:
    """House rule: a recalled row is certainty C and never the sole support of a must."""
    knowledge = default()
    cited = [value.value for value in knowledge.values(rule.iri, DCT + "source")]
    marks = {knowledge.text(iri, "evidenceMark") for iri in cited}
    assert rule.severity != "must" or marks != {"recall"}


@pytest.mark.parametrize(
    "rule", [r for r in RULES if r.axis == "documentation"], ids=lambda r: r.iri
)
def test_a_documentation_rule_never_replaces_a_code(rule: Rule) -> None:
    assert rule.if_failed in {"owed", "advise"}


def test_every_obligation_is_carried_out_by_a_rule() -> None:
    knowledge = default()
    carried = {iri for rule in RULES for iri in knowledge.texts(rule.iri, "operationalises")}
    assert sorted(set(knowledge.subjects("DocumentationObligation")) - carried) == []


def test_every_conflict_is_carried_out_by_a_rule_or_says_why_not() -> None:
    knowledge = default()
    conflicts = knowledge.subjects("SourceConflict")
    assert len(conflicts) == 22
    for conflict in conflicts:
        by = knowledge.texts(conflict, "formalisedBy")
        assert by or knowledge.text(conflict, "notFormalised")
        assert [iri for iri in by if iri.removeprefix(RULE) not in NAMES] == []


def test_every_question_asked_is_a_template_with_options() -> None:
    knowledge = default()
    asked = {iri for rule in RULES for iri in knowledge.texts(rule.iri, "asks")}
    assert asked == set(knowledge.by_type[M816 + "QuestionTemplate"])
    assert all(knowledge.text(iri, "stem") and knowledge.text(iri, "options") for iri in asked)


def test_derivations_copy_no_measured_number() -> None:
    """The query store rewrites numbers, so a template may not carry a value out of the record."""
    for derivation in default().derivations:
        template = derivation.query.split("CONSTRUCT", 1)[1].split("WHERE", 1)[0]
        assert "?value" not in template
        assert "m816:dose" not in template
