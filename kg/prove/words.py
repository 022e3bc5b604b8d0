"""The compiled words with one row compiled anew: a change of a row costs no second compilation."""

from __future__ import annotations

from typing import TypeVar

from kg.knowledge import Knowledge
from kg.lexicon import Cue, Lexicon, Phrase, lexicon

_Row = TypeVar("_Row", Phrase, Cue)


class Words:
    """The words of some knowledge, whole and with one row as other knowledge has it."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge, self.whole = knowledge, lexicon(knowledge)

    def with_row_of(self, other: Knowledge, subject: str) -> Lexicon:
        """The words, the one row taken from the other knowledge."""
        before, after = (_alone(known, subject) for known in (self._knowledge, other))
        made = Lexicon(
            {word: list(found) for word, found in self.whole.phrases.items()},
            {word: list(found) for word, found in self.whole.cues.items()},
            self.whole.breakers - before.breakers | after.breakers,
            self.whole.stops - before.stops | after.stops,
            self.whole.history_stops - before.history_stops | after.history_stops,
            {w: s for w, s in self.whole.sides.items() if w not in before.sides} | after.sides,
        )
        _exchange(made.phrases, before.phrases, after.phrases)
        _exchange(made.cues, before.cues, after.cues)
        return made


def _exchange(
    whole: dict[str, list[_Row]], before: dict[str, list[_Row]], after: dict[str, list[_Row]]
) -> None:
    for word, found in before.items():
        for each in found:
            whole[word].remove(each)
    for word, found in after.items():
        whole.setdefault(word, []).extend(found)


def _alone(knowledge: Knowledge, subject: str) -> Lexicon:
    """The words of one row."""
    denoted = knowledge.texts(subject, "denotes")
    return lexicon(Knowledge({iri: knowledge.raw.get(iri, []) for iri in (*denoted, subject)}))
