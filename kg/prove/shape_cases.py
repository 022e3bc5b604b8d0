"""The cases beside the shapes, all in one graph: which of them tells a changed rule from the rule.

In: the cases, derived. Out: the name of the first case that no longer has exactly the outcomes it
lists. What no shape names gets a name of its case, so that the cases have no node in common.
"""

from __future__ import annotations

from pyoxigraph import NamedNode, Triple

from kg.derive import derive
from kg.judge import Engine, Rule, ntriples, outcome_of, read_by, reading
from kg.knowledge import Knowledge
from kg.namespaces import RULE, TYPE, m816, value
from kg.prove.rule_cases import RuleCase, rule_cases

_OPEN = ("fail", "indeterminate")
Found = dict[int, set[tuple[str, str]]]  # outcome and focus, by the number of the case


class ShapeCases:
    """Every case beside a shape, derived by that knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        asserted = rule_cases(pattern="*.underived.trig")
        self.cases: list[RuleCase] = rule_cases() + asserted
        self.members: dict[str, set[str]] = {}
        self._named = reading(knowledge) or frozenset()
        self._unknown: dict[str, set[str]] = {}
        self._by_name: dict[NamedNode, list[Triple]] = {}
        for number, case in enumerate(self.cases):
            as_is = case in asserted
            for triple in case.triples if as_is else derive(case.case(), knowledge):
                self._keep(number, triple)
        self._expected: dict[str, Found] = {}
        for number, case in enumerate(self.cases):
            for outcome, rule, focus in case.expects:
                listed = self._expected.setdefault(rule, {}).setdefault(number, set())
                listed.add((outcome, focus.removeprefix("-")))

    def _keep(self, number: int, triple: Triple) -> None:
        kind = triple.predicate == TYPE and isinstance(triple.object, NamedNode)
        subject = self._of(number, triple.subject)
        end = triple.object if kind else self._of(number, triple.object)
        if kind:
            self.members.setdefault(value(end), set()).add(value(subject))
        if triple.predicate == m816("undetermined"):
            self._unknown.setdefault(value(subject), set()).add(value(triple.object))
        name = triple.object if isinstance(triple.object, NamedNode) and kind else triple.predicate
        made = Triple(subject, triple.predicate, end)  # type: ignore[arg-type]
        self._by_name.setdefault(name, []).append(made)

    def _of(self, number: int, term: object) -> object:
        own = isinstance(term, NamedNode) and term not in self._named
        return NamedNode(f"urn:{number}:{value(term)}") if own else term

    def data(self, shape: bytes) -> bytes:
        """What a shape given as N-Triples reads of all the cases, as N-Triples."""
        read = read_by(shape) or frozenset(self._by_name)
        return ntriples(triple for name in read for triple in self._by_name.get(name, ()))

    def noticing(self, rule: Rule, shape: bytes, judging: Engine) -> str:
        """The first case that has not what it lists, those about the rule before others, or empty.

        Of the rule it is about a case lists every outcome, of another what fails or is open.
        """
        rows = judging.rows(self.data(shape)) if rule.target in self.members else []
        broken = {row.focus for row in rows}
        found: Found = {}
        for node in self.members.get(rule.target, ()):
            missing = rule.needs & self._unknown.get(node, set())
            _, place, focus = node.split(":", 2)
            outcome = outcome_of(rule.polarity, node in broken, bool(missing))
            found.setdefault(int(place), set()).add((outcome, focus))
        name = rule.iri.removeprefix(RULE)
        for about in (True, False):
            for number, case in enumerate(self.cases):
                if (case.about == name) is about and not self._fits(number, name, found):
                    return case.name
        return ""

    def _fits(self, number: int, name: str, found: Found) -> bool:
        expected = self._expected.get(name, {}).get(number, set())
        if self.cases[number].about == name:
            return found.get(number, {("not-applicable", "")}) == expected
        return {pair for pair in found.get(number, ()) if pair[0] in _OPEN} == expected
