"""The same rows by Apache Spark: an adapter around ``judge_shard``; needs pyspark and pyarrow.

``read_folder`` or ``read_table`` → items (lines with what is known of them) → ``judge_items`` →
rows; ``findings`` flattens them. Every executor needs this package installed, with the same rules
as the driver, which is checked. A record that ends a process ends only a child of the worker.
"""

from __future__ import annotations

import atexit
import math
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from kg.bulk.finished import Row
from kg.bulk.guarded import Guarded
from kg.bulk.parquet import COLUMNS, flat
from kg.bulk.partition import GROUPED, Item
from kg.bulk.reader import Reader
from kg.bulk.scope import scope
from kg.bulk.shard import Judge, Options, judge, judged
from kg.bulk.shared import store
from kg.bulk.sources import RANGE, Range, ranges, starts_of, survey
from kg.errors import KnowledgeError
from kg.knowledge import default

Frame = Any  # pyspark.sql.DataFrame; pyspark is not installed where types are checked
Batches = Iterator[Any]
ITEM = (
    "key string, what string, file string, line bigint, raw binary, note string, "
    "possible boolean, also string"
)
ROW = "key string, number int, row string"
_READ = f"part int, {ITEM}"
_COUNT = "count"
_BATCH_ROWS, _BATCH_BYTES = 500, 8 << 20
_FIELDS = Item.__struct_fields__


def read_folder(
    spark: Any, source: Path, options: Options | None = None, *, part_size: int = RANGE
) -> Frame:
    """The items of a folder or file that the driver and every executor see at the same path.

    Warns of what is missing or cannot be opened.
    """
    from pyspark.sql import functions as f

    found = survey(source)
    for error in found.missing:
        warnings.warn(str(error), stacklevel=2)
    parts = ranges(found, part_size)
    share = (options or Options()).audit
    packed = [(bytearray(msgspec.msgpack.encode(part)),) for part in parts]
    frame = spark.createDataFrame(packed, "part binary").repartition(_tasks(parts, part_size))
    read = frame.mapInArrow(_reading(str(found.root), share), _READ).persist()
    counted = read.where(f.col("what") == _COUNT).select("part", "line").collect()
    starts = starts_of(parts, Counter(dict(counted)))
    before = spark.createDataFrame(
        [(p.number, starts.get(p.number, 0)) for p in parts], "part int, before bigint"
    )
    line = f.when(f.col("line") > 0, f.col("line") + f.col("before")).otherwise(f.col("line"))
    placed = read.where(f.col("what") != _COUNT).join(f.broadcast(before), "part")
    return placed.withColumn("line", line).select(*_FIELDS)


def read_table(lines: Frame) -> Frame:
    """The items of lines in a table: ``file string, line bigint, raw binary``, in any order.

    Each is a resource or a Bundle; ``line`` is 0 where it is not known.
    """
    return lines.select("file", "line", "raw").mapInArrow(_looking, ITEM)


def judge_items(
    items: Frame,
    options: Options | None = None,
    *,
    partitions: int = 200,
    judge: Judge = judge,
) -> Frame:
    """The rows of the items, as JSON: sorted by ``key`` and ``number`` they are those of a run."""
    from pyspark.sql import functions as f

    shared = _shared(items.where(f.col("what") == "shared"))
    whole = items.where(f.col("what").isin(*GROUPED)).repartition(partitions, "key")
    work = _judging(options or Options(), shared, judge, default().sha256)
    return whole.sortWithinPartitions("key").mapInArrow(work, ROW)


def findings(rows: Frame, run: str) -> Frame:
    """One row a finding, in the columns of ``findings.parquet``; ``run`` is a name for the run."""

    def flattened(batches: Batches) -> Batches:
        for batch in batches:
            found = [msgspec.json.decode(row, type=Row) for row in batch.column(0).to_pylist()]
            yield _batch(COLUMNS, [line for row in found for line in flat(run, row)])

    return rows.select("row").mapInArrow(flattened, ", ".join(f"{c} string" for c in COLUMNS))


def _shared(items: Frame) -> str:
    """Make the store of shared lines and send it to the executors; its name there, or empty."""
    context = items.sparkSession.sparkContext
    folder = Path(tempfile.mkdtemp(prefix="m816-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # served from there until the end
    path = folder / f"{folder.name}.shared"
    found = items.repartition(context.defaultParallelism).toLocalIterator()
    store(path, (_item(row.asDict()) for row in found))
    context.addFile(str(path))
    return path.name


def _tasks(parts: list[Range], part_size: int) -> int:
    """So many tasks that each reads about that size, in many small files or few large ones."""
    shares = (
        1.0 if part.kind == "whole" else (part.end - part.start) / part_size for part in parts
    )
    return max(1, math.ceil(sum(shares)))


def _reading(root: str, share: float) -> Callable[[Batches], Batches]:
    def read(batches: Batches) -> Batches:
        for batch in batches:
            for packed in batch.column(0).to_pylist():
                part = msgspec.msgpack.decode(packed, type=Range)
                yield from _batches(_spread(root, part, share), ("part", *_FIELDS))

    return read


def _spread(root: str, part: Range, share: float) -> Iterator[tuple[Any, ...]]:
    """The items of a range, and how many lines it has."""
    count = 0
    for item in Reader(Path(root), part, scope(default()), share):
        count += 1
        if not isinstance(item, str):
            yield (part.number, *_values(item))
    yield (part.number, *_values(Item("", _COUNT, "", count, b"")))


def _looking(batches: Batches) -> Batches:
    known = scope(default())
    for batch in batches:
        names, numbers, lines = (batch.column(n).to_pylist() for n in range(3))
        found = [
            Reader(Path(), Range(0, "lines", [file]), known).line(file, number or 0, raw)
            for file, number, raw in zip(names, numbers, lines, strict=True)
        ]
        yield from _batches((_values(i) for i in found if not isinstance(i, str)), _FIELDS)


def _judging(
    options: Options, shared: str, judge: Judge, rules: str
) -> Callable[[Batches], Batches]:
    def work(batches: Batches) -> Batches:
        from pyspark import SparkFiles

        if default().sha256 != rules:
            raise KnowledgeError("this executor has other rules than the driver; install the same")
        with Guarded(options, Path(SparkFiles.get(shared)), judge=judge) as guarded:
            last, number = "", 0
            rows = []
            for key, row in guarded.rows(_records(batches)):
                last, number = key, number + 1 if key == last else 0
                rows.append((key, number, msgspec.json.encode(row).decode()))
                if len(rows) >= _BATCH_ROWS:
                    yield _batch(("key", "number", "row"), rows)
                    rows = []
            yield _batch(("key", "number", "row"), rows)

    return work


def _records(batches: Batches) -> Iterator[list[Item]]:
    """The items of a sorted partition by key."""
    items = (_item(row) for batch in batches for row in batch.to_pylist())
    for _, members in groupby(items, key=lambda item: item.key):
        if record := judged(list(members)):
            yield record


def _item(row: dict[str, Any]) -> Item:
    return Item(**{**{name: row[name] for name in _FIELDS}, "raw": bytes(row["raw"])})


def _values(item: Item) -> tuple[Any, ...]:
    return msgspec.structs.astuple(item)


def _batches(rows: Iterator[tuple[Any, ...]], names: tuple[str, ...]) -> Batches:
    """Rows in batches of bounded number and size."""
    held, size, raw = [], 0, names.index("raw")
    for row in rows:
        held.append(row)
        size += len(row[raw])
        if len(held) >= _BATCH_ROWS or size >= _BATCH_BYTES:
            yield _batch(names, held)
            held, size = [], 0
    yield _batch(names, held)


def _batch(names: tuple[str, ...], rows: list[Any]) -> Any:
    import pyarrow

    kinds = {"part": pyarrow.int32(), "number": pyarrow.int32(), "line": pyarrow.int64()}
    kinds |= {"raw": pyarrow.binary(), "possible": pyarrow.bool_()}
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in names])
    arrays = [pyarrow.array(c, t) for c, t in zip(columns, schema.types, strict=True)]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)
