"""Outcomes → the verdict of a case: the first of the design's list that applies.

Knows axes, severities and what a rule says follows from its failure; knows no rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from kg.judge import Outcome
from kg.view import View

AXES = ("coding", "documentation", "clinicalValidity", "coverage")
_RANK = {"fail": 3, "indeterminate": 2, "pass": 1, "not-applicable": 0}
_REPLACING = ("recode", "notCoded", "invalid")


@dataclass(frozen=True)
class Code:
    """An expected or refuted code: its notation, certainty (A, B, C) and reasons (rule names)."""

    code: str
    certainty: str
    because: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """What is decided: the verdict word, the axes' states and the code sets."""

    verdict: str
    axes: dict[str, str]
    submitted: tuple[str, ...]
    refuted: tuple[Code, ...]
    expected: tuple[Code, ...]


def decide(case: str, outcomes: list[Outcome], view: View, axes_off: frozenset[str]) -> Decision:
    """Decide a case from its outcomes and its derived graph."""
    on = [o for o in outcomes if o.rule.axis not in axes_off]
    live = _live(case, on, view)
    submitted = _submitted(case, view)
    refuted = _refuted(live, view)
    expected = _expected(case, view)
    verdict = _verdict(case, on, live, view)
    if verdict == "query":
        expected = _settled(case, expected, refuted, live, view)
    return Decision(verdict, _states(on, axes_off), submitted, refuted, expected)


def _verdict(case: str, outcomes: list[Outcome], live: list[Outcome], view: View) -> str:
    """``live`` leaves out what would refute a code the rest of the record leads to."""
    failed = [o for o in outcomes if o.outcome == "fail"]
    refuting = [o for o in live if o.outcome == "fail"]
    coding = {o.rule.if_failed for o in refuting if o.rule.axis == "coding"}
    if case not in view.of_type("InScopeCase"):
        return "out-of-scope"
    if "invalid" in coding:
        return "invalid"
    unsure = any(
        o.outcome == "indeterminate" and o.rule.axis == "coding" and o.rule.severity == "must"
        for o in outcomes
    )
    if "query" in coding or unsure:
        return "query"
    if coding & {"recode", "notCoded"}:
        named = any(e in view.values(case, "expects") for e in view.of_type("CoreExpectation"))
        return "recode" if named else "not-coded"
    musts = {o.rule.axis for o in failed if o.rule.severity == "must"}
    if "clinicalValidity" in musts:
        return "query"
    if not view.values(case, "submitsInScope") and not view.values(case, "expects"):
        return "not-coded"
    incomplete = {o.rule.if_failed for o in failed} & {"incomplete"}
    return "stands-incomplete" if musts or incomplete else "stands"


def _live(case: str, outcomes: list[Outcome], view: View) -> list[Outcome]:
    """Without a code refuted for the words of one Condition that another part leads to."""
    expected = {view.shown_code(node) for node in view.values(case, "expects")}
    led_to = {node for node in view.values(case, "submits") if view.shown_code(node) in expected}
    return [
        outcome
        for outcome in outcomes
        if outcome.focus not in led_to or outcome.rule.if_failed not in ("recode", "notCoded")
    ]


def _settled(
    case: str,
    expected: tuple[Code, ...],
    refuted: tuple[Code, ...],
    outcomes: list[Outcome],
    view: View,
) -> tuple[Code, ...]:
    """Under ``query``: the expected codes that stand whatever the answer."""
    in_doubt = {code.code for code in refuted}
    if any(
        o.outcome == "fail" and o.rule.axis == "clinicalValidity" and o.rule.severity == "must"
        for o in outcomes
    ):
        core = set(view.of_type("CoreExpectation")) & set(view.values(case, "expects"))
        in_doubt |= {view.shown_code(node) for node in core}
    return tuple(code for code in expected if code.code not in in_doubt)


def _states(outcomes: list[Outcome], axes_off: frozenset[str]) -> dict[str, str]:
    states = dict.fromkeys(AXES, "not-applicable")
    for outcome in outcomes:
        axis, worst = outcome.rule.axis, outcome.outcome
        if outcome.rule.severity != "consider" and _RANK[worst] > _RANK[states[axis]]:
            states[axis] = worst
    return states | dict.fromkeys(axes_off, "off")


def _submitted(case: str, view: View) -> tuple[str, ...]:
    nodes = view.values(case, "submits")
    ordered = sorted(nodes, key=lambda n: (int(view.value(n, "sequence") or 0), n))
    return tuple(view.shown_code(node) for node in ordered)


def _refuted(outcomes: list[Outcome], view: View) -> tuple[Code, ...]:
    reasons: dict[str, list[Outcome]] = {}
    submitted = set(view.of_type("SubmittedCode"))
    for outcome in outcomes:
        replaces = outcome.outcome == "fail" and outcome.rule.if_failed in _REPLACING
        if replaces and outcome.focus in submitted:
            reasons.setdefault(view.shown_code(outcome.focus), []).append(outcome)
    return tuple(
        Code(
            code,
            min(_certainty(view, o) for o in found),
            tuple(sorted({o.rule.iri.rsplit("/", 1)[-1] for o in found})),
        )
        for code, found in sorted(reasons.items())
    )


def _certainty(view: View, outcome: Outcome) -> str:
    return view.knowledge.text(outcome.rule.iri, "certainty", "C")


def _expected(case: str, view: View) -> tuple[Code, ...]:
    found: dict[str, tuple[int, str, set[str]]] = {}
    for node in view.values(case, "expects"):
        code = view.shown_code(node)
        rank = min((int(value) for value in view.values(node, "rank")), default=0)
        certainty = max(view.values(node, "expectCertainty"), default="C")
        because = {iri.rsplit("/", 1)[-1] for iri in view.values(node, "because")}
        found[code] = (rank, certainty, because)
    ordered = sorted(found.items(), key=lambda item: (item[1][0], item[0]))
    return tuple(
        Code(code, certainty, tuple(sorted(because))) for code, (_, certainty, because) in ordered
    )
