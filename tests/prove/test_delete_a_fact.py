"""Every fact of a full record matters: left out, it changes a finding, or a list says why not.

Full are the records whose code stands, with all that is asked for. A run tries the richest, with
M816_WHOLE=1 all of them. ``optional-facts.toml`` lists by pattern what may be left out of some
record, with the reason; of a whole run nothing in it may be out of date.
"""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.prove.deleting import RECORDS, deletions, resources, told

WHOLE = os.environ.get("M816_WHOLE") == "1"
OPTIONAL = Path(__file__).with_name("optional-facts.toml")


def full_records() -> list[str]:
    """The records that stand, richest first."""
    written = tomllib.loads((RECORDS / "expected.toml").read_text("utf-8"))["record"]
    files = {record["file"] for record in written if record["verdict"] == "stands"}
    return sorted(files, key=lambda file: (-sum(1 for _ in deletions(file)), file))


FILES = full_records()[: None if WHOLE else 1]


@cache
def optional() -> dict[str, str]:
    """What may be left out, pattern → reason."""
    groups = tomllib.loads(OPTIONAL.read_text("utf-8"))["optional"]
    found = [(fact, group["reason"]) for group in groups for fact in group["facts"]]
    assert max(Counter(fact for fact, _ in found).values()) == 1
    assert all(reason.endswith(".") for _, reason in found)
    return dict(found)


@cache
def unnoticed(file: str) -> Counter[str]:
    """The facts of a record that change nothing when they are left out, by pattern."""
    whole = told(resources(file))
    return Counter(pattern for pattern, less in deletions(file) if told(less) == whole)


@pytest.mark.parametrize("file", FILES)
def test_a_fact_left_out_changes_a_finding_or_is_listed_as_optional(file: str) -> None:
    assert sorted(unnoticed(file).keys() - optional().keys()) == []


@pytest.mark.parametrize("file", FILES)
def test_what_the_code_rests_on_is_noticed(file: str) -> None:
    noticed = Counter(pattern for pattern, _ in deletions(file)) - unnoticed(file)
    assert noticed["Condition.code.text"] + noticed["Condition.code.coding.code"] > 0
    assert noticed["Encounter"] > 0


@pytest.mark.skipif(not WHOLE, reason="only all records together use the whole list: M816_WHOLE=1")
def test_every_optional_fact_can_be_left_out_of_some_record() -> None:
    found = {pattern for file in FILES for pattern in unnoticed(file)}
    assert sorted(optional().keys() - found) == []
