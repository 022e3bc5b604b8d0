"""How a matched phrase is meant: the cues that reach it in its clause, and the side words near it.

A cue before reaches a few words on, a cue after a few words back; neither reaches across a stop
word, out of a bracket, or across a comma, unless the comma stands in a list.
"""

from __future__ import annotations

from dataclasses import dataclass

from kg.lexicon import Cue, Lexicon, Phrase
from kg.namespaces import M816

_SIDE_SCOPE = 3
_ITEM = 4
_PUNCTUATION = frozenset(",()[]")
_OR, _JOIN = frozenset({"or", "nor"}), frozenset({"or", "nor", "and"})
_FORWARD = frozenset({",", "(", "[", "and", "or", "with"})
_AUXILIARY = frozenset(
    [
        "now",
        "has",
        "have",
        "had",
        "was",
        "were",
        "is",
        "are",
        "been",
        "being",
        "since",
        "fully",
        "completely",
        "subsequently",
        "later",
    ]
)
_PLACES = frozenset(M816 + name for name in ("Region", "Modality", "Role", "Specialty"))
_ORDER = ("negated", "family", "historical", "uncertain")


@dataclass(frozen=True)
class Match:
    """A phrase of the tables and where its words stand in the clause."""

    at: tuple[int, ...]
    phrase: Phrase


@dataclass(frozen=True)
class Found:
    """A cue and where it stands: its first and last word."""

    first: int
    last: int
    cue: Cue


def cues_in(words: list[str], lexicon: Lexicon) -> list[Found]:
    """The cues of a clause; the longest one at a place wins."""
    found: list[Found] = []
    index = 0
    while index < len(words):
        fitting = [
            cue
            for cue in lexicon.cues.get(words[index], ())
            if tuple(words[index : index + len(cue.words)]) == cue.words
        ]
        size = max((len(cue.words) for cue in fitting), default=1)
        found += [Found(index, index + size - 1, c) for c in fitting if len(c.words) == size]
        index += size
    return found


def meaning_of(
    match: Match, matches: list[Match], cues: list[Found], words: list[str], lexicon: Lexicon
) -> tuple[str, bool]:
    """The meaning of a match, and whether the text names it as a cause."""
    meanings = {
        found.cue.meaning for found in cues if _reaches(found, match, matches, cues, words, lexicon)
    }
    return next((kind for kind in _ORDER if kind in meanings), "affirmed"), "cause" in meanings


def _reaches(
    found: Found,
    match: Match,
    matches: list[Match],
    cues: list[Found],
    words: list[str],
    lexicon: Lexicon,
) -> bool:
    own = set(match.at)
    if found.cue.group not in ("", match.phrase.group):
        return False
    if found.first not in own and match.at[0] < found.first < match.at[-1]:
        # between the words of the phrase: "osteoporosis likely due to disuse"
        return not found.cue.after and bool(own & set(range(found.first + 1, found.last + 2)))
    if own & set(range(found.first, found.last + 1)):
        return False
    if not found.cue.after:
        return found.last < match.at[0] and _reaches_on(found, match, words, lexicon)
    if found.first < match.at[-1] or _looks_ahead(found, matches, cues, words, lexicon):
        return False
    return _reaches_back(found, match, matches, words, lexicon)


def _reaches_on(found: Found, match: Match, words: list[str], lexicon: Lexicon) -> bool:
    between = words[found.last + 1 : match.at[0]]
    said = set(between)
    if len([w for w in between if w not in _PUNCTUATION]) > found.cue.reach:
        return False
    if lexicon.stops & said or _closes(between):
        return False
    if found.cue.meaning == "historical" and lexicon.history_stops & said:
        return False
    return (
        "," not in said
        or bool(_OR & set(_last_part(between)))
        or _list_goes_on(words[match.at[-1] + 1 :])
    )


def _closes(between: list[str]) -> bool:
    """True when a bracket that was opened before these words ends in them."""
    depth = 0
    for word in between:
        depth += (word in "([") - (word in ")]")
        if depth < 0:
            return True
    return False


def _last_part(between: list[str]) -> list[str]:
    """The words after the last comma or opening bracket."""
    marks = [index for index, word in enumerate(between) if word in {",", "(", "["}]
    return between[marks[-1] + 1 :] if marks else between


def _list_goes_on(after: list[str]) -> bool:
    """True when short items follow, the last of them after "or": "… , edema, or erosion"."""
    if not after or after[0] not in {",", *_OR}:
        return False
    length = 0
    for word in after:
        if word in _OR:
            return True
        length = 0 if word == "," else length + 1
        if length > _ITEM:
            return False
    return False


def _looks_ahead(
    found: Found, matches: list[Match], cues: list[Found], words: list[str], lexicon: Lexicon
) -> bool:
    """True for "…, possible fracture": the cue opens a new part and is about what follows it."""
    if found.first and words[found.first - 1] not in _FORWARD:
        return False
    return any(
        other.first == found.first
        and not other.cue.after
        and any(
            other.last < match.at[0] and _reaches_on(other, match, words, lexicon)
            for match in matches
        )
        for other in cues
    )


def _reaches_back(
    found: Found, match: Match, matches: list[Match], words: list[str], lexicon: Lexicon
) -> bool:
    between = words[match.at[-1] + 1 : found.first]
    if len([w for w in between if w not in _PUNCTUATION]) > found.cue.reach:
        return False
    if lexicon.stops & set(between):
        return False
    for other in matches:
        if match.at[-1] < other.at[0] and other.at[-1] < found.first:
            joint = set(words[match.at[-1] + 1 : other.at[0]])
            listed = bool(joint & _JOIN) and joint <= _JOIN | {","}
            if other.phrase.group not in _PLACES and not listed:
                return False
    if not {",", "(", "["} & set(between):
        return True
    listed = between[0] in {",", *_OR} and bool(_OR & set(between))
    return listed or set(_last_part(between)) <= _AUXILIARY


def sides_of(
    match: Match, matches: list[Match], cues: list[Found], words: list[str], lexicon: Lexicon
) -> frozenset[str]:
    """The side words just before the match, else just after it, else before it in a list."""
    taken = {index for found in cues for index in range(found.first, found.last + 1)}
    taken |= {index for other in matches for index in other.at}
    marks = {
        index: lexicon.sides[word]
        for index, word in enumerate(words)
        if word in lexicon.sides and index not in taken
    }
    before, listed = _side_before(match.at[0], marks, words)
    starts = {other.at[0] for other in matches if other.phrase.group == M816 + "Region"}
    return before or _side_after(match.at[-1], marks, words, starts) or listed


def _side_before(
    first: int, marks: dict[int, frozenset[str]], words: list[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """The side before, of the same part of the clause and of an earlier item of a list."""
    count, crossed = 0, False
    for index in range(first - 1, -1, -1):
        if index in marks:
            sides = marks[index] | _joined(index, -1, marks, words)
            if not crossed:
                return sides, frozenset()
            return frozenset(), frozenset() if words[index + 1] == "," else sides
        crossed = crossed or words[index] == ","
        count += words[index] not in _PUNCTUATION
        if count >= _SIDE_SCOPE:
            break
    return frozenset(), frozenset()


def _side_after(
    last: int, marks: dict[int, frozenset[str]], words: list[str], starts: set[int]
) -> frozenset[str]:
    """The side right after, unless a region follows it: "hip, left", not "hip, left knee"."""
    index = last + 1
    while index < len(words) and words[index] in _PUNCTUATION:
        index += 1
    if index not in marks or index + 1 in starts:
        return frozenset()
    return marks[index] | _joined(index, 1, marks, words)


def _joined(
    index: int, step: int, marks: dict[int, frozenset[str]], words: list[str]
) -> frozenset[str]:
    """The other side of "left and right" or "left/right"."""
    near, far = index + step, index + 2 * step
    if near in marks:
        return marks[near]
    joins = 0 <= near < len(words) and words[near] in _JOIN
    return marks.get(far, frozenset()) if joins else frozenset()
