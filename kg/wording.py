"""Clinical wording → mentions: whole phrases of the term tables, and how they are meant.

A phrase matches when its words stand in order in one clause, with at most its own gap of other
words between two of them; bracketed words never break it. Nothing cleverer is done: the table
decides, and anyone can read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kg.lexicon import Cue, Lexicon, Phrase, tokens

_CLAUSE = re.compile(r"\.(?!\d)|(?<!\d)\.|[;\n\r!]")
_BEFORE_SCOPE = 9
_AFTER_SCOPE = 8
_SIDE_SCOPE = 3
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


@dataclass(frozen=True)
class _Match:
    at: tuple[int, ...]
    phrase: Phrase


def mentions(text: str, lexicon: Lexicon) -> list[Mention]:
    """All mentions in a text, clause by clause, in order, without repeats."""
    found: dict[Mention, None] = {}
    for clause in _CLAUSE.split(text):
        for mention in _in_clause(tokens(clause), lexicon):
            found[mention] = None
    return list(found)


def _in_clause(words: list[str], lexicon: Lexicon) -> list[Mention]:
    if not words:
        return []
    matches = _widest(_matches(words, lexicon))
    cues = _cues(words, lexicon)
    found = []
    for match in sorted(matches, key=lambda m: m.at):
        meaning, as_cause = _meaning(match, matches, cues, words, lexicon)
        sides = _sides(match, words, lexicon)
        found += [
            Mention(concept, match.phrase.text, meaning, as_cause, sides)
            for concept in match.phrase.concepts
        ]
    return found


def _matches(words: list[str], lexicon: Lexicon) -> set[_Match]:
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


def _in_stream(stream: list[int], words: list[str], lexicon: Lexicon) -> list[_Match]:
    found = []
    for start, index in enumerate(stream):
        for form in _forms(words[index]):
            for phrase in lexicon.phrases.get(form, ()):
                at = _matched(phrase, start, stream, words, lexicon)
                if at:
                    found.append(_Match(at, phrase))
    return found


def _forms(word: str) -> tuple[str, ...]:
    """A word as written and with a plural ending taken off."""
    if word.endswith("es"):
        return word, word[:-1], word[:-2]
    return (word, word[:-1]) if word.endswith("s") else (word,)


def _matched(
    phrase: Phrase, start: int, stream: list[int], words: list[str], lexicon: Lexicon
) -> tuple[int, ...]:
    at = [stream[start]]
    position = start
    for wanted in phrase.words[1:]:
        gap = 0
        position += 1
        while position < len(stream) and wanted not in _forms(words[stream[position]]):
            word = words[stream[position]]
            gap += word != ","
            if gap > phrase.gap or word in lexicon.breakers:
                return ()
            position += 1
        if position >= len(stream):
            return ()
        at.append(stream[position])
    return tuple(at)


def _widest(matches: set[_Match]) -> list[_Match]:
    """Drop a match whose words are all part of a wider match of the same kind."""
    return [
        match
        for match in matches
        if not any(
            set(match.at) < set(other.at) and match.phrase.group == other.phrase.group
            for other in matches
        )
    ]


def _cues(words: list[str], lexicon: Lexicon) -> list[tuple[int, int, Cue]]:
    """Cue occurrences (first word, last word, cue); the longest cue at a place wins."""
    found: list[tuple[int, int, Cue]] = []
    index = 0
    while index < len(words):
        fitting = [
            cue
            for cue in lexicon.cues.get(words[index], ())
            if tuple(words[index : index + len(cue.words)]) == cue.words
        ]
        if fitting:
            size = max(len(cue.words) for cue in fitting)
            found += [(index, index + size - 1, cue) for cue in fitting if len(cue.words) == size]
            index += size
        else:
            index += 1
    return found


def _meaning(
    match: _Match,
    matches: list[_Match],
    cues: list[tuple[int, int, Cue]],
    words: list[str],
    lexicon: Lexicon,
) -> tuple[str, bool]:
    meanings = set()
    own = set(match.at)
    for first, last, cue in cues:
        if own & set(range(first, last + 1)):
            continue
        if cue.after:
            reached = 0 < first - match.at[-1] <= _AFTER_SCOPE and not any(
                match.at[-1] < other.at[-1] < first and other.phrase.group == match.phrase.group
                for other in matches
            )
        else:
            between = words[last + 1 : match.at[0]]
            reached = last < match.at[0] and _reaches(cue, between, lexicon)
        if reached:
            meanings.add(cue.meaning)
    order = ("negated", "family", "historical", "uncertain")
    return next((kind for kind in order if kind in meanings), "affirmed"), "cause" in meanings


def _reaches(cue: Cue, between: list[str], lexicon: Lexicon) -> bool:
    """A cue reaches over a few words, not over a stop word, and over commas only in a list."""
    if len(between) > _BEFORE_SCOPE or lexicon.stops & set(between):
        return False
    if cue.meaning == "historical" and lexicon.history_stops & set(between):
        return False
    return "," not in between or bool({"or", "nor"} & set(between))


def _sides(match: _Match, words: list[str], lexicon: Lexicon) -> frozenset[str]:
    """The side words just before the match, else just after it."""
    first, last = match.at[0], match.at[-1]
    for index in range(first - 1, max(-1, first - 1 - _SIDE_SCOPE), -1):
        if words[index] in lexicon.sides:
            return lexicon.sides[words[index]]
    following = next((word for word in words[last + 1 :] if word not in ",()[]"), "")
    return lexicon.sides.get(following, frozenset())
