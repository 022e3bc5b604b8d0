"""Every change of every rule's shape, and of what it says that decides, tried on the rule's cases.

In: the knowledge, the cases beside the shapes and the records of ``tests/records``. Out:
``Mutant``s of the kinds shape, target and path. A change of the shape is noticed when a case no
longer has exactly the outcomes that it lists. Severity, axis and consequence change no outcome:
they are noticed when the verdict that a case lists, or the decision on a record, is another.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs
from pyoxigraph import NamedNode

from kg.decide import decide
from kg.errors import KnowledgeError
from kg.inputs import inputs
from kg.judge import Rule, bare_shapes, rules
from kg.knowledge import Knowledge
from kg.locations import ROOT
from kg.namespaces import M816, RDFS, RULE, SH
from kg.prove import Mutant, Wanted, everything
from kg.prove.rule_cases import rule_cases, told
from kg.prove.shape_cases import ShapeCases
from kg.prove.shape_variants import Shape, shapes_of, variants, written
from kg.pyshacl_engine import PyShacl
from kg.pyshifty_engine import PyShifty, engine
from kg.verdict import Verdict, judge_case

RECORDS = ROOT / "tests" / "records"
_TARGET = SH + "targetClass"
_LOWER = {"must": "should", "should": "consider", "consider": "should"}
_AXES = {"coding": "documentation"}  # and any other: coding
_DECIDING = {"invalid", "query", "recode", "notCoded"}


def mutants(knowledge: Knowledge, wanted: Wanted = everything) -> Iterator[Mutant]:
    """Every wanted change of every rule.

    ``KnowledgeError`` if the engines notice differently, or a rule fails its cases as it stands.
    """
    shapes, shown = shapes_of(bare_shapes(knowledge)), ShapeCases(knowledge)
    written_down = verdicts(knowledge)
    for rule in rules(knowledge):
        name, shape = rule.iri.removeprefix(RULE), shapes[rule.iri]
        if broken := _noticed(rule, shape, shown) or _differing(rule, written_down):
            raise KnowledgeError(f"{name} does not do what is listed: {broken}")
        others = functools.partial(_beside, knowledge=knowledge, shown=shown)
        for kind, what, changed in variants(shape, others):
            if wanted(kind, name, what):
                yield Mutant(name, what, kind, _noticed(_as(rule, changed), changed, shown))
        for what, said in _weighed(rule):
            if wanted("shape", name, what):
                yield Mutant(name, what, "shape", _noticed(said, shape, shown))
        for what, said in _decided(rule):
            if wanted("shape", name, what):
                yield Mutant(name, what, "shape", _differing(said, written_down))


@dataclass(frozen=True)
class Told:
    """A verdict that is written down: by ``kg.prove.rule_cases.told``, or as what it decides."""

    name: str
    verdict: Verdict
    node: str
    listed: str = ""

    def differs(self, rule: Rule) -> bool:
        """Whether it would be another if the rule had these words for what comes of failing."""
        same = self.verdict
        if not any(o.focus and o.rule.iri == rule.iri for o in same.outcomes):
            return False
        changed = [
            structs.replace(o, rule=rule) if o.rule.iri == rule.iri else o for o in same.outcomes
        ]
        off = frozenset(axis for axis, state in same.decision.axes.items() if state == "off")
        decision = decide(self.node, changed, same.view, off)
        return told(decision, changed) != self.listed if self.listed else decision != same.decision


def verdicts(knowledge: Knowledge) -> list[Told]:
    """Every verdict that is written down, of cases and of the composed records."""
    paths = sorted(str(p) for p in RECORDS.iterdir() if p.suffix in (".json", ".ndjson"))
    cases = [(f"case {c.name}", c.case(), c.verdict) for c in rule_cases() if c.verdict]
    for found in inputs(paths, knowledge):
        cases += [(f"record {Path(found.file).name}", case, "") for case in found.cases]
    return [
        Told(name, judge_case(case, knowledge, engine(knowledge)), case.node.value, listed)
        for name, case, listed in cases
    ]


def _noticed(rule: Rule, shape: Shape, shown: ShapeCases) -> str:
    """The case that no longer has the outcomes it lists, or empty, by both engines."""
    data = written(rule.iri, shape)
    if found := shown.noticing(rule, data, PyShifty(data)):
        return f"case {found}"
    if found := shown.noticing(rule, data, PyShacl(data)):
        raise KnowledgeError(f"case {found}: the engines differ on a change of {rule.iri}")
    return ""


def _differing(rule: Rule, written_down: list[Told]) -> str:
    return next((f"{each.name}, its verdict" for each in written_down if each.differs(rule)), "")


def _as(rule: Rule, shape: Shape) -> Rule:
    """What judging takes from a changed shape."""
    target = shape.get(_TARGET)
    return replace(rule, target=target.value if isinstance(target, NamedNode) else "")


def _weighed(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """What else a rule could say of how absence is weighed."""
    for need in sorted(rule.needs):
        what = f"does not need {need.removeprefix(M816)}"
        yield what, replace(rule, needs=rule.needs - {need})
    if rule.needs:  # else it is the outcome of the shape alone
        turned = "forbids" if rule.polarity == "requires" else "requires"
        yield f"{turned} instead", replace(rule, polarity=turned)


def _decided(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """What else a rule could say of what comes of its failing."""
    lower = _LOWER[rule.severity]
    yield f"{lower} instead of {rule.severity}", replace(rule, severity=lower)
    axis = _AXES.get(rule.axis, "coding")
    yield f"on the axis {axis}", replace(rule, axis=axis)
    if rule.axis == "coding":
        consequence = "advise" if rule.if_failed in _DECIDING else "query"
        yield f"if failed {consequence}", replace(rule, if_failed=consequence)
    elif rule.severity != "must":  # which decides by itself on other axes
        yield "if failed incomplete", replace(rule, if_failed="incomplete")


def _beside(target: NamedNode, knowledge: Knowledge, shown: ShapeCases) -> Iterator[NamedNode]:
    """The classes a target could be mistaken for: those above it, and others its nodes are of."""
    above = {v.value for v in knowledge.values(target.value, RDFS + "subClassOf")}
    nodes = shown.members.get(target.value, set())
    beside = {name for name, members in shown.members.items() if nodes & members}
    for name in sorted((above | beside) - {target.value}):
        yield NamedNode(name)
