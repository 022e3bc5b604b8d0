"""The compact table: every code of the release, composed 7th characters included."""

import time
from datetime import date
from pathlib import Path

import pytest

from kg.codetable import CodesError, CodeTable, compose, split


def composed(table: CodeTable, below: str = "") -> set[str]:
    """All billable codes that need a 7th character, under the root."""
    roots = [code for code in table.tabular_codes if code.startswith(below)]
    facts = [fact for code in roots if (fact := table.lookup(code)) is not None]
    return {compose(fact.tabular, char) for fact in facts for char in fact.seventh_characters}


def test_there_are_324_codes_of_osteoporosis_with_a_fracture(table: CodeTable) -> None:
    assert len(composed(table, "M80")) == 324


@pytest.mark.parametrize("category", ["M48", "M80", "M84", "M97", "S72", "S06", "T38", "O31"])
def test_composed_codes_equal_the_official_list(
    table: CodeTable, official_codes: set[str], category: str
) -> None:
    listed = {c for c in official_codes if len(c) == 8 and c.startswith(category)}
    assert composed(table, category) == listed


def test_the_whole_table_equals_the_official_list(
    table: CodeTable, official_codes: set[str]
) -> None:
    assert set(table.tabular_codes) | composed(table) == official_codes


def test_split_undoes_compose(table: CodeTable, official_codes: set[str]) -> None:
    for code in official_codes:
        fact = table.lookup(code)
        assert fact is not None
        assert not fact.seventh or (compose(fact.tabular, fact.seventh), fact.billable) == (
            code,
            True,
        )


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("M80.851A", ("M80.851", "A")),
        ("M80.80XA", ("M80.80", "A")),
        ("T38.0X5A", ("T38.0X5", "A")),
        ("M81.6", None),
        ("M80.851", None),
        ("m80.851a", None),
        ("M80851A", None),
    ],
)
def test_split_knows_the_form_only(code: str, parts: tuple[str, str] | None) -> None:
    assert split(code) == parts


@pytest.mark.parametrize(
    ("code", "billable"),
    [("M81.6", True), ("M81", False), ("M80.851", False), ("M80.851A", True), ("A00", False)],
)
def test_billable(table: CodeTable, code: str, billable: bool) -> None:
    fact = table.lookup(code)
    assert fact is not None
    assert fact.billable is billable


@pytest.mark.parametrize(
    "code",
    ["M81.60", "M81.69", "M81.7", "M81.6XXA", "M80.851B", "M80.8XXA", "M80.85XA", "", "M81.", "\n"],
)
def test_no_such_code(table: CodeTable, code: str) -> None:
    assert table.lookup(code) is None
    assert table.ancestors(code) == []


def test_ancestors_are_nearest_first(table: CodeTable) -> None:
    assert table.ancestors("M80.8B1A") == ["M80.8B1", "M80.8B", "M80.8", "M80"]
    assert table.ancestors("M80.80XA") == ["M80.80", "M80.8", "M80"]
    assert table.ancestors("T38.0X5A") == ["T38.0X5", "T38.0X", "T38.0", "T38"]
    assert table.ancestors("M81.6") == ["M81"]


def test_pelvis_codes_are_in_force_from_october_2023(table: CodeTable) -> None:
    fact = table.lookup("M80.8B1A")
    assert fact is not None
    assert not fact.in_force(date(2023, 9, 30))
    assert fact.in_force(date(2023, 10, 1))


def test_the_table_is_dated(table: CodeTable) -> None:
    assert table.release == "FY2026-Apr"
    assert (table.effective_from, table.effective_through) == (date(2026, 4, 1), date(2026, 9, 30))


def test_the_table_loads_and_answers_fast(table: CodeTable) -> None:
    durations = []
    for _ in range(5):
        start = time.perf_counter()
        CodeTable.load().lookup("M80.851A")
        durations.append(time.perf_counter() - start)
    assert min(durations) < 0.02


@pytest.mark.parametrize("data", [b"", b"text", b"\x1f\x8b\x08\x00"])
def test_a_broken_table_gives_one_clear_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.codes.gz"
    path.write_bytes(data)
    with pytest.raises(CodesError, match=r"x\.codes\.gz"):
        CodeTable.load(path)
