"""Write Turtle that is the same bytes on every run: values sorted, blocks in the order given.

In: subjects with predicate/value pairs that are already Turtle. Out: text. Errors: CodesError for
a name that cannot be written with a prefix. Source: W3C Turtle 1.1, sections 2.4 to 2.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from kg.codetable import CodesError
from kg.namespaces import PREFIXES

Pair = tuple[str, str]
_WIDTH = 118  # a statement is a few lines; one predicate may still be longer
_LOCAL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def name(prefix: str, local: str) -> str:
    """Return the prefixed name; CodesError if the local part would need escaping."""
    if not _LOCAL.fullmatch(local):
        raise CodesError(f"{local!r} cannot be the end of an identifier")
    return f"{prefix}:{local}"


def string(value: str, language: str = "") -> str:
    """Return a string literal, tagged with the language if one is given."""
    escaped = "".join(_ESCAPES.get(char, char) for char in value)
    return f'"{escaped}"' + (f"@{language}" if language else "")


def day(value: date) -> str:
    """Return an xsd:date literal."""
    return f'"{value.isoformat()}"^^xsd:date'


def boolean(value: bool) -> str:
    """Return an xsd:boolean literal."""
    return "true" if value else "false"


def block(subject: str, pairs: Iterable[Pair]) -> str:
    """Return one subject: its types first, then predicates as first given, values sorted."""
    values: dict[str, set[str]] = {"a": set()}
    for predicate, value in pairs:
        values.setdefault(predicate, set()).add(value)
    lines = [subject]
    for predicate, found in values.items():
        said = f"{predicate} {', '.join(sorted(found))}" if found else ""
        if len(lines[-1]) + len(said) > _WIDTH and len(values) > 1:
            lines.append("   ")
        lines[-1] += f" {said} ;" if said else ""
    return "\n".join(lines).removesuffix(" ;") + " .\n"


def document(comment: str, prefixes: Iterable[str], blocks: Iterable[str]) -> str:
    """Return a whole file: a comment, the prefixes it uses, the blocks."""
    head = [f"# {line}" for line in comment.splitlines()]
    head += [""] + [f"@prefix {p}: <{PREFIXES[p]}> ." for p in sorted(prefixes)] + [""]
    return "\n".join([*head, *blocks])
