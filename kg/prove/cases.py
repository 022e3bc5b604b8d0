"""A derivation's cases → trials: a few facts in, exactly the triples that it adds to them.

In: a TOML file of ``tests/derivations``: ``says``, ``facts`` and what it ``adds``; then ``unless``
(sentence → facts that prevent it) and ``[[case]]`` (``says``, ``without``, ``with``, ``adds``).
Facts are Turtle whose bare words are m816 terms. Out: ``Trial``s, the written ones and those that
follow: nothing is added without a fact, or with another value in its place, unless it is ``spare``
(true: all that a case puts in).
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyoxigraph import RdfFormat, parse

from kg.errors import KnowledgeError
from kg.expressions import BOOLEAN, STRING, Node
from kg.facts import Row, row
from kg.knowledge import default
from kg.namespaces import M816, OWL, PREFIXES, TYPE, short

Rows = frozenset[Row]
OTHER = "urn:x-m816:something-else"
_NAMES = PREFIXES | {"": M816, "site": M816 + "site/", "drug": M816 + "drug/"}
_HEAD = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in _NAMES.items())
_TOKEN = re.compile(
    r"""(?P<kept>"(?:\\.|[^"\\])*"|<[^>]*>|@\w+|[A-Za-z]\w*:(?:[\w.-]*[\w-])?|\b(?:a|true|false)(?![\w-]))
      | (?P<day>\d{4}-\d\d-\d\d) | (?P<word>[A-Za-z][\w-]*)""",
    re.X,
)


@dataclass(frozen=True)
class Trial:
    """A sentence, the facts it is about, and what the derivation adds to them."""

    says: str
    facts: Rows
    adds: Rows


@dataclass
class _Entry:
    says: str
    facts: Rows
    adds: Rows
    spare: Rows
    fresh: Rows = frozenset()  # the facts an entry puts to the base, nothing of which it leaves out
    base: Rows = frozenset()  # what the base adds
    unless: dict[str, Any] = field(default_factory=dict)


def trials(path: Path) -> list[Trial]:
    """Every trial of one file; ``KnowledgeError`` if it cannot be read or contradicts itself."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
        return [trial for entry in _entries(found) for trial in _of(entry)]
    except (KeyError, SyntaxError, TypeError, ValueError) as error:
        raise KnowledgeError(f"{path.name}: {error}") from None


def facts(text: str) -> Rows:
    """The rows of facts in short form; ``SyntaxError`` if they are none."""
    turtle = _TOKEN.sub(_token, text).strip()
    if turtle and not turtle.endswith("."):
        turtle += " ."
    return frozenset(row(quad.triple) for quad in parse(_HEAD + turtle, RdfFormat.TURTLE))


def _token(found: re.Match[str]) -> str:
    if found["day"]:
        return f'"{found["day"]}"^^xsd:date'
    return f":{found['word']}" if found["word"] else found[0]


def _entries(found: dict[str, Any]) -> Iterator[_Entry]:
    _known(found, "says facts adds spare unless case")
    base = _Entry(
        found["says"],
        facts(found["facts"]),
        facts(found["adds"]),
        facts(found.get("spare", "")),
        unless=found.get("unless", {}),
    )
    yield base
    for case in found.get("case", ()):
        _known(case, "says without with adds spare unless")
        less, more = facts(case.get("without", "")), facts(case.get("with", ""))
        spare = more if case.get("spare") is True else facts(case.get("spare", ""))
        known = base.facts - less | more
        if not less <= base.facts or more & (base.facts - less) or not spare <= known:
            raise ValueError(f"{case['says']} It is without or spares what is not there, or twice.")
        yield _Entry(
            case["says"],
            known,
            facts(case["adds"]) if "adds" in case else base.adds,
            base.spare | spare,
            frozenset() if less else more,
            base.adds,
            case.get("unless", {}),
        )


def _known(found: dict[str, Any], keys: str) -> None:
    if unknown := found.keys() - set(keys.split()):
        raise ValueError(f"unknown key {min(unknown)}")


def _of(entry: _Entry) -> Iterator[Trial]:
    """What an entry says, and what follows from it."""
    yield Trial(entry.says, entry.facts, entry.adds)
    needed = (entry.facts if entry.adds else entry.fresh) - entry.spare
    for fact in sorted(needed, key=str):
        expected = entry.base if fact in entry.fresh else frozenset()
        for what, changed in _lacking(entry, entry.facts, fact):
            yield Trial(f"{entry.says} {what}", changed, expected)
    for says, given in entry.unless.items():
        for text in [given] if isinstance(given, str) else given:
            preventing = facts(text) - entry.facts
            yield Trial(says, entry.facts | preventing, frozenset())
            for fact in sorted(preventing, key=str):
                for what, changed in _lacking(entry, entry.facts | preventing, fact):
                    yield Trial(f"{says} {what}", changed, entry.adds)


def _lacking(entry: _Entry, known: Rows, fact: Row) -> Iterator[tuple[str, Rows]]:
    """The facts without one of them, and with another value in its place if that may matter."""
    subject, predicate, value = fact
    shown = f"{short(subject) if isinstance(subject, str) else subject} {short(predicate)} "
    shown += short(value) if isinstance(value, str) else value[0]
    yield f"(without {shown})", known - {fact}
    other = _other(value)
    if other is None:
        return
    linked = {end for each in (known - {fact}) | entry.adds for end in (each[0], each[2])}
    if predicate == TYPE.value or value not in linked:
        yield f"(another value in {shown})", known - {fact} | {(subject, predicate, other)}


@functools.cache
def _no_terms() -> frozenset[str]:
    """Names of properties, which cases give to what a property leads to, but for those of texts."""
    kinds = (OWL + "ObjectProperty", OWL + "DatatypeProperty")
    names = {name for kind in kinds for name in default().by_type.get(kind, ())}
    return frozenset(names.difference(default().by_type.get(M816 + "TextProperty", ())))


def _other(value: Node) -> Node | None:
    """A value that means nothing, in place of a term of the ontology, a word or a truth value."""
    if isinstance(value, str):
        return OTHER if value in default() and value not in _no_terms() else None
    text, datatype, _ = value
    if datatype == BOOLEAN:
        return ("false" if text == "true" else "true", BOOLEAN, None)
    return ("something else", STRING, None) if datatype == STRING else None
