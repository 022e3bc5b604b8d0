"""A verdict in its faces: plain text, SHACL report (Turtle), FHIR OperationOutcome."""

from __future__ import annotations

import contextlib
import hashlib
import textwrap
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.case import turtle
from kg.decide import AXES
from kg.explain import Evidence, Finding
from kg.judge import Row
from kg.knowledge import Knowledge
from kg.namespaces import SH, TYPE, XSD, sh
from kg.verdict import Verdict

WORDS = {
    "stands": "the submitted codes stand",
    "stands-incomplete": "right code, but something is owed",
    "recode": "the codes have to change",
    "query": "the record cannot decide; ask",
    "invalid": "not a valid ICD-10-CM code on that date",
    "not-coded": "nothing documented supports an osteoporosis code",
    "out-of-scope": "neither reports nor documents localized osteoporosis or a neighbour of it",
}
_AXIS = {
    "coding": "Coding",
    "clinicalValidity": "Clinical validity",
    "documentation": "Documentation",
    "coverage": "Coverage",
}
_MARK = {"fail": "✗", "indeterminate": "?", "pass": "✓", "not-applicable": "–"}
_COLOUR = {"fail": "31", "indeterminate": "33", "pass": "32", "not-applicable": "2"}
_VERDICT_COLOUR = {"stands": "32", "out-of-scope": "2", "stands-incomplete": "33", "query": "33"}


def text(verdict: Verdict, *, everything: bool = False, colour: bool = False) -> str:
    """The verdict for people: first line what and why, then by axis, then what to ask."""
    paint = _painter(colour)
    decision = verdict.decision
    word = paint(decision.verdict, _VERDICT_COLOUR.get(decision.verdict, "31"))
    lines = [f"{verdict.file}  {verdict.case}: {word}. {headline(verdict)}"]
    lines += _codes(verdict)
    for axis in _AXIS:
        lines += _axis(axis, verdict, everything, paint)
    for question in verdict.questions:
        lines.append(f"  Ask the {question.to}: {question.stem}")
        lines += [
            f"      · {item.value}, {item.source}, {item.date}" for item in question.indicators
        ]
        lines += [f"      [ ] {option}" for option in question.options]
    if verdict.not_mapped:
        lines += _left_out(verdict, everything)
    return "\n".join(lines) + "\n"


def _painter(colour: bool) -> Any:
    return (lambda words, code: f"\x1b[{code}m{words}\x1b[0m") if colour else lambda words, _: words


def headline(verdict: Verdict) -> str:
    """Why, in one sentence: the finding that decided, else what the verdict means."""
    meaning = WORDS[verdict.decision.verdict]
    refuting = {rule for code in verdict.decision.refuted for rule in code.because}
    open_musts = [
        f
        for f in verdict.findings
        if f.outcome in ("fail", "indeterminate") and f.severity == "must"
    ]
    decisive = next((f for f in open_musts if f.rule in refuting), next(iter(open_musts), None))
    if decisive is None or verdict.decision.verdict in ("stands", "out-of-scope"):
        return meaning[0].upper() + meaning[1:] + "."
    return f"{decisive.message} [{', '.join(decisive.cites[:2])}]"


def _codes(verdict: Verdict) -> list[str]:
    decision = verdict.decision
    lines = []
    if decision.submitted:
        lines.append(f"  submitted  {', '.join(decision.submitted)}")
    for code in decision.refuted:
        lines.append(f"  refuted    {code.code}  (certainty {code.certainty})")
    if decision.expected and decision.verdict not in ("stands", "out-of-scope"):
        shown = [f"{c.code} (certainty {c.certainty})" for c in decision.expected]
        lines.append(f"  expected   {', '.join(shown)}")
    return lines


def _axis(axis: str, verdict: Verdict, everything: bool, paint: Any) -> list[str]:
    wanted = ("fail", "indeterminate", "pass", "not-applicable")
    shown = [
        finding
        for finding in verdict.findings
        if finding.axis == axis and finding.outcome in (wanted if everything else wanted[:2])
    ]
    if not shown or (verdict.decision.verdict == "out-of-scope" and not everything):
        return []
    lines = [f"  {_AXIS[axis]}: {verdict.decision.axes[axis]}"]
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in shown:
        groups.setdefault((finding.rule, finding.message), []).append(finding)
    for group in groups.values():
        lines += _finding_lines(group, paint)
    return lines


def _finding_lines(group: list[Finding], paint: Any) -> list[str]:
    """One rule's message once, with the evidence of every place it was found."""
    finding = group[0]
    advice = finding.outcome == "fail" and finding.severity == "consider"
    mark = "i" if advice else paint(_MARK[finding.outcome], _COLOUR[finding.outcome])
    name = f"{finding.obligation} " if finding.obligation else ""
    cites = ", ".join(finding.cites)
    tail = f"[{finding.severity}; {finding.authority}: {cites}]"
    head = f"{finding.message} {tail}"
    wrapped = textwrap.wrap(
        f"{name}{head}", 96, break_long_words=False, break_on_hyphens=False
    ) or [""]
    lines = [f"    {mark} {wrapped[0]}", *(f"      {line}" for line in wrapped[1:])]
    if finding.outcome in ("fail", "indeterminate"):
        seen = dict.fromkeys(
            f"        {item.source}, {_where(item)}: {item.value}"
            for one in group
            for item in one.evidence
        )
        lines += list(seen)[:8]
    return lines


def _where(item: Evidence) -> str:
    """The path of an evidence within its record, or what it is."""
    kind = item.source.split("/")[0]
    return item.path.removeprefix(f"{kind}.")


def _left_out(verdict: Verdict, everything: bool) -> list[str]:
    if not everything:
        count = len(verdict.not_mapped)
        return [f"  {count} item{'s' * (count != 1)} of the record not mapped (--all lists them)"]
    return ["  Not mapped:", *(f"    {source}: {why}" for source, why in verdict.not_mapped)]


def report(verdict: Verdict) -> str:
    """The SHACL results as one standard ``sh:ValidationReport`` in Turtle."""
    rows = [row for outcome in verdict.outcomes for row in outcome.rows]
    told = "\0".join((verdict.file, verdict.sha256, verdict.case))
    label = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return turtle(validation_report(rows, verdict.view.knowledge, label))


def validation_report(rows: list[Row], knowledge: Knowledge, label: str = "") -> set[Triple]:
    """A ``sh:ValidationReport`` of these rows, with the shapes' messages (SHACL §3.6).

    ``label`` keeps the blank nodes of several reports in one document apart.
    """
    node = BlankNode(f"report{label}")
    triples = {
        Triple(node, TYPE, sh("ValidationReport")),
        Triple(node, sh("conforms"), _boolean(not rows)),
    }
    for number, row in enumerate(rows, start=1):
        result = BlankNode(f"report{label}result{number}")
        triples.add(Triple(node, sh("result"), result))
        triples |= _result(result, row, knowledge)
    return triples


def _boolean(value: bool) -> Literal:
    return Literal(str(value).lower(), datatype=NamedNode(XSD + "boolean"))


def _result(node: BlankNode, row: Row, knowledge: Knowledge) -> set[Triple]:
    found = {
        Triple(node, TYPE, sh("ValidationResult")),
        Triple(node, sh("focusNode"), NamedNode(row.focus)),
        Triple(node, sh("sourceShape"), NamedNode(row.shape)),
        Triple(node, sh("sourceConstraintComponent"), NamedNode(row.component)),
        Triple(node, sh("resultSeverity"), NamedNode(row.severity)),
    }
    if row.path:
        found.add(Triple(node, sh("resultPath"), NamedNode(row.path)))
    if row.value:
        found.add(Triple(node, sh("value"), _term(row.value)))
    for message in knowledge.values(row.shape, SH + "message"):
        found.add(Triple(node, sh("resultMessage"), message))
    return found


def _term(text: str) -> NamedNode | Literal:
    """The node a row names; what is no IRI, whatever it begins with, is a literal."""
    if text.startswith(("http", "urn:")):
        with contextlib.suppress(ValueError):
            return NamedNode(text)
    return Literal(text)


_ISSUE = {"must": "error", "should": "warning", "consider": "information"}


def operation_outcome(verdict: Verdict) -> dict[str, Any]:
    """The verdict as a FHIR R4 OperationOutcome: one issue a failed or undecided finding."""
    issues = [_issue(finding) for finding in verdict.findings if finding.outcome != "pass"]
    kept = [issue for issue in issues if issue]
    summary = {
        "severity": "information",
        "code": "informational",
        "details": {"text": f"{verdict.case}: {verdict.decision.verdict}"},
        "diagnostics": headline(verdict),
    }
    return {"resourceType": "OperationOutcome", "issue": [summary, *kept]}


def _issue(finding: Finding) -> dict[str, Any]:
    if finding.outcome not in ("fail", "indeterminate"):
        return {}
    failed = finding.outcome == "fail"
    made: dict[str, Any] = {
        "severity": _ISSUE[finding.severity] if failed else "information",
        "code": "business-rule" if failed else "incomplete",
        "details": {
            "coding": [{"system": "https://w3id.org/m816/rule", "code": finding.rule}],
            "text": finding.message,
        },
        "diagnostics": f"{finding.authority}: {', '.join(finding.cites)}",
    }
    places = [f"{item.source}: {item.path}" for item in finding.evidence]
    if places:
        made["expression"] = sorted({item.path for item in finding.evidence})
        made["diagnostics"] += f"; seen in {'; '.join(places[:6])}"
    return made


def states(verdict: Verdict) -> str:
    """The axes' states on one line, for summaries."""
    return ", ".join(f"{_AXIS[axis].lower()} {verdict.decision.axes[axis]}" for axis in AXES)
