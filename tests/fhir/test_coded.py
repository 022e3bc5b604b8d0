"""What is told once is told the same again: coded elements, plans of types, dates, numbers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kg.errors import InputError
from kg.fhir.coded import Coded, coded
from kg.fhir.decode import of_lines, resources
from kg.fhir.kept import Kept
from kg.fhir.mapping import mapping
from kg.fhir.project import Projector
from kg.fhir.projection import Projection
from kg.fhir.references import Record
from kg.fhir.values import day_of, decimal_of
from kg.knowledge import default
from kg.lexicon import lexicon

RECORDS = sorted((Path(__file__).parents[1] / "records").glob("*.json"))


def projected(path: Path) -> list[Projection | None]:
    """The records of all resources of a file."""
    record = Record(resources(path.read_bytes(), path.name))
    projector = Projector(mapping(default()), lexicon(default()), record, "", default())
    return [projector.project(key, each) for key, each in record.by_key.items()]


def test_what_was_told_before_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    again = [projected(path) for path in RECORDS]
    assert coded(mapping(default()), lexicon(default()), default())._kept
    monkeypatch.setattr(Kept, "keep", lambda *_: None)
    fresh = Coded(mapping(default()), lexicon(default()), default())
    monkeypatch.setattr("kg.fhir.project.coded", lambda *_: fresh)
    assert [projected(path) for path in RECORDS] == again
    assert not fresh._kept


def test_what_is_added_to_a_record_is_not_added_to_what_is_kept() -> None:
    tables = mapping(default())
    row = next(row for row in tables.types["Observation"].rows if row.kind == "CodeableConcept")
    reader = Coded(tables, lexicon(default()), default())
    concept = {"coding": [{"system": "urn:s", "code": "c"}], "text": "bone density"}
    told = reader.concept(row, concept)
    made = Projection(key="Observation/o1")
    made.take(told, "Observation.code")
    made.add("urn:p", "urn:o")
    assert reader.concept(row, concept) is told
    assert ("urn:p", "urn:o") not in told.said


def test_a_bounded_number_of_results_is_kept_and_none_of_the_large() -> None:
    kept: Kept[int, int] = Kept()
    for number in range(10_000):
        kept.keep(number, number, 1)
    kept.keep(-1, -1, 10**6)
    assert 0 < len(kept) < 5_000
    assert kept[9_999] == 9_999
    assert -1 not in kept


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026", "2026-01-01"),
        ("2026-05", "2026-05-01"),
        ("2026-05-04", "2026-05-04"),
        ("2026-05-04T", "2026-05-04"),
        ("2026-05-04T10:00:00.000+02:00", "2026-05-04"),
        ("2026-02-29", ""),
        ("2026-05-04T10:00\n", ""),
        ("2026-05-04 ", ""),
        ("1849-12-31", ""),
        ("2151", ""),
        ("", ""),
        (None, ""),
        (["2026"], ""),
    ],
)
def test_a_day_is_one_that_there_is(value: Any, day: str) -> None:
    assert day_of(value) == day


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("-2.50"), "-2.50"),
        (Decimal("1E3"), "1000"),
        (Decimal("25e-1"), "2.5"),
        (7, "7"),
        (10**63, "1" + 63 * "0"),
        (10**64, ""),
        pytest.param(-(10**5000), "", id="thousands of digits"),
        (Decimal("1E31"), ""),
        (Decimal("1E-31"), ""),
        (Decimal("Infinity"), ""),
        (Decimal("NaN"), ""),
    ],
)
def test_a_number_stays_as_recorded_within_reason(number: Any, text: str) -> None:
    assert decimal_of(number) == text


def test_lines_are_read_as_each_of_them_alone() -> None:
    lines = [b'{"resourceType":"Patient","id":"p1"}', b'{"resourceType":"Device", "n": 1.50}']
    assert of_lines(lines, "f") == [each for line in lines for _, each in resources(line, "f")]
    assert of_lines([], "f") == []


@pytest.mark.parametrize(
    "line",
    [
        b'{"resourceType":"Patient","id":"\x00"}',
        b'{"resourceType":"Patient","id":"\\u0000"}',
        b'{"resourceType":"Patient","id":"\\ud800"}',
        b'{"resourceType":"Patient"',
        b'{"resourceType":"Patient"} {"resourceType":"Patient"}',
        b'{"resourceType":"patient"}',
        b'{"resourceType":"Patient","n":' + 5000 * b"1" + b"}",
        b"[" * 5000,
        b"[]",
    ],
)
def test_a_bad_line_is_told_as_if_it_stood_alone(line: bytes) -> None:
    good = b'{"resourceType":"Patient","id":"p1"}'
    found = []
    for lines in ([line], [good, line], [line, good], [good, line, line]):
        with pytest.raises(InputError) as caught:
            of_lines(lines, "f")
        found.append(str(caught.value))
    assert len(set(found)) == 1
