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

_DOUBT_AFTER = r"(?<=[\w)\]])\?+|\(\?+\)|\?+(?=\s*(?:$|[,;.)]))"
_WORD = re.compile(rf"(?P<doubt>{_DOUBT_AFTER})|\?+|[^\W_]+|(?P<dash>\s[-–—]+\s|—)|,|[()\[\]]")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\ufeff"))
_BEFORE, _AFTER = 9, 8
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
    """Words that turn what follows (or precedes) them into a denial, a history, a doubt …

    ``reach``: how many words may stand between the cue and what it is about. ``group``: the only
    kind of concept it is about, empty when it may be about any.
    """

    words: tuple[str, ...]
    meaning: str
    after: bool
    reach: int
    group: str = ""


@dataclass(eq=False)
class Lexicon:
    """All rows, ready for ``kg.wording``."""

    phrases: dict[str, list[Phrase]] = field(default_factory=dict)
    cues: dict[str, list[Cue]] = field(default_factory=dict)
    breakers: set[str] = field(default_factory=set)
    stops: set[str] = field(default_factory=set)
    history_stops: set[str] = field(default_factory=set)
    sides: dict[str, frozenset[str]] = field(default_factory=dict)


def tokens(text: str) -> list[str]:
    """Lower-case words, commas and brackets of a text, possessives dropped.

    A dash between spaces counts as a comma; a question mark is ``?`` before what it doubts
    ("?osteoporosis") and ``(?)`` after it ("osteoporosis?").
    """
    plain = _POSSESSIVE.sub("", text.translate(_INVISIBLE).lower())
    return [_token(found) for found in _WORD.finditer(plain)]


def _token(found: re.Match[str]) -> str:
    if found["doubt"]:
        return "(?)"
    if found["dash"]:
        return ","
    return "?" if "?" in found[0] else found[0]


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
            parts = (text,) if "?" in text else tuple(tokens(text))
            if "Cue" in types:
                cue = _cue(knowledge, row, parts)
                found.cues.setdefault(parts[0], []).append(cue)
            elif "SideWord" in types:
                found.sides[parts[0]] = frozenset(knowledge.texts(row, "denotes"))
            elif types & words.keys():
                words[min(types & words.keys())].update(parts)
            else:
                found.phrases.setdefault(parts[0], []).append(_phrase(knowledge, row, text, parts))
    return found


def _cue(knowledge: Knowledge, row: str, parts: tuple[str, ...]) -> Cue:
    after = knowledge.text(row, "cueDirection") == "after"
    reach = knowledge.text(row, "maxGap", str(_AFTER if after else _BEFORE))
    return Cue(
        parts, knowledge.text(row, "cueMeaning"), after, int(reach), knowledge.text(row, "cueAbout")
    )


def _phrase(knowledge: Knowledge, row: str, text: str, parts: tuple[str, ...]) -> Phrase:
    denoted = tuple(knowledge.texts(row, "denotes")) or (row,)
    kinds = [value.value for value in knowledge.values(denoted[0], TYPE.value)]
    kinds = sorted(k for k in kinds if k.startswith(M816) and not k.endswith("/AlwaysInSlice"))
    group = next(iter(kinds), denoted[0])
    return Phrase(parts, denoted, group, int(knowledge.text(row, "maxGap", "0")), text)
