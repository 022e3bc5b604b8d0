"""What a listing asks of the tables: a question, its answer, and which rows may matter to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from kg.knowledge import Knowledge
from kg.lexicon import Lexicon, lexicon
from kg.namespaces import M816, PREFIXES


@dataclass
class World:
    """Some knowledge, its words when they are already compiled, whether texts are read anew."""

    knowledge: Knowledge
    words: Lexicon | None = None
    reread: bool = False

    @cached_property
    def lexicon(self) -> Lexicon:
        """The words of the knowledge."""
        return self.words or lexicon(self.knowledge)


@dataclass(frozen=True)
class Check:
    """A question to the knowledge with the listed answer; ``keys`` say which rows may matter."""

    name: str
    keys: frozenset[str]
    ask: Callable[[World], object] = field(compare=False)
    expected: object = field(compare=False)

    def holds(self, world: World) -> bool:
        """Whether the knowledge gives the listed answer."""
        try:
            return self.ask(world) == self.expected
        except (KeyError, ValueError, AttributeError):  # a table that lacks a part it needs
            return False


def term(name: str) -> str:
    """The IRI of a term by its short name: ours, or with a prefix such as ``icd:`` another's."""
    prefix, colon, rest = name.partition(":")
    return PREFIXES.get(prefix, prefix + colon) + rest if colon else M816 + name


class Checks:
    """Checks by what may matter to them."""

    def __init__(self, found: Iterable[Check]) -> None:
        self._by_key: dict[str, list[Check]] = {}
        for check in found:
            for key in check.keys:
                self._by_key.setdefault(key, []).append(check)

    def failed(self, keys: Iterable[str], world: World) -> Check | None:
        """The first check with one of the keys that does not hold, or None."""
        asked = {id(c): c for key in keys for c in self._by_key.get(key, ())}
        return next((check for check in asked.values() if not check.holds(world)), None)
