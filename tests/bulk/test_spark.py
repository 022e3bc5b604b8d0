"""Spark gives the rows of one machine, though a worker of it is killed and a record kills."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kg.bulk.parquet import COLUMNS
from kg.bulk.run import Totals
from tests.bulk.population import population

ROOT = Path(__file__).parents[2]
OWN = ROOT / ".tools" / "spark" / "bin" / "python"
POISONED = "r11"


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter that has pyspark: this one, or that of ``make spark``."""
    if shutil.which("java") is None:
        pytest.skip("needs java")
    if importlib.util.find_spec("pyspark") is not None:
        return sys.executable
    if not OWN.exists():
        pytest.skip("needs pyspark, run make spark")
    return str(OWN)


@pytest.fixture(scope="module")
def out(python: str, export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Spark makes of the export."""
    folder = tmp_path_factory.mktemp("spark")
    told = [python, "-m", "tests.bulk.spark_job", str(export), str(folder), patient()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": python}
    done = subprocess.run(told, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    return folder


def patient() -> str:
    """The patient whose record ends its process."""
    name = next(r["id"] for r in population()[POISONED] if r["resourceType"] == "Patient")
    return f"Patient/{name}"


Undisturbed = tuple[Totals, dict[str, bytes]]


def rows(lines: bytes) -> dict[str, Any]:
    """Rows by their text, so that the order of shards does not matter."""
    found = {line: json.loads(line) for line in lines.decode().splitlines()}
    assert len(found) == len(lines.splitlines())
    return found


def test_lines_from_a_table_give_the_rows_of_one_machine(
    out: Path, undisturbed: Undisturbed
) -> None:
    assert rows((out / "lines.ndjson").read_bytes()) == rows(b"".join(undisturbed[1].values()))


def test_a_record_that_kills_is_named_and_a_worker_that_is_killed_costs_nothing(
    out: Path, undisturbed: Undisturbed
) -> None:
    found = rows((out / "rows.ndjson").read_bytes())
    wanted = rows(b"".join(undisturbed[1].values()))
    (lost,) = [row for line, row in found.items() if line not in wanted]
    (spared,) = [row for line, row in wanted.items() if line not in found]
    assert (lost["error"], lost["case"]) == ("could-not-be-judged", patient())
    assert POISONED in spared["case"]
    assert len(found) == len(wanted)


def test_a_worker_of_spark_was_killed_and_its_task_done_again(out: Path) -> None:
    assert (out / "killed").exists()
    assert json.loads((out / "told.json").read_bytes())["failed"] >= 1


def test_findings_are_flat_and_hold_no_words(out: Path) -> None:
    told = json.loads((out / "told.json").read_bytes())
    found = rows((out / "rows.ndjson").read_bytes()).values()
    assert tuple(told["columns"]) == COLUMNS
    assert len(told["findings"]) == sum(len(row.get("findings", ())) for row in found)
    words = {finding["message"] for row in found for finding in row.get("findings", ())}
    assert words.isdisjoint(cell for line in told["findings"] for cell in line)


def test_parquet_holds_one_row_a_finding(python: str, export: Path, tmp_path: Path) -> None:
    code = """
import io, json, sys
from pathlib import Path
import pyarrow.parquet
from kg.bulk.results import PARQUET, write_results
from kg.bulk.run import Run
from kg.bulk.shard import Options
if __name__ == "__main__":
    out = Path(sys.argv[2])
    Run(Path(sys.argv[1]), out, Options(), limit=4).go()
    assert out / PARQUET in write_results(out).paths
    first = (out / PARQUET).read_bytes()
    write_results(out)
    assert (out / PARQUET).read_bytes() == first
    table = pyarrow.parquet.read_table(out / PARQUET)
    print(json.dumps([table.column_names, table.to_pylist()]))
"""
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    told = [python, str(script), str(export), str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(told, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    names, table = json.loads(done.stdout)
    files = (tmp_path / "out" / "verdicts").iterdir()
    found = [json.loads(line) for path in sorted(files) for line in path.read_bytes().splitlines()]
    assert tuple(names) == COLUMNS
    assert [(r["case"], f["rule"], f["outcome"]) for r in found for f in r.get("findings", ())] == [
        (line["case"], line["rule"], line["outcome"]) for line in table
    ]
    assert {line["input_sha256"] for line in table} <= {row["input"].get("sha256") for row in found}
