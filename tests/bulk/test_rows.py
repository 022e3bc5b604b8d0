"""A patient's row says the same whatever the layout, and whatever the order of the lines."""

from __future__ import annotations

import functools
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from kg.bulk.partition import Item
from kg.bulk.reader import Reader
from kg.bulk.scope import scope
from kg.bulk.shard import Options, Record, judge, judge_shard
from kg.bulk.shared import Shared, store
from kg.bulk.sources import ranges, survey
from kg.case import Case
from kg.errors import NotJudged
from kg.inputs import read
from kg.knowledge import default
from kg.shacl_compiled import engine
from kg.verdict import judge_case
from tests.bulk.population import (
    bundle,
    line,
    population,
    write_bundle_lines,
    write_bundles,
    write_by_type,
)

Row = dict[str, Any]


def items(source: Path) -> list[Item]:
    """Everything in an input."""
    found = survey(source)
    read = (Reader(found.root, part, scope(default())) for part in ranges(found))
    return [item for reader in read for item in reader if isinstance(item, Item)]


def rows(found: Iterable[Item], folder: Path) -> list[Row]:
    """The rows of a whole input as one shard, without processes."""
    kept = list(found)
    path = folder / "shared"
    store(path, (item for item in kept if item.what == "shared"))
    own = [item for item in kept if item.what != "shared"]
    return [row for _, row in judge_shard(own, Options(), Shared(path))]


def by_case(found: list[Row]) -> dict[str, Row]:
    """Verdicts by case, without where they come from."""
    assert not [row for row in found if "error" in row]
    return {row["case"]: {k: v for k, v in row.items() if k != "input"} for row in found}


def mark_of(case: str) -> str:
    """The mark of the record that a case is of."""
    return case.split("/")[1].split("-")[0]


@functools.cache
def checked() -> dict[str, Row]:
    """What ``m816 check`` gives for every record as a Bundle of its own."""
    found: dict[str, Row] = {}
    for mark, record in population().items():
        made = read(f"{mark}.json", bundle(record), default())
        for case in made.cases:
            row = judge_case(
                case, default(), engine(default()), file=made.file, sha256=made.sha256
            ).json()
            found[row["case"]] = row
    return found


def expected() -> dict[str, Row]:
    """The same as rows in bulk: what is out of scope says only that."""
    made = {}
    for case, row in checked().items():
        kept = {name: value for name, value in row.items() if name != "input"}
        if kept["verdict"] == "out-of-scope":
            kept |= {
                "findings": [],
                "notMapped": [],
                "context": {**row["context"], "profile": None},
            }
        made[case] = kept
    return made


def test_a_bulk_export_by_type_gives_the_rows_of_check(tmp_path: Path) -> None:
    write_by_type(tmp_path / "in", population())
    assert by_case(rows(items(tmp_path / "in"), tmp_path)) == expected()


def test_bundles_one_a_file_give_the_rows_of_check_with_file_and_hash(tmp_path: Path) -> None:
    write_bundles(tmp_path / "in", population())
    found = rows(items(tmp_path / "in"), tmp_path)
    assert by_case(found) == expected()
    assert {r["case"]: r["input"] for r in found} == {c: r["input"] for c, r in checked().items()}


def test_bundles_one_a_line_give_the_rows_of_check_and_name_the_line(tmp_path: Path) -> None:
    file, some = tmp_path / "all.ndjson", dict(list(population().items())[::4])
    write_bundle_lines(file, some)
    found = rows(items(file), tmp_path)
    wanted = {case: row for case, row in expected().items() if mark_of(case) in some}
    assert by_case(found) == wanted
    first = next(iter(some))
    named = {r["input"]["file"] for r in found if mark_of(r["case"]) == first}
    assert named == {"all.ndjson, line 1"}


def test_a_case_that_cannot_be_judged_costs_the_patient_no_other(tmp_path: Path) -> None:
    write_by_type(tmp_path / "in", population())
    found = rows(items(tmp_path / "in"), tmp_path)
    marks = Counter(mark_of(row["case"]) for row in found)
    several = {row["case"] for row in found if marks[mark_of(row["case"])] > 1}
    culprit = min(several)

    def judged(case: Case, record: Record, options: Options) -> Row:
        if case.id == culprit:
            raise NotJudged("it passed a limit")
        return judge(case, record, options)

    own = [item for item in items(tmp_path / "in") if item.what != "shared"]
    made = judge_shard(own, Options(), Shared(tmp_path / "shared"), judge=judged)
    told = {row["case"]: row for _, row in made}
    assert told[culprit]["error"] == "could-not-be-judged"
    assert {case: row for case, row in told.items() if case != culprit} == {
        row["case"]: row for row in found if row["case"] != culprit
    }


def test_what_is_out_of_scope_has_no_finding_that_the_short_row_would_hide() -> None:
    outside = [row for row in checked().values() if row["verdict"] == "out-of-scope"]
    assert outside
    shown = {f["outcome"] for row in outside for f in row["findings"]}
    assert shown <= {"pass", "not-applicable"}
    assert not any(row["questions"] or row["codes"]["submitted"] for row in outside)


@pytest.mark.parametrize("seed", [1, 2])
def test_neither_order_nor_files_nor_repeated_lines_change_a_row(tmp_path: Path, seed: int) -> None:
    some = dict(list(population().items())[seed::9])
    write_by_type(tmp_path / "typed", some)
    lines = [line(resource) for record in some.values() for resource in record]
    chance = random.Random(seed)
    lines += chance.sample(lines, len(lines) // 5)
    chance.shuffle(lines)
    (tmp_path / "mixed").mkdir()
    for number in range(3):
        part = b"\r\n\n".join(lines[number::3])
        (tmp_path / "mixed" / f"{number}.ndjson").write_bytes(part)
    typed = rows(items(tmp_path / "typed"), tmp_path)
    mixed = rows(items(tmp_path / "mixed"), tmp_path)
    assert by_case(mixed) == by_case(typed)
    assert [r["input"]["sha256"] for r in mixed] == [r["input"]["sha256"] for r in typed]


def test_no_row_holds_a_name_a_birth_date_or_an_identifier(tmp_path: Path) -> None:
    some = {mark: [dict(r) for r in record] for mark, record in list(population().items())[:6]}
    for record in some.values():
        for resource in record:
            if resource["resourceType"] == "Patient":
                resource["name"] = [{"family": "Zzyzx", "given": ["Qwertina"]}]
                resource["identifier"] = [{"value": "MRN-778899"}]
    write_by_type(tmp_path / "in", some)
    shown = repr(rows(items(tmp_path / "in"), tmp_path))
    assert not any(secret in shown for secret in ("Zzyzx", "Qwertina", "MRN-778899"))
