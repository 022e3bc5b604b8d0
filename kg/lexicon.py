"""The term tables compiled: phrases by first word, cues, side words.

A row is any node with ``m816:phrase`` literals. ``m816:denotes`` names what it means (the row
itself when absent), ``m816:maxGap`` how many other words may stand between two of its words.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field

from kg.knowledge import Knowledge
from kg.namespaces import M816, TYPE

_WORD = re.compile(r"[^\W_]+|,|[()\[\]]")
_POSSESSIVE = re.compile(r"['’]s\b")


@dataclass(frozen=True)
class Phrase:
    """One lexical form of a row: its words, what it denotes, its kind, the gap it tolerates."""

    words: tuple[str, ...]
    concepts: tuple[str, ...]
    group: str
    gap: int
    text: str


@dataclass(frozen=True)
class Cue:
    """Words that turn what follows (or precedes) them into a denial, a history, a doubt …"""

    words: tuple[str, ...]
    meaning: str
    after: bool


@dataclass
class Lexicon:
    """All rows, ready for ``kg.wording``."""

    phrases: dict[str, list[Phrase]] = field(default_factory=dict)
    cues: dict[str, list[Cue]] = field(default_factory=dict)
    breakers: set[str] = field(default_factory=set)
    stops: set[str] = field(default_factory=set)
    history_stops: set[str] = field(default_factory=set)
    sides: dict[str, frozenset[str]] = field(default_factory=dict)


def tokens(text: str) -> list[str]:
    """Lower-case words, commas and brackets of a text, possessives dropped."""
    return _WORD.findall(_POSSESSIVE.sub("", text.lower()))


@functools.lru_cache(maxsize=8)
def lexicon(knowledge: Knowledge) -> Lexicon:
    """Compile every row of the knowledge that carries ``m816:phrase``."""
    found = Lexicon()
    words = {
        "PhraseBreaker": found.breakers,
        "CueStop": found.stops,
        "HistoryStop": found.history_stops,
    }
    for row in sorted(s for s in knowledge.raw if knowledge.texts(s, "phrase")):
        types = {value.value.removeprefix(M816) for value in knowledge.values(row, TYPE.value)}
        for text in knowledge.texts(row, "phrase"):
            parts = tuple(tokens(text))
            if "Cue" in types:
                cue = Cue(
                    parts,
                    knowledge.text(row, "cueMeaning"),
                    knowledge.text(row, "cueDirection") == "after",
                )
                found.cues.setdefault(parts[0], []).append(cue)
            elif "SideWord" in types:
                found.sides[parts[0]] = frozenset(knowledge.texts(row, "denotes"))
            elif types & words.keys():
                words[min(types & words.keys())].update(parts)
            else:
                found.phrases.setdefault(parts[0], []).append(_phrase(knowledge, row, text, parts))
    return found


def _phrase(knowledge: Knowledge, row: str, text: str, parts: tuple[str, ...]) -> Phrase:
    denoted = tuple(knowledge.texts(row, "denotes")) or (row,)
    kinds = [value.value for value in knowledge.values(denoted[0], TYPE.value)]
    group = next((kind for kind in sorted(kinds) if kind.startswith(M816)), "")
    return Phrase(parts, denoted, group, int(knowledge.text(row, "maxGap", "0")), text)
