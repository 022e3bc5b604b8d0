"""A SPARQL text looked over before any engine sees it: what it would fetch, how large it is.

In: the text of a query or update. Out: ``Overview``. Tokens are told apart as the SPARQL 1.1
grammar does (§19.8), so that a keyword in a string, IRI, comment or name is no keyword. Operating
system limits hold where this is fooled; it exists to answer early and clearly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_BYTES = 65_536
MAX_DEPTH = 100  # brackets and negations; engines recurse per level and end without stack
MAX_CLAUSES = 400  # groups joined one after the other become as deep a tree in the engine
MAX_OPERATORS = 1_000  # so do chains of ||, &&, +, / and the like
MAX_SEPARATORS = 10_000  # and object lists

_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"}
_CLAUSES = {"BIND", "MINUS", "OPTIONAL", "UNION", "FILTER", "GRAPH", "EXISTS", "VALUES"} | _FORMS
_VOLATILE = {"RAND", "NOW", "UUID", "STRUUID", "BNODE"}
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n\r]*)
      | (?P<iri><(?:[^\x00-\x20<>"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>)
      | (?P<text>\"{3}(?:\\.|(?!\"{3}).)*\"{3} | '{3}(?:\\.|(?!'{3}).)*'{3}
                | "(?:\\.|[^"\\\n\r])*" | '(?:\\.|[^'\\\n\r])*')
      | (?P<name>[?$]\w+ | @\w[\w-]* | (?:\w[\w.-]*)?:(?:[\w:.%-]|\\.)*)
      | (?P<number>[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?)
      | (?P<word>\w+)
      | (?P<open>[({\[]) | (?P<close>[)}\]])
      | (?P<operator>\|\||&&|[!+*/|^=<>-])
      | (?P<separator>[,;])""",
    re.X | re.S,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@dataclass(frozen=True)
class Overview:
    """What a text is: its form (SELECT, ASK, …, UPDATE or empty), what it fetches, faults."""

    form: str
    fetches: str = ""
    fault: str = ""
    line: int = 0
    dataset: bool = False
    volatile: bool = False


def overlook(text: str) -> Overview:
    """Look a text over as it stands and, if it has code point escapes, as these are read."""
    seen = _scan(text)
    if "\\u" in text or "\\U" in text:
        again = _scan(_ESCAPE.sub(_character, text))
        if (again.fetches or again.fault) and not (seen.fetches or seen.fault):
            return again
    return seen


def _character(escape: re.Match[str]) -> str:
    number = int(escape[1] or escape[2], 16)
    return chr(number) if number <= 0x10FFFF else ""


def _scan(text: str) -> Overview:
    form, fetches, line = "", "", 0
    dataset = volatile = False
    depth = deepest = clauses = operators = separators = negations = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "word":
            word = token[0].upper()
            if not form and (word in _FORMS or word in _UPDATES):
                form = word if word in _FORMS else "UPDATE"
            clauses += word in _CLAUSES
            dataset = dataset or word in ("FROM", "USING")
            volatile = volatile or word in _VOLATILE
            if word in ("SERVICE", "LOAD") and not fetches:
                fetches, line = word, text.count("\n", 0, token.start()) + 1
        elif kind == "open":
            depth += 1
            deepest = max(deepest, depth)
        elif kind == "close":
            depth -= 1
        elif kind == "operator":
            operators += 1
            negations = negations + 1 if token[0] == "!" else 0
            deepest = max(deepest, negations)
        elif kind == "separator":
            separators += 1
    fault = _fault(deepest, clauses, operators, separators)
    return Overview(form, fetches, fault, line, dataset, volatile)


def _fault(depth: int, clauses: int, operators: int, separators: int) -> str:
    measured = (
        (depth, MAX_DEPTH, "levels of nesting"),
        (clauses, MAX_CLAUSES, "clauses"),
        (operators, MAX_OPERATORS, "operators"),
        (separators, MAX_SEPARATORS, "separators"),
    )
    over = [f"{found} {what}, at most {limit}" for found, limit, what in measured if found > limit]
    return "; ".join(over)
