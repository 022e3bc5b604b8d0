"""Which variables a part of a derivation binds, always or perhaps, and which it looks at.

What the order of evaluation is decided by; pure functions over ``kg.construct``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyoxigraph import NamedNode, Variable

from kg.construct import (
    Bind,
    Call,
    Element,
    Exists,
    Expression,
    Filter,
    Group,
    Optional,
    Path,
    Pattern,
    Predicate,
    Select,
    Term,
    Union,
    Values,
)
from kg.errors import KnowledgeError


@dataclass(frozen=True)
class Scope:
    """What a FILTER or BIND may look at: in a branch of a UNION only what the branch binds.

    ``visible``: those variables, None for all; ``given``: what an EXISTS around it put in. Engines
    differ on a variable bound outside the branch (§18.2.2 says: unbound), so it is refused.
    """

    visible: frozenset[str] | None = None
    given: frozenset[str] = frozenset()

    def check(self, expression: Expression, bound: set[str]) -> None:
        """``KnowledgeError`` if the expression looks at what is bound outside its branch."""
        if self.visible is not None and (seen := mentions(expression) & bound - self.visible):
            raise KnowledgeError(f"?{min(seen)} is bound outside the branch that looks at it")

    def branch(self, group: Group) -> Scope:
        """Within a branch of a UNION."""
        return Scope(self.given | binds_group(group), self.given)

    def optional(self, group: Group) -> Scope:
        """Within an OPTIONAL, whose filters see what is to the left, too."""
        if self.visible is None:
            return self
        return Scope(self.visible | binds_group(group), self.given)


_NEVER_FAIL = {"STR", "IRI", "CONCAT", "STRAFTER", "IF", "BOUND", "&&", "||", "!"}


def total(expression: Expression, certain: set[str]) -> bool:
    """Whether an expression has a value whenever these variables have one."""
    if isinstance(expression, Variable):
        return expression.value in certain
    if not isinstance(expression, Call):
        return True
    parts = [total(argument, certain) for argument in expression.arguments]
    if expression.name == "COALESCE":
        return any(parts)
    return expression.name in _NEVER_FAIL and all(parts)


def binds(element: Element) -> set[str]:
    """The variables an element may bind."""
    match element:
        case Pattern(subject, _, value):
            return {t.value for t in (subject, value) if isinstance(t, Variable)}
        case Values(variables, _) | Select(variables, _):
            return {variable.value for variable in variables}
        case Union(groups):
            return set[str]().union(*(binds_group(group) for group in groups))
        case Optional(group):
            return binds_group(group)
        case Bind(_, variable):
            return {variable.value}
    return set()


def firm(element: Element) -> set[str]:
    """The variables that every solution of an element binds."""
    match element:
        case Union(groups):
            return set.intersection(*(firm_group(group) for group in groups))
        case Values(variables, rows):
            columns = zip(variables, zip(*rows, strict=True), strict=True)
            return {variable.value for variable, column in columns if None not in column}
        case Optional():
            return set()
    return binds(element)


def firm_group(group: Group) -> set[str]:
    """The variables that every solution of a group binds."""
    return set[str]().union(*(firm(element) for element in group.elements))


def binds_group(group: Group) -> set[str]:
    """The variables a group may bind."""
    return set[str]().union(*(binds(element) for element in group.elements))


def mentions(expression: Expression) -> set[str]:
    """Every variable an expression looks at, within EXISTS too."""
    if isinstance(expression, Variable):
        return {expression.value}
    if isinstance(expression, Call):
        return set[str]().union(*(mentions(argument) for argument in expression.arguments))
    if isinstance(expression, Exists):
        return mentions_group(expression.group)
    return set()


def mentions_group(group: Group) -> set[str]:
    """Every variable a group looks at."""
    found = binds_group(group)
    for element in group.elements:
        if isinstance(element, Filter | Bind):
            found |= mentions(element.expression)
        elif isinstance(element, Union):
            found |= set[str]().union(*(mentions_group(each) for each in element.groups))
        elif isinstance(element, Optional):
            found |= mentions_group(element.group)
    return found


def needs(group: Group) -> Iterator[tuple[NamedNode, Term | None]]:
    """The predicates without which a group has no solution, each with its value if it is given."""
    for element in group.elements:
        match element:
            case Pattern(_, predicate, value):
                yield from _on_path(predicate, None if isinstance(value, Variable) else value)
            case Union((only,)) | Select(_, only) | Filter(Exists(only, False)):
                yield from needs(only)


def _on_path(predicate: Predicate, value: Term | None) -> Iterator[tuple[NamedNode, Term | None]]:
    match predicate:
        case NamedNode():
            yield predicate, value
        case Path("inv" | "plus", (part,)):
            yield from _on_path(part, None)
        case Path("seq", parts):
            for part in parts[:-1]:
                yield from _on_path(part, None)
            yield from _on_path(parts[-1], value)


def cost(element: Element, certain: set[str]) -> int:
    """How many solutions an element may add, roughly: fewer bound ends cost more."""
    if isinstance(element, Pattern):
        ends = (element.subject, element.object)
        free = sum(isinstance(t, Variable) and t.value not in certain for t in ends)
        constant = sum(not isinstance(t, Variable) for t in ends)
        apart = certain and free and certain.isdisjoint(binds(element))
        near = free == 1 and not constant
        return (0, 10, 60)[free] - (5 if near else 0) + (25 if apart else 0) + _long(element)
    if isinstance(element, Values):
        known = all(variable.value in certain for variable in element.variables)
        return 1 if known else 20
    if isinstance(element, Union):
        return 30 if certain & binds(element) else 55
    return 50


def _long(pattern: Pattern) -> int:
    """A path costs more than a step."""
    return 3 if isinstance(pattern.predicate, Path) else 0
