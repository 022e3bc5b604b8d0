"""What ``test_spark`` has Spark do, in the interpreter that has pyspark: once, for all its tests.

Arguments: the export, the folder for what comes out, the patient whose record ends its process.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from kg.bulk.rows import Row
from kg.bulk.shard import Options, Record
from kg.bulk.shard import judge as real
from kg.case import Case


def judge(poison: str, killed: Path, case: Case, record: Record, options: Options) -> Row:
    """Judge, but end at one record always, and end the worker of Spark at another once."""
    if record.key == poison:
        os._exit(9)
    if not killed.exists():
        killed.touch()  # nothing more: the child may not write
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1)
    return real(case, record, options)


def session() -> Any:
    """Two processors, and a task that fails is tried four times, as on a cluster."""
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }.items():
        builder = builder.config(name, value)
    return builder.master("local[2,4]").getOrCreate()


def failures(spark: Any) -> int:
    """How many tasks failed so far."""
    tracker = spark.sparkContext.statusTracker()
    stages = {
        n for job in tracker.getJobIdsForGroup(None) for n in tracker.getJobInfo(job).stageIds
    }
    found = [tracker.getStageInfo(stage) for stage in stages]
    return sum(stage.numFailedTasks for stage in found if stage is not None)


def main(export: Path, out: Path, poison: str) -> None:
    """Write ``rows.ndjson``, ``lines.ndjson`` and ``told.json``."""
    from kg.bulk import spark as adapter

    spark = session()
    dying = functools.partial(judge, poison, out / "killed")
    items = adapter.read_folder(spark, export, part_size=20_000)
    rows = adapter.judge_items(items, partitions=3, judge=dying).persist()
    _write(out / "rows.ndjson", rows.collect())
    failed = failures(spark)
    found = adapter.findings(rows, "a run")
    flat = [list(row) for row in found.collect()]
    told = {"failed": failed, "findings": flat, "columns": found.columns}
    (out / "told.json").write_text(json.dumps(told), encoding="utf-8")
    table = [
        (path.name, number, bytearray(line))
        for path in sorted(export.iterdir())
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
    ]
    lines = spark.createDataFrame(table, "file string, line bigint, raw binary")
    again = adapter.judge_items(adapter.read_table(lines), partitions=2)
    _write(out / "lines.ndjson", again.collect())
    spark.stop()


def _write(path: Path, rows: list[Any]) -> None:
    ordered = sorted(rows, key=lambda row: (row.key, row.number))
    path.write_text("".join(f"{row.row}\n" for row in ordered), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
