"""A population is the same for the same seed, and its planted verdicts are what comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.population import PLANTED, POPULATION, differing, populate
from kg.bulk.shard import Options
from tests.bulk.conftest import start

LAYOUTS = ("ndjson", "bundles")
INSIDE = 0.6


def files(folder: Path) -> dict[str, bytes]:
    """Every file that was written, by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_seed_gives_the_same_bytes_and_another_one_others(
    tmp_path: Path, layout: str
) -> None:
    for name, seed in (("a", 816), ("b", 816), ("c", 817)):
        populate(tmp_path / name, 120, layout=layout, seed=seed)
    a, b, c = (files(tmp_path / name) for name in "abc")
    assert a == b
    assert len(a) > 2
    assert all(a[name] != c.get(name) for name in a if "Patient" in name or "bundles" in name)


def test_both_layouts_hold_the_same_patients(tmp_path: Path) -> None:
    for layout in LAYOUTS:
        populate(tmp_path / layout, 60, layout=layout)
    ndjson, bundles = ((tmp_path / layout / PLANTED).read_bytes() for layout in LAYOUTS)
    assert ndjson == bundles
    assert len(bundles.splitlines()) == 60


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_planted_comes_out_and_nothing_else(tmp_path: Path, layout: str) -> None:
    populate(tmp_path, 90, layout=layout, share=INSIDE)
    totals = start(tmp_path / POPULATION, tmp_path / "out", Options("compiled")).go()
    assert totals.accounted
    assert len(totals.counts) > 3
    assert list(differing(tmp_path / "out" / "verdicts", tmp_path / PLANTED)) == []


def test_the_comparison_notices_a_lost_a_wrong_and_a_doubled_row(tmp_path: Path) -> None:
    populate(tmp_path, 3)
    rows = [{"case": f"Patient/p000000{n}-x", "verdict": "out-of-scope"} for n in (1, 2, 2)]
    rows[0]["verdict"] = "stands"
    (tmp_path / "verdicts").mkdir()
    text = "\n".join(map(json.dumps, rows))
    (tmp_path / "verdicts" / "0.ndjson").write_text(text, encoding="utf-8")
    assert len(list(differing(tmp_path / "verdicts", tmp_path / PLANTED))) == 3


def test_a_bulk_export_lists_its_files_and_how_many_lines_each_has(tmp_path: Path) -> None:
    populate(tmp_path, 60)
    folder = tmp_path / POPULATION
    listed = json.loads((folder / "manifest.json").read_bytes())["output"]
    counts = {item["url"].rpartition("/")[2]: item["count"] for item in listed}
    there = {path.name: len(path.read_bytes().splitlines()) for path in folder.glob("*.ndjson")}
    assert counts == there
