"""A derivation's tree → every tree that differs in one place: a part dropped, turned or shifted.

In: a ``Construct``. Out: (what was changed, the changed tree). The changes: a pattern, filter,
alternative, row or template triple left out; EXISTS turned; a comparison sharpened or turned; a
number or day moved by one; an OPTIONAL made required; a path shortened; any value for a given one.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from pyoxigraph import Literal, NamedNode, Variable

from kg.construct import (
    Bind,
    Call,
    Construct,
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
    Union,
    Values,
    shown,
)
from kg.namespaces import XSD

_TURNED = {"=": "!=", "!=": "=", "<": "<=", "<=": "<", ">": ">=", ">=": ">"} | {
    "IN": "NOT IN",
    "NOT IN": "IN",
}
_LISTS = ("IN", "NOT IN")
_ALONE = {"&&": 0, "||": 0, "COALESCE": 0, "IF": 1}  # the arguments that may stand alone, from here
_TRUE = Literal(True)  # flags are true or not there
_ANY = Variable("any_value")
_BY_ONE = {XSD + "integer", XSD + "decimal"}


def variants(query: Construct) -> Iterator[tuple[str, Construct]]:
    """Every single change of a query, each once, each told in words that no other has."""
    seen, told = {query}, Counter[str]()
    for what, changed in _variants(query):
        if changed not in seen:
            seen.add(changed)
            told[what] += 1
            yield what if told[what] == 1 else f"{what} ({told[what]})", changed


def _variants(query: Construct) -> Iterator[tuple[str, Construct]]:
    for place, pattern in enumerate(query.template):
        if len(query.template) > 1:
            rest = query.template[:place] + query.template[place + 1 :]
            yield f"no longer says {shown(pattern)}", replace(query, template=rest)
    for what, where in _groups(query.where):
        yield what, replace(query, where=where)


def _groups(group: Group) -> Iterator[tuple[str, Group]]:
    for place, element in enumerate(group.elements):
        before, after = group.elements[:place], group.elements[place + 1 :]
        yield f"without {shown(element)}", Group((*before, *after))
        if isinstance(element, Optional):
            yield f"required {shown(element)}", Group((*before, *element.group.elements, *after))
        for what, changed in _elements(element):
            yield what, Group((*before, changed, *after))


def _elements(element: Element) -> Iterator[tuple[str, Element]]:
    match element:
        case Pattern():
            yield from _patterns(element)
        case Filter() | Bind():
            for what, expression in _expressions(element.expression):
                yield what, replace(element, expression=expression)
        case Optional() | Select():
            for what, group in _groups(element.group):
                yield what, replace(element, group=group)
        case Union():
            yield from _unions(element)
        case Values():
            for place, row in enumerate(element.rows):
                rest = element.rows[:place] + element.rows[place + 1 :]
                if rest:
                    words = " ".join("UNDEF" if term is None else shown(term) for term in row)
                    yield f"without the row {words}", replace(element, rows=rest)


def _patterns(pattern: Pattern) -> Iterator[tuple[str, Pattern]]:
    for what, path in _paths(pattern.predicate):
        yield what, replace(pattern, predicate=path)
    if not isinstance(pattern.object, Variable) and pattern.object != _TRUE:
        yield f"any value in {shown(pattern)}", replace(pattern, object=_ANY)


def _unions(element: Union) -> Iterator[tuple[str, Union]]:
    for place, group in enumerate(element.groups):
        before, after = element.groups[:place], element.groups[place + 1 :]
        if len(element.groups) > 1:
            yield f"without the branch {shown(group)}", Union((*before, *after))
        for what, changed in _groups(group):
            yield what, Union((*before, changed, *after))


def _paths(path: Predicate) -> Iterator[tuple[str, Predicate]]:
    if not isinstance(path, Path):
        return
    if path.kind == "alt":
        for place, part in enumerate(path.parts):
            rest = path.parts[:place] + path.parts[place + 1 :]
            less = rest[0] if len(rest) == 1 else Path("alt", rest)
            yield f"path without {shown(part)}", less
    elif path.kind != "seq":
        yield f"path {shown(path)} plain", path.parts[0]
        if path.kind == "star":
            yield f"path {shown(path)} at least once", Path("plus", path.parts)
    for place, part in enumerate(path.parts):
        for what, changed in _paths(part):
            parts = (*path.parts[:place], changed, *path.parts[place + 1 :])
            yield what, replace(path, parts=parts)


def _expressions(expression: Expression) -> Iterator[tuple[str, Expression]]:
    if isinstance(expression, Exists):
        yield f"turned {shown(expression)}", replace(expression, negated=not expression.negated)
        for what, group in _groups(expression.group):
            yield what, replace(expression, group=group)
    elif isinstance(expression, Literal):
        for moved in _moved(expression):
            yield f"{moved.value} for {expression.value}", moved
    elif isinstance(expression, Call):
        yield from _calls(expression)


def _calls(call: Call) -> Iterator[tuple[str, Expression]]:
    arguments = call.arguments
    if call.name in _TURNED:
        yield f"{_TURNED[call.name]} in {shown(call)}", replace(call, name=_TURNED[call.name])
    if call.name == "!":
        yield f"turned {shown(call)}", arguments[0]
    for argument in arguments[_ALONE[call.name] :] if call.name in _ALONE else ():
        yield f"only {shown(argument)}", argument
    for place in range(1, len(arguments)) if call.name in _LISTS and len(arguments) > 2 else ():
        less = arguments[:place] + arguments[place + 1 :]
        yield f"list without {shown(arguments[place])}", replace(call, arguments=less)
    for place, argument in enumerate(arguments):
        for what, changed in _expressions(argument):
            parts = (*arguments[:place], changed, *arguments[place + 1 :])
            yield what, replace(call, arguments=parts)


def _moved(literal: Literal) -> Iterator[Literal]:
    """The number or day before and after."""
    kind = literal.datatype.value
    for step in (-1, 1):
        if kind in _BY_ONE:
            yield Literal(str(Decimal(literal.value) + step), datatype=NamedNode(kind))
        elif kind == XSD + "date":
            day = datetime.date.fromisoformat(literal.value) + datetime.timedelta(step)
            yield Literal(day.isoformat(), datatype=NamedNode(kind))
