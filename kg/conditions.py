"""Expressions of a derivation → Python source of a truth value or a term.

In: expressions and the variables that are bound. Out: source over ``kg.expressions`` (named ``x``
there); True, False or None for an error, and a term or None. EXISTS is left to who writes loops.
"""

from __future__ import annotations

from pyoxigraph import Literal, NamedNode, Variable

from kg import expressions
from kg.construct import Call, Exists, Expression, Term
from kg.errors import KnowledgeError
from kg.facts import node

_LOGIC = {"&&": "both", "||": "either", "!": "negated"}
_COMPARED = {
    "=": "x.equal({0}, {1})",
    "!=": "x.negated(x.equal({0}, {1}))",
    "<": "x.less({0}, {1})",
    ">=": "x.negated(x.less({0}, {1}))",
    ">": "x.less({1}, {0})",
    "<=": "x.negated(x.less({1}, {0}))",
}
_LISTED = {
    "IN": "x.one_of({})",
    "NOT IN": "x.negated(x.one_of({}))",
    "STRSTARTS": "x.starts({})",
}
_TRUTHS = {"BOUND", *_LOGIC, *_COMPARED, *_LISTED}


class Conditions:
    """Writes expressions; ``certain`` and ``maybe`` are the variables bound, surely or perhaps."""

    def exists(self, element: Exists, certain: set[str], maybe: set[str]) -> str:
        """Source of an EXISTS."""
        raise NotImplementedError

    def term(self, term: Term) -> str:
        """Source of a variable or a constant."""
        return f"v_{term.value}" if isinstance(term, Variable) else repr(node(term))

    def truth(self, expression: Expression, certain: set[str], maybe: set[str]) -> str:
        """Source of True, False or None."""
        if isinstance(expression, Exists):
            return self.exists(expression, certain, maybe)
        if not isinstance(expression, Call):
            return f"x.ebv({self.value(expression, certain, maybe)})"
        name, arguments = expression.name, expression.arguments
        if name in _LOGIC:
            inner = ", ".join(self.truth(argument, certain, maybe) for argument in arguments)
            return f"x.{_LOGIC[name]}({inner})"
        if name == "BOUND":
            (variable,) = arguments
            assert isinstance(variable, Variable)
            known = variable.value in certain | maybe
            return f"(v_{variable.value} is not None)" if known else "False"
        values = [self.value(argument, certain, maybe) for argument in arguments]
        if name in _COMPARED:
            return _COMPARED[name].format(*values)
        if name in _LISTED:
            return _LISTED[name].format(", ".join(values))
        return f"x.ebv({self.value(expression, certain, maybe)})"

    def value(self, expression: Expression, certain: set[str], maybe: set[str]) -> str:
        """Source of a term, or None."""
        if isinstance(expression, Variable):
            known = expression.value in certain | maybe
            return f"v_{expression.value}" if known else "None"
        if isinstance(expression, NamedNode | Literal):
            return self.term(expression)
        if isinstance(expression, Exists) or expression.name in _TRUTHS:
            return f"x.truth({self.truth(expression, certain, maybe)})"
        name = expression.name
        if name == "IF":
            first, *others = expression.arguments
            test = self.truth(first, certain, maybe)
            yes, no = (self.value(argument, certain, maybe) for argument in others)
            return f"(None if (t := {test}) is None else {yes} if t else {no})"
        values = [self.value(argument, certain, maybe) for argument in expression.arguments]
        if name == "COALESCE":
            return f"next((t for t in ({', '.join(values)},) if t is not None), None)"
        if name in ("+", "-", "*"):
            return f"x.arithmetic({name!r}, {', '.join(values)})"
        if name not in expressions.TERMS:
            raise KnowledgeError(f"{name} cannot be compiled")
        return f"x.{expressions.TERMS[name]}({', '.join(values)})"
