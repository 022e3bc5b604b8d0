"""Expressions of a derivation → Python source of a truth value or a term.

In: expressions and the variables that are bound. Out: source over ``kg.expressions`` (named ``x``
there): whether an expression is true, whether it is false, and a term or None. What is neither true
nor false is an error. EXISTS is left to who writes loops.
"""

from __future__ import annotations

from pyoxigraph import Literal, NamedNode, Variable

from kg import expressions
from kg.construct import Call, Exists, Expression, Term
from kg.errors import KnowledgeError
from kg.facts import node

_COMPARED = {"<": "x.less({0}, {1})", ">": "x.less({1}, {0})"}
_CONTRARY = {">=": "<", "<=": ">", "!=": "=", "NOT IN": "IN"}
_LOGIC = {"&&": ("and", "or"), "||": ("or", "and")}
_TRUTHS = {"BOUND", "!", "=", "IN", "STRSTARTS", *_LOGIC, *_COMPARED, *_CONTRARY}


class Conditions:
    """Writes expressions; ``certain`` and ``maybe`` are the variables bound, surely or perhaps."""

    def exists(self, element: Exists, certain: set[str], maybe: set[str]) -> str:
        """Source of whether the group of an EXISTS has a solution."""
        raise NotImplementedError

    def term(self, term: Term) -> str:
        """Source of a variable or a constant."""
        return f"v_{term.value}" if isinstance(term, Variable) else repr(node(term))

    def holds(self, expression: Expression, certain: set[str], maybe: set[str]) -> str:
        """Source of whether it is true."""
        return self._is(True, expression, certain, maybe)

    def _is(self, wanted: bool, expression: Expression, certain: set[str], maybe: set[str]) -> str:
        """Source of whether it is true, or of whether it is false."""
        if isinstance(expression, Exists):
            found = self.exists(expression, certain, maybe)
            return found if wanted != expression.negated else f"(not {found})"
        if isinstance(expression, Call):
            name, arguments = expression.name, expression.arguments
            if name in _CONTRARY:
                return self._is(not wanted, Call(_CONTRARY[name], arguments), certain, maybe)
            if name == "!":
                return self._is(not wanted, arguments[0], certain, maybe)
            if name in _LOGIC:
                word = f" {_LOGIC[name][0 if wanted else 1]} "
                return f"({word.join(self._is(wanted, a, certain, maybe) for a in arguments)})"
            if name == "IN":
                first, *others = arguments
                word = " or " if wanted else " and "
                tests = [self._equal(wanted, first, other, certain, maybe) for other in others]
                return f"({word.join(tests)})" if tests else str(not wanted)
            if name == "=":
                return self._equal(wanted, arguments[0], arguments[1], certain, maybe)
            if name == "BOUND":
                return f"({self.value(arguments[0], certain, maybe)} is {'not ' * wanted}None)"
        found = self._told(expression, certain, maybe)
        return found if wanted else f"({found} is False)"

    def _told(self, expression: Expression, certain: set[str], maybe: set[str]) -> str:
        """Source of True, False or None."""
        if isinstance(expression, Call):
            values = [self.value(argument, certain, maybe) for argument in expression.arguments]
            if expression.name in _COMPARED:
                return _COMPARED[expression.name].format(*values)
            if expression.name == "STRSTARTS":
                return f"x.starts({', '.join(values)})"
        return f"x.ebv({self.value(expression, certain, maybe)})"

    def _equal(
        self,
        wanted: bool,
        left: Expression,
        right: Expression,
        certain: set[str],
        maybe: set[str],
    ) -> str:
        """An IRI or a text equals what is the same; between other literals there is more to it."""
        first, second = (self.value(side, certain, maybe) for side in (left, right))
        if wanted and (_is_plain(left) or _is_plain(right)):
            return f"({first} == {second})"
        for side, other, shown in ((left, right, second), (right, left, first)):
            if isinstance(side, NamedNode) and isinstance(other, Variable):
                sure = "" if other.value in certain else f"{shown} is not None and "
                return f"({sure}{first} != {second})"
        return f"x.equal({first}, {second})" if wanted else f"(x.equal({first}, {second}) is False)"

    def _said(self, expression: Expression, certain: set[str], maybe: set[str]) -> str:
        """Source of a truth value as a term, or None."""
        if _is_firm(expression, certain):
            return f"(x.TRUE if {self._is(True, expression, certain, maybe)} else x.FALSE)"
        true, false = (self._is(wanted, expression, certain, maybe) for wanted in (True, False))
        return f"(x.TRUE if {true} else x.FALSE if {false} else None)"

    def value(self, expression: Expression, certain: set[str], maybe: set[str]) -> str:
        """Source of a term, or None."""
        if isinstance(expression, Variable):
            known = expression.value in certain | maybe
            return f"v_{expression.value}" if known else "None"
        if isinstance(expression, NamedNode | Literal):
            return self.term(expression)
        if isinstance(expression, Exists) or expression.name in _TRUTHS:
            return self._said(expression, certain, maybe)
        name = expression.name
        if name == "IF":
            first, *others = expression.arguments
            true, false = (self._is(wanted, first, certain, maybe) for wanted in (True, False))
            yes, no = (self.value(argument, certain, maybe) for argument in others)
            return f"({yes} if {true} else {no} if {false} else None)"
        values = [self.value(argument, certain, maybe) for argument in expression.arguments]
        if name == "COALESCE":
            return f"next((t for t in ({', '.join(values)},) if t is not None), None)"
        if name in ("+", "-", "*"):
            return f"x.arithmetic({name!r}, {', '.join(values)})"
        if name not in expressions.TERMS:
            raise KnowledgeError(f"{name} cannot be compiled")
        return f"x.{expressions.TERMS[name]}({', '.join(values)})"


def _is_plain(term: Expression) -> bool:
    """Whether nothing but the term itself equals it."""
    if isinstance(term, Literal):
        return expressions.number(node(term)) is None
    return isinstance(term, NamedNode)


def _is_firm(expression: Expression, certain: set[str]) -> bool:
    """Whether it is true or false whatever the facts, never an error."""
    if not isinstance(expression, Call):
        return isinstance(expression, Exists)
    if expression.name in ("=", "!=", "IN", "NOT IN"):
        first, *others = expression.arguments
        known = isinstance(first, Variable) and first.value in certain
        return known and all(isinstance(other, NamedNode) for other in others)
    logic = expression.name == "!" or expression.name in _LOGIC
    return expression.name == "BOUND" or (
        logic and all(_is_firm(argument, certain) for argument in expression.arguments)
    )
