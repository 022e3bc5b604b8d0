"""A derivation's tree → a Python function over a case's facts: nested loops, no parsing, no joins.

Basic patterns become index look-ups in an order chosen by what is bound; each EXISTS, OPTIONAL and
UNION a local function. Answers are a SPARQL engine's; what lies outside is a ``KnowledgeError``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

from pyoxigraph import NamedNode, Variable

from kg.conditions import Conditions
from kg.construct import (
    Bind,
    Construct,
    Element,
    Exists,
    Filter,
    Group,
    Optional,
    Path,
    Pattern,
    Predicate,
    Select,
    Union,
    Values,
)
from kg.errors import KnowledgeError
from kg.expressions import Node
from kg.facts import Facts, node
from kg.paths import reach
from kg.variables import Scope, binds, binds_group, cost, firm, mentions, total

Compiled = Callable[[Facts, list[tuple[Node, str, Node]]], None]


def source(query: Construct, name: str) -> str:
    """The source of a function of that name, where ``x`` is ``kg.expressions``, ``p`` ``kg.paths``.

    The function appends to a list what the query makes of some facts."""
    return _Writer(name).function(query)


class _Writer(Conditions):
    """Writes the source of one function; ``certain`` and ``maybe`` are the variables bound."""

    def __init__(self, name: str) -> None:
        self._function = name
        self._lines: list[str] = []
        self._names = itertools.count(1)
        self._constants: list[str] = []
        self._indexes: dict[str, str] = {}
        self._depth = 1
        self._scope = Scope()

    def function(self, query: Construct) -> str:
        """The function after its constants."""
        self._bound = binds_group(query.where)
        certain = self._group(query.where, set(), set())
        self._say("pass")  # a template whose variables are never bound makes nothing
        for pattern in query.template:
            self._made(pattern, *certain)
        heads = [f" {name} = {source}" for name, source in self._indexes.items()]
        head = [f"def {self._function}(facts, out):", " sp, po = facts.sp, facts.po"]
        return "\n".join([*self._constants, *head, *heads, *self._lines]) + "\n"

    def _made(self, pattern: Pattern, certain: set[str], maybe: set[str]) -> None:
        terms = (pattern.subject, pattern.predicate, pattern.object)
        names = [t.value for t in terms if isinstance(t, Variable)]
        loose = [f"v_{name} is not None" for name in names if name in maybe]
        if any(name not in certain | maybe for name in names):
            return
        shown = ", ".join(self.term(term) for term in terms if not isinstance(term, Path))
        guard = f"if {' and '.join(loose)}: " if loose else ""
        self._say(f"{guard}out.append(({shown}))")

    def _say(self, line: str) -> None:
        self._lines.append(" " * self._depth + line)

    def _open(self, line: str) -> None:
        self._say(line)
        self._depth += 1

    def _name(self, kind: str) -> str:
        return f"{kind}{next(self._names)}"

    def _constant(self, source: str) -> str:
        name = self._name(f"{self._function}_c")
        self._constants.append(f"{name} = {source}")
        return name

    def _group(self, group: Group, certain: set[str], maybe: set[str]) -> tuple[set[str], set[str]]:
        """Write the loops of a group; the innermost place is where its solutions are."""
        certain, maybe = set(certain), set(maybe)
        filters = [e for e in group.elements if isinstance(e, Filter)]
        rest = [e for e in group.elements if not isinstance(e, Filter)]
        while rest:
            self._ready(filters, rest, certain, maybe)
            element = rest.pop(self._next(rest, certain))
            self._write(element, certain, maybe)
        self._ready(filters, rest, certain, maybe)
        return certain, maybe

    def _ready(
        self, filters: list[Filter], rest: Sequence[Element], certain: set[str], maybe: set[str]
    ) -> None:
        """Write the filters none of whose variables can still be bound by what follows."""
        to_come = set[str]().union(*(binds(element) for element in rest)) - certain
        for chosen in [f for f in filters if to_come.isdisjoint(mentions(f.expression))]:
            filters.remove(chosen)
            self._scope.check(chosen.expression, self._bound)
            self._open(f"if {self.truth(chosen.expression, certain, maybe)}:")

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

    def _write(self, element: Element, certain: set[str], maybe: set[str]) -> None:
        match element:
            case Pattern():
                self._pattern(element, certain, maybe)
            case Values():
                columns = zip(*element.rows, strict=True)
                sure = [None not in column for column in columns]
                self._rows(self._values(element), element.variables, sure, certain, maybe)
            case Select():
                source, sure = self._select(element)
                self._rows(source, element.variables, sure, certain, maybe)
            case Union():
                self._union(element, certain, maybe)
            case Optional():
                self._optional(element, certain, maybe)
            case Bind():
                self._bind(element, certain, maybe)

    def _bind(self, element: Bind, certain: set[str], maybe: set[str]) -> None:
        self._scope.check(element.expression, self._bound)
        name, value = element.variable.value, self.value(element.expression, certain, maybe)
        if name in certain:  # bound outside the branch of a UNION: joined with that
            self._open(f"if v_{name} == {value}:")
            return
        if name in maybe:
            raise KnowledgeError(f"?{name} may be unbound where BIND joins it")
        self._say(f"v_{name} = {value}")
        (certain if total(element.expression, certain) else maybe).add(name)

    def _pattern(self, pattern: Pattern, certain: set[str], maybe: set[str]) -> None:
        names = binds(pattern)
        if names & maybe:
            raise KnowledgeError(f"?{min(names & maybe)} may be unbound where a pattern joins it")
        if isinstance(pattern.predicate, Variable) and pattern.predicate.value not in certain:
            raise KnowledgeError("a predicate that is not bound before cannot be compiled")
        subject, value = self.term(pattern.subject), self.term(pattern.object)
        ends = (pattern.subject, pattern.object)
        known = [not isinstance(end, Variable) or end.value in certain for end in ends]
        forward, backward, pairs = self._steps(pattern.predicate)
        if known == [True, True]:
            self._open(f"if {value} in {forward.format(subject)}:")
        elif known == [True, False]:
            self._open(f"for {value} in {forward.format(subject)}:")
        elif known == [False, True]:
            self._open(f"for {subject} in {backward.format(value)}:")
        else:
            self._open(f"for {subject}, {value} in {pairs}:")
        certain |= names

    def _steps(self, predicate: Predicate) -> tuple[str, str, str]:
        """Source of: objects of a subject, subjects of an object, all pairs."""
        if isinstance(predicate, NamedNode | Variable):
            forward, backward = self._index("sp", predicate), self._index("po", predicate)
            pairs = f"[(s, o) for s, found in {forward}.items() for o in found]"
            return f"{forward}.get({{}}, N)", f"{backward}.get({{}}, N)", pairs
        assert isinstance(predicate, Path)
        name = self._constant(reach(predicate))
        call = f"{name}.forward(sp, po, {{}})", f"{name}.backward(sp, po, {{}})"
        return (*call, f"{name}.pairs(sp, po)")

    def _index(self, side: str, predicate: NamedNode | Variable) -> str:
        if isinstance(predicate, Variable):
            return f"{side}.get(v_{predicate.value}, E)"
        source = f"{side}.get({predicate.value!r}, E)"
        for name, known in self._indexes.items():
            if known == source:
                return name
        self._indexes[name := self._name("i")] = source
        return name

    def _values(self, element: Values) -> str:
        return self._constant(repr(tuple(tuple(t and node(t) for t in r) for r in element.rows)))

    def _select(self, element: Select) -> tuple[str, list[bool]]:
        """A local function that answers a sub-query, which sees nothing from outside."""
        name, kept = self._name("s"), self._name("k")
        self._say(f"{kept} = []")
        self._open(f"def {name}():")
        self._open(f"if not {kept}:")
        depth, scope = self._depth, self._scope
        self._say("found = {}")
        self._scope = Scope()
        certain, maybe = self._group(element.group, set(), set())
        self._scope = scope
        shown = [v.value if v.value in certain | maybe else "" for v in element.variables]
        row = "".join(f"v_{name}, " if name else "None, " for name in shown)
        self._say(f"found[({row})] = None")
        self._depth = depth
        self._say(f"{kept}.append(list(found))")
        self._depth = depth - 1
        self._say(f"return {kept}[0]")
        self._depth = depth - 2
        return f"{name}()", [v.value in certain for v in element.variables]

    def _rows(
        self,
        source: str,
        variables: tuple[Variable, ...],
        sure: list[bool],
        certain: set[str],
        maybe: set[str],
    ) -> None:
        """Loop over rows, joined with what is bound; None in a row fits everything."""
        fresh = [self._name("r") for _ in variables]
        self._open(f"for {''.join(f'{name}, ' for name in fresh)} in {source}:")
        for name, variable, always in zip(fresh, variables, sure, strict=True):
            bound = f"v_{variable.value}"
            if variable.value in certain:
                self._open(f"if {name} is None or {name} == {bound}:")
            elif variable.value in maybe:
                raise KnowledgeError(f"?{variable.value} may be unbound where rows join it")
            else:
                self._say(f"{bound} = {name}")
                (certain if always else maybe).add(variable.value)

    def _generator(
        self, kind: str, groups: Iterable[Group], certain: set[str], maybe: set[str]
    ) -> tuple[str, list[str], set[str]]:
        """A local generator of what groups newly bind: its name, the variables, the sure ones."""
        name, groups = self._name(kind), list(groups)
        new = sorted(set[str]().union(*(binds_group(g) for g in groups)) - certain - maybe)
        self._open(f"def {name}():")
        depth, sure, scope = self._depth, set(new), self._scope
        if kind == "o":
            self._say("hit = False")
        for group in groups:
            self._scope = scope.optional(group) if kind == "o" else scope.branch(group)
            inner, loose = self._group(group, certain, maybe)
            if narrowed := (inner & maybe):
                raise KnowledgeError(f"?{min(narrowed)} may be unbound where groups are joined")
            sure &= inner
            if kind == "o":
                self._say("hit = True")
            row = "".join(f"v_{v}, " if v in inner | loose else "None, " for v in new)
            self._say(f"yield ({row})")
            self._depth = depth
        if kind == "o":
            self._say(f"if not hit: yield ({'None, ' * len(new)})")
        self._depth, self._scope = depth - 1, scope
        return name, new, sure

    def _union(self, element: Union, certain: set[str], maybe: set[str]) -> None:
        name, new, sure = self._generator("u", element.groups, certain, maybe)
        self._loop(name, new)
        certain |= sure
        maybe |= set(new) - sure

    def _optional(self, element: Optional, certain: set[str], maybe: set[str]) -> None:
        name, new, _ = self._generator("o", [element.group], certain, maybe)
        self._loop(name, new)
        maybe |= set(new)

    def _loop(self, name: str, new: list[str]) -> None:
        self._open(f"for {''.join(f'v_{v}, ' for v in new) or '_'} in {name}():")

    def exists(self, element: Exists, certain: set[str], maybe: set[str]) -> str:
        """Source of a test; what may be unbound is free within when it is (§8.1.1)."""
        if loose := sorted(binds_group(element.group) & maybe):
            first = loose[0]
            bound = self.exists(element, certain | {first}, maybe - {first})
            free = self.exists(element, certain, maybe - {first})
            return f"({bound} if v_{first} is not None else {free})"
        name = self._name("e")
        self._open(f"def {name}():")
        depth, scope = self._depth, self._scope
        self._scope = Scope(given=frozenset(certain | maybe))
        self._group(element.group, certain, maybe)
        self._say("return True")
        self._depth, self._scope = depth, scope
        self._say("return False")
        self._depth = depth - 1
        return f"(not {name}())" if element.negated else f"{name}()"
