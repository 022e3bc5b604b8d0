"""``--format html``: one page that fetches nothing, runs nothing and says it in words too."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import Result

from kg.page import page

Run = Callable[..., Result]
_VOID = {"meta", "br"}


class _Reader(HTMLParser):
    """The elements of a page, and whether they nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def _read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert not reader.faults
    assert not reader.open
    return reader


@pytest.fixture
def shown(data: Path, run: Run) -> str:
    return run("check", "--format", "html", data).stdout


def test_nothing_runs_and_nothing_is_fetched(shown: str) -> None:
    reader = _read(shown)
    tags = {tag for tag, _ in reader.seen}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for _, attributes in reader.seen:
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"@import|url\(", shown)


def test_record_text_is_escaped(tmp_path: Path, data: Path, run: Run) -> None:
    raw = (data / "disuse-as-localized.json").read_text("utf-8")
    evil = tmp_path / "<img src=x>.json"
    evil.write_text(raw.replace('"id": "p2"', '"id": "p2", "x<script>": 1'), "utf-8")
    text = run("check", "--format", "html", evil).stdout
    assert "<img" not in text
    assert "<script" not in text
    assert "&lt;img src=x&gt;" in text
    _read(text)


def test_each_verdict_is_a_card_with_its_word_and_not_colour_alone(shown: str) -> None:
    reader = _read(shown)
    cards = [attributes for tag, attributes in reader.seen if tag == "article"]
    assert len(cards) == 4
    words = " ".join(reader.words)
    for said in (
        "✓",
        "stands",
        "⇄",
        "recode",
        "–",
        "out-of-scope",
        "M80.851A",
        "T-M81-excludes1-1",
    ):
        assert said in words


def test_headings_step_down_one_at_a_time_and_tables_have_captions(shown: str) -> None:
    reader = _read(shown)
    levels = [int(tag[1]) for tag, _ in reader.seen if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    tables = [tag for tag, _ in reader.seen if tag == "table"]
    assert tables
    assert len(tables) == len([tag for tag, _ in reader.seen if tag == "caption"])


def test_ids_are_unique_and_every_link_has_its_target(shown: str) -> None:
    seen = _read(shown).seen
    ids = [attributes["id"] for _, attributes in seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for tag, attributes in seen if tag == "a"]
    assert links == [f"#{name}" for name in ids]


def test_no_verdict_gives_a_page_that_says_so() -> None:
    assert "No case was judged" in " ".join(_read(page([])).words)
