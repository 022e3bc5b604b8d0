"""What evidence and conflicts may do to a rule, on the derived graphs of its own failing cases.

Shapes are judged one at a time, each by a validator of its own. ``requires``: what the shape looks
at is taken away; ``forbids``: what made other cases fail is added; and what a feed cannot carry is
missing. None of it may turn a failure into a pass.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, parse

from kg.case import Case
from kg.derive import derive
from kg.judge import Rule, bare_shapes, ntriples, outcomes, read_by, rules
from kg.knowledge import default
from kg.namespaces import M816, RULE, TYPE, m816, value
from kg.pyshacl_engine import PyShacl
from tests.rules.corpus import RuleCase, rule_cases

RULES = {rule.iri.removeprefix(RULE): rule for rule in rules(default())}
CASES = {(case.file, case.name): case for case in rule_cases()}
CANNOT_CARRY, PROFILE = m816("cannotCarry"), m816("profile")
Graph = frozenset[Triple]


def failing(name: str) -> list[RuleCase]:
    """The cases about a rule in which it fails."""
    return [case for case in CASES.values() if case.about == name and case.outcome == "fail"]


@functools.cache
def derived(file: str, name: str) -> Graph:
    """The derived graph of a case."""
    return frozenset(derive(CASES[file, name].case(), default()))


@functools.cache
def shape(name: str) -> bytes:
    """The shape of one rule with all its parts, as N-Triples."""
    parts: dict[object, list[Triple]] = {}
    for quad in parse(bare_shapes(default()), RdfFormat.N_TRIPLES):
        parts.setdefault(quad.subject, []).append(quad.triple)
    found: list[Triple] = []
    queue: list[NamedNode | BlankNode] = [NamedNode(RULE + name)]
    while queue:
        for triple in parts.get(queue.pop(), ()):
            found.append(triple)
            if isinstance(triple.object, BlankNode):
                queue.append(triple.object)
    return ntriples(found)


@functools.cache
def validator(name: str) -> PyShacl:
    """The reference engine with the shape of one rule."""
    return PyShacl(shape(name))


def outcome(name: str, graph: Graph, focus: str) -> str:
    """What the rule says at that node; not-applicable if it is not about it any more."""
    names = read_by(shape(name))
    assert names is not None
    seen = [t for t in graph if t.predicate in names or (t.predicate == TYPE and t.object in names)]
    found = outcomes(set(graph), [RULES[name]], validator(name).rows(ntriples(seen)))
    return next((each.outcome for each in found if each.focus == focus), "not-applicable")


def failures(case: RuleCase) -> Iterator[str]:
    """The nodes at which the rule of a failing case fails."""
    return (focus for what, rule, focus in case.expects if (what, rule) == ("fail", case.about))


def of_polarity(polarity: str) -> list[str]:
    """The rules of a polarity, by name."""
    return [name for name, rule in RULES.items() if rule.polarity == polarity]


@pytest.mark.parametrize("name", of_polarity("requires"))
def test_taking_evidence_away_never_makes_a_failed_demand_pass(name: str) -> None:
    looked_at = read_by(shape(name)) or frozenset()
    for case in failing(name):
        graph = derived(case.file, case.name)
        evidence = {t for t in graph if t.predicate in looked_at}
        for focus in failures(case):
            assert outcome(name, graph, focus) == "fail"
            for gone in [evidence, *({triple} for triple in evidence)]:
                assert outcome(name, graph - gone, focus) != "pass", gone


@pytest.mark.parametrize("name", of_polarity("forbids"))
def test_adding_a_conflict_never_makes_a_failed_ban_pass(name: str) -> None:
    pairs = [(derived(c.file, c.name), derived(c.file, c.differs_from)) for c in failing(name)]
    conflicts = {frozenset(broken - good) for broken, good in pairs}
    for case in failing(name):
        graph = derived(case.file, case.name)
        for focus in failures(case):
            assert outcome(name, graph, focus) == "fail"
            for added in conflicts:
                assert outcome(name, graph | added, focus) == "fail", added


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.needs])
def test_what_a_feed_cannot_carry_is_no_failure_of_a_demand_and_no_pass_of_a_ban(name: str) -> None:
    """A ban that fails does so for a conflict that the feed did carry."""
    rule, tried = RULES[name], 0
    settled = "fail" if rule.polarity == "requires" else "pass"
    for case in (each for each in CASES.values() if (each.about, each.outcome) == (name, settled)):
        graph = poorer(case.case(), rule)
        known = {value(t.subject) for t in graph if t.predicate.value in rule.needs}
        for what, about, focus in case.expects:
            if (what, about) == (settled, name) and focus not in known:
                tried += 1
                assert outcome(name, graph, focus) != settled
    assert tried


def poorer(case: Case, rule: Rule) -> Graph:
    """The derived graph of the case from a feed that can carry nothing the rule needs."""
    feed, needs = NamedNode(M816 + "feed-of-a-test"), {NamedNode(need) for need in rule.needs}
    kept = {t for t in case.triples if t.predicate not in needs and t.predicate != PROFILE}
    kept.add(Triple(case.node, PROFILE, feed))
    kept |= {Triple(feed, CANNOT_CARRY, need) for need in needs}
    return frozenset(derive(Case(case.node, case.id, kept), default()))


@pytest.mark.parametrize("name", ["dxa-site", "site-named", "excludes1-conflict"])
def test_what_mends_a_case_is_seen(name: str) -> None:
    """So that the laws are not kept by a validator that sees nothing."""
    for case in failing(name):
        good = derived(case.file, case.differs_from)
        assert {outcome(name, good, focus) for focus in failures(case)} == {"pass"}
