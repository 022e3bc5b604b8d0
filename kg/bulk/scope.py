"""Raw bytes of a record → can it be in scope at all? Sure when it says no, cheap, never decodes.

A case is in scope by a code or by a phrase of the term tables. Whatever the JSON looks like, the
code stands in it after ``"code":"``, and every word of the phrase stands in it: in lower case, once
white space, dots and what is not ASCII are taken out. So a line that holds neither is out of scope.
Nothing here names a code or a phrase; all of it is compiled from the knowledge. Of a block of many
lines one search for all beginnings at once tells the few that need a closer look.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
from ahocorasick_rs import BytesAhoCorasick, MatchKind

from kg.codesystems import code_systems
from kg.fhir.episodes import SHARED
from kg.fhir.mapping import Row, mapping
from kg.knowledge import Knowledge
from kg.lexicon import lexicon
from kg.namespaces import M816

_LOWER = bytes(range(256)).lower()
_DROPPED = bytes({*range(33), ord("."), *range(127, 256)})
_DROPPED_IN_LINES = _DROPPED.replace(b"\n", b"")
_ODD_CASE = ("\u0130".encode(), "\u212a".encode())  # their lower case holds an ASCII letter
_CODED = rb'"code":"(?:%s|[^"\\]{0,%d}\\)'
_LEAST = 4


@dataclass(frozen=True)
class Scope:
    """What can bring a record into scope: codes, phrases as sets of words, and where words count.

    ``hints`` finds in plain text what these begin with, ``odd`` in any what must be read first.
    """

    codes: re.Pattern[bytes]
    phrases: tuple[frozenset[bytes], ...]
    worded: frozenset[str]
    coded: frozenset[str]
    hints: BytesAhoCorasick
    odd: BytesAhoCorasick

    def possible(self, line: bytes, kind: str = "") -> bool:
        """False when the line cannot bring its patient into scope. ``kind``: its resource type."""
        if b"\\u" in line:
            try:
                line = msgspec.json.encode(msgspec.json.decode(line))
            except (msgspec.MsgspecError, RecursionError):
                return True
            if b"\\u" in line:
                return True
        if not line.isascii() and any(odd in line for odd in _ODD_CASE):
            return True
        plain = line.translate(_LOWER, _DROPPED)
        if kind and kind not in self.coded and b'"contained"' not in plain:
            return False
        hits = self._hits(plain)
        if hits and self.codes.search(plain):
            return True
        if kind and kind not in self.worded and b'"contained"' not in plain:
            return False
        return bool(hits) and any(all(word in plain for word in words) for words in self.phrases)

    def candidates(self, block: bytes) -> set[int]:
        """The lines of a block, counted from 0, of which ``possible`` is not surely False."""
        plain = block.translate(_LOWER, _DROPPED_IN_LINES)
        odd = [start for _, start, _ in self.odd.find_matches_as_indexes(block)]
        return {*_lines_of(plain, self._hits(plain)), *_lines_of(block, odd)}

    def _hits(self, plain: bytes) -> list[int]:
        """Where a code or a phrase may be; a line or document that has either has a place here."""
        hits = [start for _, start, _ in self.hints.find_matches_as_indexes(plain)]
        if b"\\" in plain:
            hits += (found.start() for found in self.codes.finditer(plain))
        return sorted(hits)


@functools.lru_cache(maxsize=8)
def scope(knowledge: Knowledge) -> Scope:
    """Compile what the knowledge says is in scope."""
    inside = {iri for iri in knowledge.raw if knowledge.text(iri, "inScope") == "true"}
    found = _shortest(
        {
            frozenset(filter(None, map(_stem, phrase.words)))
            for phrases in lexicon(knowledge).phrases.values()
            for phrase in phrases
            if inside.intersection(phrase.concepts)
        }
    )
    codes = sorted({_plain(code) for code in _codes(knowledge, inside)})
    longest = max(map(len, codes), default=0)
    pattern = _CODED % (b"|".join(map(re.escape, codes)) or rb"[^\s\S]", longest)
    table = mapping(knowledge).types
    worded = {
        kind for kind, made in table.items() if any(_decides(r, knowledge) for r in made.rows)
    }
    return Scope(
        re.compile(pattern),
        tuple(sorted(found, key=sorted)),
        _types(worded),
        _types(table) | SHARED,
        _search([b'"' + code for code in codes] + [word or b'"' for word in _sieve(found)]),
        _search([b"\\u", *_ODD_CASE]),
    )


def _search(patterns: Iterable[bytes]) -> BytesAhoCorasick:
    """A search for all of them at once; of matches that overlap it gives one."""
    return BytesAhoCorasick(patterns, matchkind=MatchKind.LeftmostFirst)  # the kind that is fast


def _lines_of(text: bytes, places: Iterable[int]) -> Iterator[int]:
    """The lines, counted from 0, in which the places lie, which are sorted."""
    number = at = 0
    for place in places:
        if place >= at:
            number += text.count(b"\n", at, place)
            yield number
            at = text.find(b"\n", place)
            if at < 0:
                return


def _types(kinds: Iterable[str]) -> frozenset[str]:
    """``Observation.component`` is part of the lines of type ``Observation``."""
    return frozenset(kind.split(".")[0] for kind in kinds)


def _decides(row: Row, knowledge: Knowledge) -> bool:
    """Whether a path yields words that decide; such words must be readable in the bytes."""
    deciding = set(knowledge.by_type.get(M816 + "DecidingText", ()))
    if not deciding & {row.prop, row.text_prop}:
        return False
    assert row.kind not in ("attachment", "narrative"), "its words are not in the bytes as such"
    return True


def _codes(knowledge: Knowledge, inside: set[str]) -> Iterable[str]:
    """Code prefixes that denote something in scope, and single codes that do."""
    systems = code_systems(knowledge).by_uri.values()
    for system in systems:
        for prefix, meant in system.prefixes.items():
            if inside.intersection(meant):
                yield prefix
    for iri in knowledge.raw:
        if not inside.intersection(knowledge.texts(iri, "denotes")):
            continue
        yield from (iri.removeprefix(s.base) for s in systems if iri.startswith(s.base))


def _plain(text: str) -> bytes:
    return text.encode().translate(_LOWER, _DROPPED)


def _stem(word: str) -> bytes:
    """The part of a word that all forms of it have: a plural may turn its last y into ies."""
    return _plain(word.removesuffix("y"))


def _shortest(found: Iterable[frozenset[bytes]]) -> set[frozenset[bytes]]:
    """Without the phrases whose words include all words of another phrase."""
    kept: set[frozenset[bytes]] = set()
    for phrase in sorted(found, key=lambda words: (len(words), sorted(words))):
        if not any(_within(other, phrase) for other in kept):
            kept.add(phrase)
    return kept


def _within(phrase: frozenset[bytes], other: frozenset[bytes]) -> bool:
    return all(any(word in longer for longer in other) for word in phrase)


def _sieve(phrases: Iterable[frozenset[bytes]]) -> tuple[bytes, ...]:
    """Few beginnings of words that between them occur in every phrase, found greedily."""
    left = set(phrases)
    chosen: list[bytes] = []
    while left:
        candidates = {
            word[:size]
            for phrase in left
            for word in phrase
            for size in range(min(_LEAST, len(word)), len(word) + 1)
        }
        hits = {c: [p for p in left if any(c in w for w in p)] for c in candidates}
        best = max(candidates, key=lambda c: (len(hits[c]), len(c), c), default=b"")
        chosen.append(best)
        left -= set(hits.get(best, left))
    return tuple(chosen)
