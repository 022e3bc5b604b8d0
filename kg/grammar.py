"""The text of a derivation → its tree (``kg.construct``), by recursive descent.

Raises ``KnowledgeError`` for whatever lies outside the subset that the derivations use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

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
    Term,
    Union,
    Values,
)
from kg.errors import KnowledgeError
from kg.namespaces import TYPE, XSD

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]*
      | (?P<iri><[^<>\s]*>) | (?P<text>"(?:\\.|[^"\\])*") | (?P<var>[?$]\w+)
      | (?P<name>[A-Za-z][\w-]*:(?:[\w.-]*[\w-])?)
      | (?P<number>[+-]?\d+(?:\.\d+)?) | (?P<word>[A-Za-z]\w*)
      | (?P<mark>\^\^|\|\||&&|!=|<=|>=|[{}().;,=<>!|/^*+?-])""",
    re.X,
)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


def parse(text: str) -> Construct:
    """The tree of a query; ``KnowledgeError`` outside the subset."""
    return _Parser(text).construct()


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise KnowledgeError(f"unexpected {text[place : place + 20]!r} in a derivation")
            if found.lastgroup:
                self._tokens.append((found.lastgroup, found[0]))
            place = found.end()
        self._tokens.append(("end", ""))
        self._at = 0
        self._prefixes: dict[str, str] = {}

    def _peek(self, ahead: int = 0) -> str:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)][1]

    def _word(self) -> str:
        kind, text = self._tokens[self._at]
        return text.upper() if kind == "word" else text

    def _take(self, *wanted: str) -> str:
        found = self._word()
        if wanted and found not in wanted:
            raise KnowledgeError(f"expected {' or '.join(wanted)}, found {found!r} in a derivation")
        self._at += 1
        return found

    def _skip(self, wanted: str) -> bool:
        if self._word() == wanted:
            self._at += 1
            return True
        return False

    def construct(self) -> Construct:
        """The whole query."""
        while self._skip("PREFIX"):
            name = self._peek().rstrip(":")
            self._at += 1
            self._prefixes[name] = self._peek()[1:-1]
            self._at += 1
        self._take("CONSTRUCT")
        template = [element for element in self.group().elements if isinstance(element, Pattern)]
        self._skip("WHERE")
        where = self.group()
        if self._tokens[self._at][0] != "end":
            raise KnowledgeError(f"{self._peek()!r} after the end of a derivation")
        return Construct(tuple(template), where)

    def group(self) -> Group:
        """A group in braces."""
        self._take("{")
        found: list[Element] = []
        while not self._skip("}"):
            found += self._elements()
            self._skip(".")
        return Group(tuple(found))

    def _elements(self) -> list[Element]:
        word = self._word()
        if word == "FILTER":
            self._at += 1
            return [Filter(self._primary())]
        if word == "OPTIONAL":
            self._at += 1
            return [Optional(self.group())]
        if word == "BIND":
            return [self._bind()]
        if word == "VALUES":
            return [self._values()]
        if word == "{":
            return [self._braced()]
        return list(self._triples())

    def _braced(self) -> Element:
        if self._peek(1).upper() == "SELECT":
            self._take("{")
            return self._select()
        groups = [self.group()]
        while self._skip("UNION"):
            groups.append(self.group())
        return Union(tuple(groups))

    def _select(self) -> Select:
        self._take("SELECT")
        self._take("DISTINCT")
        names: list[Variable] = []
        while self._tokens[self._at][0] == "var":
            names.append(self._variable())
        self._skip("WHERE")
        group = self.group()
        self._take("}")
        return Select(tuple(names), group)

    def _bind(self) -> Bind:
        self._take("BIND")
        self._take("(")
        value = self._expression()
        self._take("AS")
        variable = self._variable()
        self._take(")")
        return Bind(value, variable)

    def _values(self) -> Values:
        self._take("VALUES")
        several = self._skip("(")
        names = [self._variable()]
        while several and not self._skip(")"):
            names.append(self._variable())
        self._take("{")
        rows: list[tuple[Term | None, ...]] = []
        while not self._skip("}"):
            if several:
                self._take("(")
            rows.append(tuple(None if self._skip("UNDEF") else self._term() for _ in names))
            if several:
                self._take(")")
        return Values(tuple(names), tuple(rows))

    def _triples(self) -> Iterator[Pattern]:
        subject = self._term()
        while True:
            predicate = self._path()
            yield Pattern(subject, predicate, self._term())
            while self._skip(","):
                yield Pattern(subject, predicate, self._term())
            if not self._skip(";"):
                return
            while self._skip(";"):
                pass
            if self._peek() in (".", "}"):
                return

    def _path(self) -> Predicate:
        parts = [self._sequence()]
        while self._skip("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Path("alt", tuple(parts))

    def _sequence(self) -> Predicate:
        parts = [self._step()]
        while self._skip("/"):
            parts.append(self._step())
        return parts[0] if len(parts) == 1 else Path("seq", tuple(parts))

    def _step(self) -> Predicate:
        if self._skip("^"):
            return Path("inv", (self._step(),))
        if self._skip("("):
            step = self._path()
            self._take(")")
        elif self._tokens[self._at] == ("word", "a"):
            self._at += 1
            step = TYPE
        elif self._tokens[self._at][0] == "var":
            return self._variable()
        else:
            term = self._term()
            assert isinstance(term, NamedNode)
            step = term
        for mark, kind in (("*", "star"), ("+", "plus"), ("?", "opt")):
            if self._skip(mark):
                return Path(kind, (step,))
        return step

    def _variable(self) -> Variable:
        kind, text = self._tokens[self._at]
        if kind != "var":
            raise KnowledgeError(f"expected a variable, found {text!r} in a derivation")
        self._at += 1
        return Variable(text[1:])

    def _term(self) -> Term:
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "var":
            return Variable(text[1:])
        if kind == "iri":
            return NamedNode(text[1:-1])
        if kind == "name":
            prefix, _, local = text.partition(":")
            return NamedNode(self._prefixes[prefix] + local)
        if kind == "number":
            name = "decimal" if "." in text else "integer"
            return Literal(text, datatype=NamedNode(XSD + name))
        if kind == "word" and text in ("true", "false"):
            return Literal(text, datatype=NamedNode(XSD + "boolean"))
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", text[1:-1])
            if self._skip("^^"):
                datatype = self._term()
                assert isinstance(datatype, NamedNode)
                return Literal(value, datatype=datatype)
            return Literal(value)
        raise KnowledgeError(f"expected a term, found {text!r} in a derivation")

    def _expression(self) -> Expression:
        return self._chain(("||",), lambda: self._chain(("&&",), self._relation))

    def _chain(self, marks: tuple[str, ...], operand: Callable[[], Expression]) -> Expression:
        left = operand()
        while self._peek() in marks:
            left = Call(self._take(), (left, operand()))
        return left

    def _relation(self) -> Expression:
        left = self._sum()
        if self._peek() in _COMPARISONS:
            return Call(self._take(), (left, self._sum()))
        if self._word() == "IN" or (self._word(), self._peek(1).upper()) == ("NOT", "IN"):
            name = "NOT IN" if self._skip("NOT") else "IN"
            self._take("IN")
            return Call(name, (left, *self._arguments()))
        return left

    def _sum(self) -> Expression:
        return self._chain(("+", "-"), lambda: self._chain(("*", "/"), self._unary))

    def _unary(self) -> Expression:
        if self._skip("!"):
            return Call("!", (self._unary(),))
        return self._primary()

    def _primary(self) -> Expression:
        if self._skip("("):
            inner = self._expression()
            self._take(")")
            return inner
        word, kind = self._word(), self._tokens[self._at][0]
        if word in ("EXISTS", "NOT"):
            negated = self._skip("NOT")
            self._take("EXISTS")
            return Exists(self.group(), negated)
        if kind == "word" and word not in ("TRUE", "FALSE"):
            self._at += 1
            return Call(word, self._arguments())
        term = self._term()
        if isinstance(term, NamedNode) and self._peek() == "(":
            return Call(str(term), self._arguments())
        return term

    def _arguments(self) -> tuple[Expression, ...]:
        self._take("(")
        found = [self._expression()]
        while self._skip(","):
            found.append(self._expression())
        self._take(")")
        return tuple(found)
