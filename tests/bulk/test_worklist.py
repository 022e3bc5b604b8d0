"""Single rows → their lines in the worklist, and what a spreadsheet makes of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from kg.bulk.finished import Question
from kg.bulk.results import WORKLIST
from kg.bulk.worklist import HEAD, Worklist, items, safe
from tests.bulk.made import finding, row


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert safe(f"Patient/{cell}") == f"Patient/{cell}"


def test_a_quoted_cell_comes_back_as_it_was(tmp_path: Path) -> None:
    listed = Worklist(tmp_path / WORKLIST)
    listed.add(row(finding("r", "fail", message='say "no", or\nnothing'), case='a,"b"'))
    listed.write()
    listed.close()
    (line,) = worklist_of(tmp_path / WORKLIST)
    assert (line["case"], line["what"]) == ('a,"b"', 'say "no", or\nnothing')


def worklist_of(path: Path) -> list[dict[str, str]]:
    found = list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""), strict=True))
    assert all(tuple(line) == HEAD for line in found)
    return found


def test_what_a_verdict_waits_for_is_listed_even_if_no_question_is_there() -> None:
    waiting = finding("r", "indeterminate", message="cannot be told")
    minor = finding("s", "indeterminate", severity="should", message="cannot be told either")
    assert [item["rule"] for item in items(row(waiting, minor))] == ["r"]
    asked = Question("coder", "Which?", ["a", "b"], ["r"])
    (item,) = items(row(waiting, questions=[asked]))
    assert (item["kind"], item["options"]) == ("question", "a | b")
