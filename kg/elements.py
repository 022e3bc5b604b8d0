"""One element of a derivation → Python source of a loop over its solutions, or of a test.

Basic patterns become look-ups by what is bound; an EXISTS, OPTIONAL or UNION a local function
unless one look-up tells. In which order elements are written is left to ``kg.compiler``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import Variable

from kg.conditions import Conditions
from kg.construct import (
    Bind,
    Element,
    Exists,
    Filter,
    Group,
    Optional,
    Path,
    Pattern,
    Select,
    Union,
    Values,
)
from kg.errors import KnowledgeError
from kg.facts import node
from kg.lookups import Lookups
from kg.variables import Scope, binds, binds_group, total

Then = Callable[[set[str], set[str]], None]


class Elements(Conditions):
    """Writes elements; ``certain`` and ``maybe`` are the variables bound, surely or perhaps."""

    def __init__(self, name: str) -> None:
        self.lines: list[str] = []
        self.depth = 1
        self.scope = Scope()
        self.bound: set[str] = set()  # by the query anywhere
        self._names = itertools.count(1)
        self.lookups = Lookups(name, self._names)

    def group(self, group: Group, certain: set[str], maybe: set[str], then: Then) -> None:
        """Write the loops of a group; ``then`` writes what is done with a solution."""
        raise NotImplementedError

    def say(self, line: str) -> None:
        """Write a line."""
        self.lines.append(" " * self.depth + line)

    def open(self, line: str) -> None:
        """Write a line that what follows is part of."""
        self.say(line)
        self.depth += 1

    def steps(self, group: Group) -> Iterator[Element]:
        """The elements but filters; a sequence of steps as patterns of one step each."""
        for element in group.elements:
            if isinstance(element, Pattern):
                yield from self._each(element)
            elif not isinstance(element, Filter):
                yield element

    def _each(self, pattern: Pattern) -> Iterator[Pattern]:
        path, start = pattern.predicate, pattern.subject
        if not isinstance(path, Path) or path.kind != "seq":
            yield pattern
            return
        for part in path.parts[:-1]:
            via = Variable(self._name("_via"))
            yield from self._each(Pattern(start, part, via))
            start = via
        yield from self._each(Pattern(start, path.parts[-1], pattern.object))

    def write(self, element: Element, certain: set[str], maybe: set[str]) -> None:
        """Write an element, and add what it binds."""
        match element:
            case Pattern():
                self._pattern(element, certain, maybe)
            case Values():
                columns = zip(*element.rows, strict=True)
                sure = [None not in column for column in columns]
                rows = repr(tuple(tuple(t and node(t) for t in r) for r in element.rows))
                name = self.lookups.constant(rows)
                self._rows(name, element.variables, sure, certain, maybe)
            case Select():
                source, sure = self._select(element)
                self._rows(source, element.variables, sure, certain, maybe)
            case Union():
                self._union(element, certain, maybe)
            case Optional():
                self._optional(element, certain, maybe)
            case Bind():
                self._bind(element, certain, maybe)

    def _name(self, kind: str) -> str:
        return f"{kind}{next(self._names)}"

    def _bind(self, element: Bind, certain: set[str], maybe: set[str]) -> None:
        self.scope.check(element.expression, self.bound)
        name, value = element.variable.value, self.value(element.expression, certain, maybe)
        if name in certain:  # bound outside the branch of a UNION: joined with that
            self.open(f"if v_{name} == {value}:")
            return
        if name in maybe:
            raise KnowledgeError(f"?{name} may be unbound where BIND joins it")
        self.say(f"v_{name} = {value}")
        (certain if total(element.expression, certain) else maybe).add(name)

    def _pattern(self, pattern: Pattern, certain: set[str], maybe: set[str]) -> None:
        names = binds(pattern)
        if names & maybe:
            raise KnowledgeError(f"?{min(names & maybe)} may be unbound where a pattern joins it")
        if isinstance(pattern.predicate, Variable) and pattern.predicate.value not in certain:
            raise KnowledgeError("a predicate that is not bound before cannot be compiled")
        subject, value = self.term(pattern.subject), self.term(pattern.object)
        look, predicate = self.lookups, pattern.predicate
        match _known(pattern, certain):
            case (True, True):
                self.open(f"if {look.holds(predicate, subject, value)}:")
            case (True, False):
                self.open(f"for {value} in {look.forward(predicate, subject)}:")
            case (False, True):
                self.open(f"for {subject} in {look.backward(predicate, value)}:")
            case _:
                self.open(f"for {subject}, {value} in {look.pairs(predicate)}:")
        certain |= names

    def _select(self, element: Select) -> tuple[str, list[bool]]:
        """A local function that answers a sub-query, which sees nothing from outside."""
        name, kept, names = self._name("s"), self._name("k"), [v.value for v in element.variables]
        self.say(f"{kept} = []")
        self.open(f"def {name}():")
        self.open(f"if not {kept}:")
        depth, scope, sure = self.depth, self.scope, set(names)
        self.say("found = {}")

        def found(certain: set[str], maybe: set[str]) -> None:
            sure.intersection_update(certain)
            self.say(f"found[({_row(names, certain | maybe)})] = None")

        self.scope = Scope()
        self.group(element.group, set(), set(), found)
        self.scope, self.depth = scope, depth
        self.say(f"{kept}.append(list(found))")
        self.depth = depth - 1
        self.say(f"return {kept}[0]")
        self.depth = depth - 2
        return f"{name}()", [each in sure for each in names]

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
        self.open(f"for {''.join(f'{name}, ' for name in fresh)} in {source}:")
        for name, variable, always in zip(fresh, variables, sure, strict=True):
            bound = f"v_{variable.value}"
            if variable.value in certain:
                self.open(f"if {name} is None or {name} == {bound}:")
            elif variable.value in maybe:
                raise KnowledgeError(f"?{variable.value} may be unbound where rows join it")
            else:
                self.say(f"{bound} = {name}")
                (certain if always else maybe).add(variable.value)

    def _generator(
        self, kind: str, groups: Iterable[Group], certain: set[str], maybe: set[str]
    ) -> set[str]:
        """Loop over a local generator of what groups newly bind; the variables all bind."""
        name, groups = self._name(kind), list(groups)
        new = sorted(set[str]().union(*(binds_group(g) for g in groups)) - certain - maybe)
        self.open(f"def {name}():")
        depth, sure, scope = self.depth, set(new), self.scope
        if kind == "o":
            self.say("hit = False")

        def found(inner: set[str], loose: set[str]) -> None:
            if narrowed := (inner & maybe):
                raise KnowledgeError(f"?{min(narrowed)} may be unbound where groups are joined")
            sure.intersection_update(inner)
            if kind == "o":
                self.say("hit = True")
            self.say(f"yield ({_row(new, inner | loose)})")

        for group in groups:
            self.scope = scope.optional(group) if kind == "o" else scope.branch(group)
            self.group(group, certain, maybe, found)
            self.depth = depth
        if kind == "o":
            self.say(f"if not hit: yield ({_row(new, set())})")
        self.depth, self.scope = depth - 1, scope
        self.open(f"for {''.join(f'v_{v}, ' for v in new) or '_'} in {name}():")
        maybe |= set(new) - sure if kind == "u" else set(new)
        return sure

    def _union(self, element: Union, certain: set[str], maybe: set[str]) -> None:
        certain |= self._generator("u", element.groups, certain, maybe)

    def _optional(self, element: Optional, certain: set[str], maybe: set[str]) -> None:
        new = binds_group(element.group) - certain
        source = "" if new & maybe else self._found(element.group, certain)
        if len(new) == 1 and source:
            self.open(f"for v_{min(new)} in {source} or U:")
            maybe |= new
        else:
            self._generator("o", [element.group], certain, maybe)

    def exists(self, element: Exists, certain: set[str], maybe: set[str]) -> str:
        """Source of a test; what may be unbound is free within when it is (§8.1.1)."""
        if loose := sorted(binds_group(element.group) & maybe):
            first = loose[0]
            bound = self.exists(element, certain | {first}, maybe - {first})
            free = self.exists(element, certain, maybe - {first})
            return f"({bound} if v_{first} is not None else {free})"
        if source := self._found(element.group, certain):
            return f"({source})"
        name = self._name("e")
        self.open(f"def {name}():")
        depth, scope = self.depth, self.scope
        self.scope = Scope(given=frozenset(certain | maybe))
        self.group(element.group, certain, maybe, lambda *_: self.say("return True"))
        self.depth, self.scope = depth, scope
        self.say("return False")
        self.depth = depth - 1
        return f"{name}()"

    def _found(self, group: Group, certain: set[str]) -> str:
        """Source of what a group finds, if it is one look-up: the ends, or whether it is so."""
        if len(group.elements) != 1 or len(found := list(self.steps(group))) != 1:
            return ""
        one, look = found[0], self.lookups
        if not isinstance(one, Pattern):
            return ""
        if isinstance(one.predicate, Variable) and one.predicate.value not in certain:
            return ""
        subject, value = self.term(one.subject), self.term(one.object)
        match _known(one, certain):
            case (True, True):
                return look.holds(one.predicate, subject, value)
            case (True, False):
                return look.forward(one.predicate, subject)
            case (False, True):
                return look.backward(one.predicate, value)
        return ""


def _known(pattern: Pattern, certain: set[str]) -> tuple[bool, bool]:
    """Which ends of a pattern are constants or bound."""
    first, last = pattern.subject, pattern.object
    return (
        not isinstance(first, Variable) or first.value in certain,
        not isinstance(last, Variable) or last.value in certain,
    )


def _row(names: Iterable[str], bound: set[str]) -> str:
    """Source of the inside of a tuple of variables, None for those that are not bound."""
    return "".join(f"v_{name}, " if name in bound else "None, " for name in names)
