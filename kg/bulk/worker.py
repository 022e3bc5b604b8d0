"""One task in a worker process: a range spread into pieces, or a shard judged into its file."""

from __future__ import annotations

import faulthandler
import functools
import gc
import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kg.bulk.audit import differing
from kg.bulk.manifest import Done, Folder
from kg.bulk.partition import Item, Piece, read_bucket, spread
from kg.bulk.reader import Reader
from kg.bulk.scope import scope
from kg.bulk.shard import Judge, Options, judge_shard, judged
from kg.bulk.shared import Shared
from kg.bulk.sources import Range
from kg.bulk.whole import written
from kg.knowledge import default

_PATIENCE = 600  # seconds until a record that does not end ends its worker
_TRAIL = 512


class Reading(msgspec.Struct, frozen=True):
    """A range to spread."""

    root: str
    folder: str
    part: Range
    shards: int
    audit: float


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
    gc.collect()
    gc.freeze()


def read_range(task: Reading) -> list[Piece]:
    """Spread one range."""
    _ready()
    reader = Reader(Path(task.root), task.part, scope(default()), task.audit)
    return spread(reader, Path(task.folder), task.part, task.shards)


def judge_one_shard(task: Judging) -> Done:
    """Judge one shard: rows to its file, then the note that it is done."""
    _ready()
    folder = Folder(Path(task.folder))
    found = list(read_bucket(folder.work, task.shard, task.shards, task.starts))
    kept = _limited(found, task)
    done = Done(task.shard, len(found), skipped=len(found) - len(kept))
    done.records = len({item.key for item in kept})
    done.repeated = _repeated(kept)
    shared = _shared(str(folder.work / "shared"))
    counts: Counter[str] = Counter()
    answered: set[str] = set()
    digest = hashlib.sha256()
    with written(folder.rows(task.shard)) as stream:
        for key, row in _rows(kept, task, folder, shared):
            line = msgspec.json.encode(row) + b"\n"
            stream.write(line)
            digest.update(line)
            done.bytes += len(line)
            done.rows += 1
            counts[row.get("verdict") or row["error"]] += 1
            answered.add(key)
    done.counts, done.sha256 = dict(sorted(counts.items())), digest.hexdigest()
    assert len(answered) == done.records, "a record without a row"
    done.audited, done.differing = differing(kept, task.options, shared, folder.rows(task.shard))
    with written(folder.note(task.shard)) as stream:
        stream.write(msgspec.json.encode(done))
    folder.trail(task.shard).unlink(missing_ok=True)
    return done


def _repeated(kept: list[Item]) -> int:
    """How many lines say again what a line of the same record says."""
    if len({item.raw for item in kept}) == len(kept):
        return 0
    return len(kept) - len({(i.key, i.raw, i.what == "bad" and i.line) for i in kept})


def try_one(task: Judging) -> bool:
    """Judge one record of a shard for nothing but to see whether the process lives."""
    folder = Folder(Path(task.folder))
    found = read_bucket(folder.work, task.shard, task.shards, task.starts)
    kept = [item for item in found if item.key == task.only]
    shared = _shared(str(folder.work / "shared"))
    return any(judge_shard(kept, task.options, shared, judge=task.judge, begin=_patiently()))


def _rows(
    kept: list[Item], task: Judging, folder: Folder, shared: Shared
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a shard, while the trail says which record is being judged."""
    patiently = _patiently()
    trail = os.open(folder.trail(task.shard), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:

        def begin(key: str) -> None:
            patiently(key)
            os.pwrite(trail, f"{key}\n".encode().ljust(_TRAIL), 0)

        yield from judge_shard(
            kept,
            task.options,
            shared,
            judge=task.judge,
            begin=begin,
            unjudgeable=task.unjudgeable,
        )
    finally:
        faulthandler.cancel_dump_traceback_later()
        os.close(trail)


class _patiently:
    """Ends this process when a record takes too long; a thread outside of Python sees to it."""

    def __init__(self) -> None:
        self._armed = 0.0
        self._silent = open(os.devnull, "w", encoding="ascii")  # noqa: SIM115 - as long as the process

    def __call__(self, key: str) -> None:
        now = time.monotonic()
        if now - self._armed > _PATIENCE / 60:
            faulthandler.dump_traceback_later(_PATIENCE, exit=True, file=self._silent)
            self._armed = now


def _limited(found: list[Item], task: Judging) -> list[Item]:
    """The items of the first records, by their keys."""
    found = judged(found)
    if task.limit < 0:
        return found
    keys = set(sorted({item.key for item in found})[: task.limit])
    return [item for item in found if item.key in keys]


@functools.lru_cache(maxsize=2)
def _shared(path: str) -> Shared:
    return Shared(Path(path) if os.path.exists(path) else None)


def last_begun(folder: Folder, shard: int) -> str:
    """The record that a worker of the shard was at when it ended; empty if at none."""
    try:
        return folder.trail(shard).read_bytes().decode(errors="replace").split("\n")[0]
    except OSError:
        return ""
