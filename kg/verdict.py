"""One case judged from end to end: derive → judge → explain → decide → ask, as a ``Verdict``."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass
from typing import Any

from msgspec.structs import asdict

from kg import __version__
from kg.ask import Question, questions
from kg.case import Case
from kg.decide import Code, Decision, decide
from kg.derive import Construct, derived
from kg.explain import Finding, findings
from kg.judge import Engine, Outcome, Row, judge, results
from kg.knowledge import Knowledge
from kg.view import View

SCHEMA = "https://w3id.org/m816/schema/verdict/1"


@dataclass(frozen=True)
class Verdict:
    """A judged case. ``outcomes`` and ``view`` stay for the SHACL report and other faces."""

    case: str
    file: str
    sha256: str
    context: dict[str, Any]
    rules: dict[str, str]
    engine: dict[str, str]
    decision: Decision
    findings: list[Finding]
    questions: list[Question]
    not_mapped: list[tuple[str, str]]
    outcomes: list[Outcome]
    view: View

    def json(self) -> dict[str, Any]:
        """The verdict as design §6 lays it down; validates against the shipped JSON Schema."""
        decision = self.decision
        return {
            "schema": SCHEMA,
            "case": self.case,
            "input": {"file": self.file, "sha256": self.sha256},
            "rules": self.rules,
            "engine": self.engine,
            "context": self.context,
            "verdict": decision.verdict,
            "axes": decision.axes,
            "codes": {
                "submitted": list(decision.submitted),
                "refuted": [_code(code) for code in decision.refuted],
                "expected": [_code(code) for code in decision.expected],
            },
            "findings": [_finding(finding) for finding in self.findings],
            "questions": [_question(question) for question in self.questions],
            "notMapped": [{"source": source, "why": why} for source, why in self.not_mapped],
        }


def _code(code: Code) -> dict[str, Any]:
    return {"code": code.code, "certainty": code.certainty, "because": list(code.because)}


def _finding(finding: Finding) -> dict[str, Any]:
    shown = asdict(finding)
    shown["cites"] = list(finding.cites)
    shown["basis"] = list(finding.basis)
    shown["evidence"] = [asdict(item) for item in finding.evidence] if finding.evidence else []
    return shown


def _question(question: Question) -> dict[str, Any]:
    return {
        "to": question.to,
        "stem": question.stem,
        "indicators": [asdict(item) for item in question.indicators],
        "options": list(question.options),
        "rules": list(question.rules),
    }


def differences(verdict: Verdict, engine: Engine) -> list[Row]:
    """What another engine finds in the graph a verdict rests on and its own did not, or the other
    way round; empty when they agree."""
    ours = Counter(row for outcome in verdict.outcomes for row in outcome.rows)
    theirs = Counter(results(verdict.view.facts, verdict.view.knowledge, engine))
    return sorted(((ours - theirs) + (theirs - ours)).elements())


def judge_case(
    case: Case,
    knowledge: Knowledge,
    engine: Engine,
    *,
    named: dict[str, str] | None = None,
    file: str = "",
    sha256: str = "",
    construct: Construct | None = None,
) -> Verdict:
    """Judge one case. ``named``: what the user says of it, e.g. the payer, the code release."""
    for name, iri in (named or {}).items():
        if iri:
            case.say(name, iri)
    graph = derived(case, knowledge, construct)
    view = View(graph, knowledge)
    outcomes = judge(graph, knowledge, engine)
    node = case.node.value
    paid = bool(view.values(node, "payer"))
    off = frozenset() if paid else frozenset({"coverage"})
    decision = decide(node, outcomes, view, off)
    shown = findings(node, [o for o in outcomes if o.rule.axis not in off], view)
    asked = questions(node, shown, view) if decision.verdict != "out-of-scope" else []
    return Verdict(
        case.id,
        file,
        sha256,
        _context(node, view, knowledge),
        _rules(knowledge),
        {"shacl": engine.name, "derivation": "rdflib" if construct else "compiled"},
        decision,
        shown,
        asked,
        sorted(set(case.not_mapped)),
        outcomes,
        view,
    )


def _rules(knowledge: Knowledge) -> dict[str, str]:
    return {
        "version": __version__,
        "codeRelease": release(knowledge),
        "sha256": knowledge.sha256,
    }


@functools.lru_cache(maxsize=8)
def release(knowledge: Knowledge) -> str:
    """The label of the code release whose notes are loaded."""
    labels = [
        knowledge.notation(iri) or iri.rsplit("/", 1)[-1]
        for iri in knowledge.subjects("CodeRelease")
        if knowledge.text(iri, "notesVerified") == "true"
    ]
    return max(labels, default="")


def _context(node: str, view: View, knowledge: Knowledge) -> dict[str, Any]:
    def noted(name: str) -> str | None:
        iri = view.value(node, name)
        return (knowledge.notation(iri) or knowledge.label(iri)) if iri else None

    return {
        "setting": noted("setting"),
        "dateOfService": view.value(node, "dateOfService") or None,
        "codesFrom": view.value(node, "codesFrom") or None,
        "submissionLevel": view.value(node, "submissionLevel") or None,
        "profile": noted("profile"),
        "payer": noted("payer"),
        "windows": dict(_windows(knowledge)),
    }


@functools.lru_cache(maxsize=8)
def _windows(knowledge: Knowledge) -> dict[str, int]:
    windows = knowledge.subjects("Window")
    return {knowledge.notation(iri): int(knowledge.text(iri, "days")) for iri in windows}
