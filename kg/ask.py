"""Open findings → compliant questions, and the linter that holds every question to the practice.

Templates are Turtle (``m816:QuestionTemplate``); the indicators are the finding's own evidence.
Compliant-query practice: statements Q-query-indicators, Q-query-options, Q-query-not-leading,
Q-query-no-payment.
"""

from __future__ import annotations

from dataclasses import dataclass

from kg.explain import Evidence, Finding
from kg.knowledge import Knowledge
from kg.lexicon import tokens
from kg.namespaces import RULE
from kg.view import View

OTHER, UNABLE = "other", "unable to determine"


@dataclass(frozen=True)
class Question:
    """One question to one person: stem, cited indicators, options."""

    to: str
    stem: str
    indicators: tuple[Evidence, ...]
    options: tuple[str, ...]
    rules: tuple[str, ...]


def questions(case: str, found: list[Finding], view: View) -> list[Question]:
    """The questions of a case, those that hold up the code first, one per template;
    a template yields to those it names, so that one matter is asked once."""
    by_template: dict[str, list[Finding]] = {}
    for finding in found:
        if finding.outcome not in ("fail", "indeterminate"):
            continue
        template = view.knowledge.text(RULE + finding.rule, "asks")
        only = view.knowledge.text(RULE + finding.rule, "asksOnlyIf", finding.outcome)
        wanted = (finding.outcome == "fail" and only == "fail") or (
            finding.outcome == "indeterminate"
            and finding.axis == "coding"
            and finding.severity == "must"
        )
        if template and wanted:
            by_template.setdefault(template, []).append(finding)
    return [
        _question(case, template, asked, view)
        for template, asked in by_template.items()
        if by_template.keys().isdisjoint(view.knowledge.texts(template, "yieldsTo"))
    ]


def _question(case: str, template: str, asked: list[Finding], view: View) -> Question:
    knowledge = view.knowledge
    indicators = {item: None for finding in asked for item in finding.evidence}
    if not indicators:
        indicators = {item: None for item in _diagnosis(case, view)}
    options = knowledge.text(template, "options").split("|")
    return Question(
        knowledge.label(knowledge.text(template, "to")),
        knowledge.text(template, "stem"),
        tuple(indicators),
        (*options, OTHER, UNABLE),
        tuple(dict.fromkeys(finding.rule for finding in asked)),
    )


def _diagnosis(case: str, view: View) -> list[Evidence]:
    day = view.value(case, "dateOfService")
    return [
        Evidence(view.shown(code), view.value(node, "source"), "Condition.code", day)
        for node in view.of_type("LiveDiagnosis")
        for code in view.values(node, "code") or [node]
    ]


def lint(question: Question, knowledge: Knowledge) -> list[str]:
    """What keeps a question from being compliant; empty when nothing does."""
    faults = []
    if not question.indicators:
        faults.append("no clinical indicator")
    faults += [
        f"indicator without {name}"
        for item in question.indicators
        for name in ("value", "source", "date")
        if not getattr(item, name)
    ]
    if question.options[-2:] != (OTHER, UNABLE):
        faults.append("options lack 'other' or 'unable to determine'")
    if len(question.options) == 3:
        faults.append("only one supported option: that leads")
    said = " ".join(tokens(" ".join((question.stem, *question.options))))
    for row in knowledge.subjects("ForbiddenQueryWord"):
        for word in knowledge.texts(row, "word"):
            if f" {word} " in f" {said} ":
                faults.append(f"says '{word}'")
    return faults
