"""A derivation's tree → a Python function over a case's facts: nested loops, no parsing, no joins.

The order of its elements is chosen by what is bound; each is written by ``kg.elements``. Answers
are a SPARQL engine's; what lies outside is a ``KnowledgeError``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import partial

from pyoxigraph import Variable

from kg.construct import Bind, Construct, Element, Filter, Group, Optional, Path, Pattern, Union
from kg.elements import Elements, Then
from kg.facts import node
from kg.variables import binds, binds_group, cost, firm, mentions, needs

_FEW = 2


def source(query: Construct, name: str) -> str:
    """The source of a function of that name, which reads the names of ``kg.compiled``.

    The function appends to a list what the query makes of some facts."""
    return _Writer(name).function(query, name)


class _Writer(Elements):
    """Writes the source of one function."""

    _unfolded = 0

    def function(self, query: Construct, name: str) -> str:
        """The function after its constants."""
        self.bound = binds_group(query.where)
        for predicate, value in needs(query.where):
            self.lookups.needs(predicate, repr(node(value)) if value else "")
        self.group(query.where, set(), set(), partial(self._made, query.template))
        constants, head = self.lookups.head()
        return "\n".join([*constants, f"def {name}(facts, out):", *head, *self.lines]) + "\n"

    def _made(self, template: Iterable[Pattern], certain: set[str], maybe: set[str]) -> None:
        """Write what is made of a solution: no row with a variable that is not bound."""
        self.say("pass")
        for pattern in template:
            terms = (pattern.subject, pattern.predicate, pattern.object)
            mentioned = {term.value for term in terms if isinstance(term, Variable)}
            if mentioned <= certain | maybe:
                loose = [f"v_{name} is not None" for name in sorted(mentioned & maybe)]
                guard = f"if {' and '.join(loose)}: " if loose else ""
                shown = ", ".join(self.term(term) for term in terms if not isinstance(term, Path))
                self.say(f"{guard}out.append(({shown}))")

    def group(self, group: Group, certain: set[str], maybe: set[str], then: Then) -> None:
        """Write the loops of a group; ``then`` writes what is done with a solution."""
        filters = [e for e in group.elements if isinstance(e, Filter)]
        self._rest(filters, list(self.steps(group)), then, certain, maybe)

    def _rest(
        self,
        filters: Iterable[Filter],
        rest: Iterable[Element],
        then: Then,
        certain: set[str],
        maybe: set[str],
    ) -> None:
        """Write what is left of a group, and what is done with a solution."""
        filters, rest, certain, maybe = list(filters), list(rest), set(certain), set(maybe)
        self._ready(filters, rest, certain, maybe)
        while rest:
            element = rest.pop(self._next(rest, certain))
            if isinstance(element, Union) and len(rest) + len(filters) <= _FEW > self._unfolded:
                self._unfold(element, partial(self._rest, filters, rest, then), certain, maybe)
                return
            self.write(element, certain, maybe)
            self._ready(filters, rest, certain, maybe)
        then(certain, maybe)

    def _unfold(self, element: Union, then: Then, certain: set[str], maybe: set[str]) -> None:
        """Write each group of a UNION followed by what is left, which is little."""
        depth, scope = self.depth, self.scope

        def leave(inner: set[str], loose: set[str]) -> None:
            within, self.scope = self.scope, scope
            then(inner, loose)
            self.scope = within

        self._unfolded += 1
        for group in element.groups:
            self.scope = scope.branch(group)
            self.group(group, certain, maybe, leave)
            self.depth = depth
        self.scope = scope
        self._unfolded -= 1

    def _ready(
        self, filters: list[Filter], rest: Sequence[Element], certain: set[str], maybe: set[str]
    ) -> None:
        """Write the filters none of whose variables can still be bound by what follows."""
        to_come = set[str]().union(*(binds(element) for element in rest)) - certain
        for chosen in [f for f in filters if to_come.isdisjoint(mentions(f.expression))]:
            filters.remove(chosen)
            self.scope.check(chosen.expression, self.bound)
            self.open(f"if {self.holds(chosen.expression, certain, maybe)}:")

    def _next(self, rest: Sequence[Element], certain: set[str]) -> int:
        """The best of the elements that may come next: those before an OPTIONAL or a BIND."""
        free = list(itertools.takewhile(lambda e: not isinstance(e, Optional | Bind), rest))
        if not free:
            return 0

        def rank(place: int) -> tuple[bool, int, int]:
            others = set[str]().union(*(binds(e) for e in free if e is not free[place]))
            early = not others.isdisjoint(binds(free[place]) - firm(free[place]) - certain)
            return early, cost(free[place], certain), place

        return min(range(len(free)), key=rank)
