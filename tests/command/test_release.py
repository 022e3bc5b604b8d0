"""``--as-of``: a record judged by the codes of a named release instead of its date of service."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from kg.__main__ import main

RECORD = Path(__file__).parents[1] / "records" / "service-date-a.json"


def told(*options: str) -> str:
    """What is printed of the pelvic fracture of 2023-09-30, as one line."""
    return " ".join(CliRunner().invoke(main, ["check", str(RECORD), *options]).stdout.split())


def test_a_code_too_new_for_the_date_is_valid_as_of_a_later_release() -> None:
    assert ": invalid." in told()
    assert ": invalid." not in told("--as-of", "FY2026-Apr")


def test_a_release_whose_notes_were_not_read_says_so() -> None:
    taken = "its notes are taken from the release before"
    assert taken in told("--as-of", "FY2027")
    assert taken not in told()


def test_an_unknown_release_is_refused_with_those_loaded() -> None:
    refused = CliRunner().invoke(main, ["check", str(RECORD), "--as-of", "FY1999"])
    assert refused.exit_code == 2
    assert "FY2026-Apr, FY2027" in refused.output
