"""``*.cases.trig`` → the cases beside the shapes: one named graph each, what it expects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, RdfFormat, Triple, parse

from kg.case import Case
from kg.decide import Decision
from kg.judge import Outcome
from kg.locations import SHAPES
from kg.namespaces import LABEL, M816, RULE, TYPE, m816


@dataclass
class RuleCase:
    """One case: its file and name, sentence, the rule it is about, its graph, what it expects.

    ``expects`` holds (outcome, rule, focus) of *every* failed or indeterminate rule of the case,
    and of the rule under test whatever its outcome. ``differs_from`` names the passing case a
    failing one is a variation of. ``verdict``, where one is written down, is in the form of
    ``told``.
    """

    file: str
    name: str
    label: str = ""
    about: str = ""
    outcome: str = ""
    differs_from: str = ""
    verdict: str = ""
    expects: set[tuple[str, str, str]] = field(default_factory=set)
    triples: set[Triple] = field(default_factory=set)

    def case(self) -> Case:
        """The asserted case graph."""
        node = next(t.subject for t in self.triples if t.predicate == TYPE and t.object == _CASE)
        assert isinstance(node, NamedNode)
        made = Case(node, "", set(self.triples))
        made.id = made.value("caseId")
        return made


_CASE = m816("Case")


def rule_cases(folder: Path = SHAPES, pattern: str = "*.cases.trig") -> list[RuleCase]:
    """Every case of every file of that name, sorted by file and name.

    Those of ``*.underived.trig`` are judged as they are asserted.
    """
    found: dict[str, RuleCase] = {}
    for path in sorted(folder.glob(pattern)):
        for quad in parse(path.read_bytes(), RdfFormat.TRIG):
            in_default = isinstance(quad.graph_name, DefaultGraph)
            name = quad.subject.value if in_default else quad.graph_name.value
            case = found.setdefault(name, RuleCase(path.name, name.rsplit("/", 1)[-1]))
            if not in_default:
                case.triples.add(Triple(quad.subject, quad.predicate, quad.object))
            elif quad.predicate == LABEL:
                case.label = quad.object.value
            elif quad.predicate == m816("about"):
                case.about = quad.object.value.rsplit("/", 1)[-1]
            elif quad.predicate == m816("expectedOutcome"):
                case.outcome = quad.object.value.removeprefix(M816)
            elif quad.predicate == m816("differsFrom"):
                case.differs_from = quad.object.value.rsplit("/", 1)[-1]
            elif quad.predicate == m816("expectedVerdict"):
                case.verdict = quad.object.value
            elif quad.predicate == m816("expectedFinding"):
                outcome, rule, focus = quad.object.value.split(" ", 2)
                case.expects.add((outcome, rule, focus))
    return sorted(found.values(), key=lambda case: (case.file, case.name))


def told(decision: Decision, outcomes: Iterable[Outcome]) -> str:
    """A verdict, then of each rule that fails how heavily, on which axis that is on, and its name.

    So a case says that too, independently of the rule: ``query: must coding one-type``.
    """
    failed = {
        f"{o.rule.severity} {o.rule.axis} {o.rule.iri.removeprefix(RULE)}"
        for o in outcomes
        if o.outcome == "fail" and decision.axes[o.rule.axis] != "off"
    }
    return f"{decision.verdict}: {', '.join(sorted(failed))}"
