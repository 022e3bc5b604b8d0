"""A derivation's CONSTRUCT as a tree, and the tree as SPARQL again.

The closed subset of SPARQL 1.1 that ``ontology/rules`` is written in: basic patterns with property
paths, FILTER, (NOT) EXISTS, OPTIONAL, UNION, BIND, VALUES and SELECT DISTINCT as a sub-query.
Terms are pyoxigraph's; ``kg.grammar`` makes the tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Variable

from kg.namespaces import TYPE, short

Term = NamedNode | Literal | Variable


@dataclass(frozen=True)
class Path:
    """A property path: ``alt``, ``seq``, ``inv``, ``star``, ``plus`` or ``opt`` of its parts."""

    kind: str
    parts: tuple[Predicate, ...]


Predicate = NamedNode | Path | Variable


@dataclass(frozen=True)
class Pattern:
    """One triple pattern; in a template the predicate is an IRI."""

    subject: Term
    predicate: Predicate
    object: Term


@dataclass(frozen=True)
class Call:
    """A function or operator applied to expressions."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Exists:
    """EXISTS, or NOT EXISTS, of a group."""

    group: Group
    negated: bool


Expression = Term | Call | Exists


@dataclass(frozen=True)
class Filter:
    """FILTER by an expression."""

    expression: Expression


@dataclass(frozen=True)
class Optional:
    """OPTIONAL with a group."""

    group: Group


@dataclass(frozen=True)
class Union:
    """The groups of a UNION; one alone is a nested group."""

    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Bind:
    """BIND of an expression to a variable."""

    expression: Expression
    variable: Variable


@dataclass(frozen=True)
class Values:
    """VALUES: the variables and the rows; None is UNDEF."""

    variables: tuple[Variable, ...]
    rows: tuple[tuple[Term | None, ...], ...]


@dataclass(frozen=True)
class Select:
    """A sub-query: SELECT DISTINCT of some variables of a group."""

    variables: tuple[Variable, ...]
    group: Group


Element = Pattern | Filter | Optional | Union | Bind | Values | Select


@dataclass(frozen=True)
class Group:
    """What stands between braces, in order."""

    elements: tuple[Element, ...]


@dataclass(frozen=True)
class Construct:
    """A whole query."""

    template: tuple[Pattern, ...]
    where: Group


_OPERATORS = {"||", "&&", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/"}
_STEPS = {"star": "*", "plus": "+", "opt": "?"}


def written(query: Construct) -> str:
    """The query as SPARQL, every IRI in full."""
    template = " ".join(_element(pattern) for pattern in query.template)
    return f"CONSTRUCT {{ {template} }}\nWHERE {_group(query.where)}\n"


def _group(group: Group) -> str:
    return "{ " + " ".join(_element(element) for element in group.elements) + " }"


def _element(element: Element) -> str:
    match element:
        case Pattern(subject, predicate, value):
            return f"{subject} {_path(predicate)} {value} ."
        case Filter(expression):
            return f"FILTER ( {_expression(expression)} )"
        case Optional(group):
            return f"OPTIONAL {_group(group)}"
        case Union(groups):
            return " UNION ".join(_group(group) for group in groups)
        case Bind(expression, variable):
            return f"BIND ( {_expression(expression)} AS {variable} )"
        case Values(variables, rows):
            head = " ".join(str(variable) for variable in variables)
            body = " ".join(f"( {' '.join(map(_value, row))} )" for row in rows)
            return f"VALUES ( {head} ) {{ {body} }}"
        case Select(variables, group):
            head = " ".join(str(variable) for variable in variables)
            return f"{{ SELECT DISTINCT {head} WHERE {_group(group)} }}"


def _value(term: Term | None) -> str:
    return "UNDEF" if term is None else str(term)


def _path(path: Predicate) -> str:
    if not isinstance(path, Path):
        return str(path)
    if path.kind in ("alt", "seq"):
        return "(" + ("|" if path.kind == "alt" else "/").join(map(_path, path.parts)) + ")"
    inner = _path(path.parts[0])
    return f"(^{inner})" if path.kind == "inv" else f"({inner}{_STEPS[path.kind]})"


def _expression(expression: Expression) -> str:
    if isinstance(expression, Exists):
        return f"{'NOT ' if expression.negated else ''}EXISTS {_group(expression.group)}"
    if not isinstance(expression, Call):
        return str(expression)
    shown = [_expression(argument) for argument in expression.arguments]
    if expression.name in _OPERATORS:
        return f"( {f' {expression.name} '.join(shown)} )"
    if expression.name in ("IN", "NOT IN"):
        return f"( {shown[0]} {expression.name} ( {', '.join(shown[1:])} ) )"
    if expression.name == "!":
        return f"( ! {shown[0]} )"
    return f"{expression.name}( {', '.join(shown)} )"


def shown(part: Element | Group | Predicate | Expression) -> str:
    """A part as people read it: IRIs shortened, at most 80 characters."""
    if isinstance(part, Group):
        text = _group(part)
    elif isinstance(part, Path):
        text = _path(part)
    elif isinstance(part, NamedNode | Literal | Variable | Call | Exists):
        text = _expression(part)
    else:
        text = _element(part)
    text = re.sub(r'"([^" ]*)"\^\^<\S*(boolean|integer|decimal)>', r"\1", text)
    text = text.replace(str(TYPE), "a")
    text = re.sub(r"<([^<>\s]*)>", lambda found: short(found[1]), text)
    return text if len(text) <= 80 else text[:77] + "…"
