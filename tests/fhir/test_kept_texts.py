"""What is kept of texts is bounded: a population of long notes does not fill the memory."""

from __future__ import annotations

from kg import derive, wording
from kg.knowledge import default
from kg.lexicon import lexicon
from kg.wording import SHORT, mentions


def test_long_texts_are_read_as_short_ones_and_few_are_kept() -> None:
    words = lexicon(default())
    said = "Localized osteoporosis of the left hip."
    for number in range(200):
        long = f"{said} Note {number}: {'seen today. ' * (SHORT // 8)}"
        assert len(long) > SHORT
        assert set(mentions(said, words)) <= set(mentions(long, words))
        assert derive._mentioned(long, default())[:1] == derive._mentioned(said, default())[:1]
    assert wording._long.cache_info().currsize <= 32
    assert wording._long.cache_info().hits > 100
    assert derive._kept.cache_info().currsize <= 1024
