"""Clinical wording → mentions: whole phrases of the term tables, and how they are meant.

A phrase matches when its words stand in order in one clause, with at most its own gap of other
words between two of them; bracketed words never break it. Nothing cleverer is done: the table
decides, and anyone can read it. How a mention is meant is read in ``kg.meaning``.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from kg.lexicon import Lexicon, tokens
from kg.meaning import Match, cues_in, meaning_of, sides_of

_TITLE = re.compile(r"\bM(?:r|rs|s)\b\.?(?=\s+[A-Z])")
_ABBREVIATION = re.compile(
    r"\b(Dr|Pt|pt|Lt|LT|lt|Rt|RT|rt|vs|approx|e\.g|i\.e|[LRlr](?=\.\s+[a-z]))\."
)
_CLAUSE = re.compile(r"\.(?!\d)|(?<!\d)\.|[;\n\r!]|(?<=[\w)\]]\?)\s")
_WRAPPED = 50
SHORT = 1000  # characters of a text that is kept long
_OPEN, _CLOSE = frozenset("(["), frozenset(")]")


@dataclass(frozen=True)
class Mention:
    """A concept found in a text.

    ``meaning``: affirmed, negated, historical, family or uncertain. ``as_cause``: the text names
    it as the cause of something ("due to …"). ``sides``: the side words beside it.
    """

    concept: str
    phrase: str
    meaning: str
    as_cause: bool = False
    sides: frozenset[str] = frozenset()


def mentions(text: str, lexicon: Lexicon) -> tuple[Mention, ...]:
    """All mentions in a text, clause by clause, in order, without repeats."""
    return (_short if len(text) <= SHORT else _long)(text, lexicon)


def _mentions(text: str, lexicon: Lexicon) -> tuple[Mention, ...]:
    found: dict[Mention, None] = {}
    for clause in _clauses(text):
        for mention in _in_clause(tokens(clause), lexicon):
            found[mention] = None
    return tuple(found)


# Short texts repeat from record to record. A long one is kept while its record is read, looked at
# for scope and derived; many of them would fill the memory.
_short = functools.lru_cache(maxsize=1024)(_mentions)
_long = functools.lru_cache(maxsize=32)(_mentions)


def _clauses(text: str) -> list[str]:
    """The clauses of a text; wrapped lines, titles and abbreviations end none."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines and len(lines[-1]) >= _WRAPPED and line.lstrip()[:1].islower():
            lines[-1] += " " + line.lstrip()
        else:
            lines.append(line)
    plain = _ABBREVIATION.sub(r"\1 ", _TITLE.sub(" ", "\n".join(lines)))
    return _CLAUSE.split(plain)


def _in_clause(words: list[str], lexicon: Lexicon) -> list[Mention]:
    if not words:
        return []
    matches = _widest(_matches(words, lexicon))
    cues = cues_in(words, lexicon)
    found = []
    for match in sorted(matches, key=lambda m: (m.at, m.phrase.text, m.phrase.concepts)):
        meaning, as_cause = meaning_of(match, matches, cues, words, lexicon)
        sides = sides_of(match, matches, cues, words, lexicon)
        found += [
            Mention(concept, match.phrase.text, meaning, as_cause, sides)
            for concept in match.phrase.concepts
        ]
    return found


def _matches(words: list[str], lexicon: Lexicon) -> set[Match]:
    """Matches in the clause read with its bracketed words, and read without them."""
    depth, outside, inside = 0, [], []
    for index, word in enumerate(words):
        if word in _OPEN:
            depth += 1
        elif word in _CLOSE:
            depth = max(0, depth - 1)
        else:
            inside.append(index)
            if not depth:
                outside.append(index)
    streams = [inside] if len(inside) == len(outside) else [inside, outside]
    return {match for stream in streams for match in _in_stream(stream, words, lexicon)}


def _in_stream(stream: list[int], words: list[str], lexicon: Lexicon) -> list[Match]:
    found = []
    for start, index in enumerate(stream):
        for form in _forms(words[index]):
            for phrase in lexicon.phrases.get(form, ()):
                at = _matched(phrase.words, phrase.gap, start, stream, words, lexicon)
                if at:
                    found.append(Match(at, phrase))
    return found


def _forms(word: str) -> tuple[str, ...]:
    """A word as written and with a plural ending taken off."""
    if word.endswith("ies"):
        return word, word[:-1], word[:-3] + "y"
    if word.endswith("es"):
        return word, word[:-1], word[:-2]
    return (word, word[:-1]) if word.endswith("s") else (word,)


def _matched(
    wanted: tuple[str, ...],
    most: int,
    start: int,
    stream: list[int],
    words: list[str],
    lexicon: Lexicon,
) -> tuple[int, ...]:
    at = [stream[start]]
    position = start
    for part in wanted[1:]:
        gap = 0
        position += 1
        while position < len(stream) and part not in _forms(words[stream[position]]):
            word = words[stream[position]]
            gap += word != ","
            if gap > most or word in lexicon.breakers:
                return ()
            position += 1
        if position >= len(stream):
            return ()
        at.append(stream[position])
    return tuple(at)


def _widest(matches: set[Match]) -> list[Match]:
    """Drop a match whose words are all part of a wider match of the same kind."""
    return [
        match
        for match in matches
        if not any(
            set(match.at) < set(other.at) and match.phrase.group == other.phrase.group
            for other in matches
        )
    ]
