"""One task in a worker process: a range spread into pieces, or a shard judged into its file."""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import gc
import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from kg.bulk.audit import audited, differing
from kg.bulk.manifest import Done, Folder
from kg.bulk.partition import Item, Piece, read_bucket, spread
from kg.bulk.reader import Reader
from kg.bulk.scope import scope
from kg.bulk.shard import Begin, Judge, Options, judge_shard, judged, nothing
from kg.bulk.shared import Shared
from kg.bulk.sources import Range
from kg.bulk.trail import Trail
from kg.bulk.whole import written
from kg.knowledge import default

_SELDOM = 10_000  # objects between collections: judging leaves nothing for them to find
_PATIENCE = 600  # seconds until a record that does not end ends its worker


class Reading(msgspec.Struct, frozen=True):
    """A range to spread; ``watched`` line by line, without those ``passed`` over (file, line)."""

    root: str
    folder: str
    part: Range
    shards: int
    audit: float
    watched: bool = False
    passed: frozenset[tuple[str, int]] = frozenset()


class Judging(msgspec.Struct, frozen=True):
    """A shard to judge; ``limit`` records of it, or all when negative; ``only`` one for a trial."""

    folder: str
    shard: int
    shards: int
    starts: dict[int, int]
    options: Options
    judge: Judge
    unjudgeable: frozenset[str] = frozenset()
    limit: int = -1
    only: str = ""


@functools.cache
def _ready() -> None:
    """Keep what lasts as long as the process out of the garbage collector's way.

    Going through it took longer than the slowest record.
    """
    scope(default())
    nothing(Options())
    gc.collect()
    gc.freeze()
    gc.set_threshold(_SELDOM)


def read_range(task: Reading) -> list[Piece]:
    """Spread one range."""
    _ready()
    folder, root, known = Folder(Path(task.folder)), Path(task.root), scope(default())
    if not task.watched:
        return spread(
            Reader(root, task.part, known, task.audit), folder.work, task.part, task.shards
        )
    with Trail(folder.reading(task.part.number)) as trail:

        def watch(file: str, line: int) -> bool:
            trail.begin((file, line))
            return (file, line) not in task.passed

        reader = Reader(root, task.part, known, task.audit, watch)
        return spread(reader, folder.work, task.part, task.shards)


def judge_one_shard(task: Judging) -> Done:
    """Judge one shard: rows to its file, then the note that it is done."""
    _ready()
    folder = Folder(Path(task.folder))
    found = list(read_bucket(folder.work, task.shard, task.shards, task.starts))
    kept = _limited(found, task)
    done = Done(task.shard, len(found), skipped=len(found) - len(kept))
    done.records = len({item.key for item in kept})
    done.repeated = _repeated(kept)
    with Trail(folder.trail(task.shard)) as trail, _patience() as patience:

        def begin(key: str) -> None:
            patience(key)
            trail.begin(key)

        _write_rows(task, kept, done, begin)
        rows, shared = folder.rows(task.shard), _shared(task.folder)
        again = [item for item in kept if item.key not in task.unjudgeable]
        done.audited, done.differing = differing(again, task.options, shared, rows, begin)
    with written(folder.note(task.shard)) as stream:
        stream.write(msgspec.json.encode(done))
    folder.trail(task.shard).unlink(missing_ok=True)
    return done


def _write_rows(task: Judging, kept: list[Item], done: Done, begin: Begin) -> None:
    """Write the rows of a shard, and count them in ``done``."""
    counts: Counter[str] = Counter()
    answered: set[str] = set()
    digest = hashlib.sha256()
    found = judge_shard(
        kept,
        task.options,
        _shared(task.folder),
        judge=task.judge,
        begin=begin,
        unjudgeable=task.unjudgeable,
    )
    with written(Folder(Path(task.folder)).rows(task.shard)) as stream:
        for key, row in found:
            line = msgspec.json.encode(row) + b"\n"
            stream.write(line)
            digest.update(line)
            done.bytes += len(line)
            done.rows += 1
            counts[row.get("verdict") or row["error"]] += 1
            answered.add(key)
    done.counts, done.sha256 = dict(sorted(counts.items())), digest.hexdigest()
    assert len(answered) == done.records, "a record without a row"


def _repeated(kept: list[Item]) -> int:
    """How many lines say again what a line of the same record says."""
    if len({item.raw for item in kept}) == len(kept):
        return 0
    return len(kept) - len({(i.key, i.raw, i.what == "bad" and i.line) for i in kept})


def try_one(task: Judging) -> None:
    """Judge and audit one record of a shard for nothing but to see whether the process lives."""
    folder = Folder(Path(task.folder))
    found = read_bucket(folder.work, task.shard, task.shards, task.starts)
    kept, shared = [item for item in found if item.key == task.only], _shared(task.folder)
    with _patience() as patience:
        list(judge_shard(kept, task.options, shared, judge=task.judge, begin=patience))
        for options in audited(task.only, task.options):
            list(judge_shard(kept, options, shared, begin=patience))


@contextlib.contextmanager
def _patience() -> Iterator[Begin]:
    """Told of each record; a thread of the runtime ends this process if one takes too long."""
    with open(os.devnull, "w", encoding="ascii") as silent:
        armed = 0.0

        def begin(_: str) -> None:
            nonlocal armed
            now = time.monotonic()
            if now - armed > _PATIENCE / 60:
                faulthandler.dump_traceback_later(_PATIENCE, exit=True, file=silent)
                armed = now

        try:
            yield begin
        finally:
            faulthandler.cancel_dump_traceback_later()


def _limited(found: list[Item], task: Judging) -> list[Item]:
    """The items of the first records, by their keys."""
    found = judged(found)
    if task.limit < 0:
        return found
    keys = set(sorted(record_keys(found))[: task.limit])
    return [item for item in found if item.key in keys or item.what == "bad"]


def record_keys(found: Iterable[Item]) -> set[str]:
    """The keys of records; a line that cannot be read is none."""
    return {item.key for item in found if item.what != "bad"}


@functools.lru_cache(maxsize=2)
def _shared(folder: str) -> Shared:
    path = Folder(Path(folder)).work / "shared"
    return Shared(path if path.exists() else None)
