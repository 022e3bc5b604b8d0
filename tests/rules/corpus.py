"""The cases beside the shapes: one named graph a case, its expectations in the default graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, RdfFormat, Triple, parse

from kg.case import Case
from kg.locations import SHAPES
from kg.namespaces import LABEL, M816, TYPE, m816


@dataclass
class RuleCase:
    """One case: its file and name, sentence, the rule it is about, its graph, what it expects.

    ``expects`` holds (outcome, rule, focus) of *every* failed or indeterminate rule of the case,
    and of the rule under test whatever its outcome. ``differs_from`` names the passing case a
    failing one is a variation of.
    """

    file: str
    name: str
    label: str = ""
    about: str = ""
    outcome: str = ""
    differs_from: str = ""
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


def rule_cases(folder: Path = SHAPES) -> list[RuleCase]:
    """Every case of every ``*.cases.trig``, sorted by file and name."""
    found: dict[str, RuleCase] = {}
    for path in sorted(folder.glob("*.cases.trig")):
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
            elif quad.predicate == m816("expectedFinding"):
                outcome, rule, focus = quad.object.value.split(" ", 2)
                case.expects.add((outcome, rule, focus))
    return sorted(found.values(), key=lambda case: (case.file, case.name))
