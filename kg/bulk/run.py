"""One input, one folder: everything in it judged by several processes, from wherever it stopped.

Reading spreads the input by patient, judging goes shard by shard. A process that dies costs nothing
but time; a record that ends its process again and again is named in a row instead of a verdict.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from kg.bulk.manifest import Done, Folder, Manifest, manifest_of
from kg.bulk.partition import GROUPED, SHARED_BUCKET, Piece, pieces, read_bucket
from kg.bulk.pool import Pool
from kg.bulk.progress import Progress
from kg.bulk.shard import Judge, Options, judge
from kg.bulk.shared import store
from kg.bulk.sources import RANGE, Range, Survey, ranges, starts_of, survey
from kg.bulk.trail import last_begun
from kg.bulk.whole import written
from kg.bulk.worker import Judging, Reading, judge_one_shard, read_range, record_keys, try_one
from kg.errors import KnowledgeError, UnusableRecord

_SHARD, _MOST = 8 * 2**20, 4096
_TRIALS = 2
_LOSSES = 20  # of one task, after which it is not the record but the machine


class Totals(msgspec.Struct):
    """The counts of a run: what came in, what went out, and whether the two agree."""

    lines: dict[str, int]
    records: int
    rows: int
    counts: dict[str, int]
    repeated: int
    skipped: int
    audited: int
    differing: list[str]
    missing: list[str]
    ignored: int
    accounted: bool


class Run:
    """A run in its folder."""

    def __init__(
        self,
        source: Path,
        out: Path,
        options: Options,
        *,
        workers: int = 1,
        limit: int = 0,
        judge: Judge = judge,
        progress: Progress | None = None,
        part_size: int = RANGE,
        shard_size: int = _SHARD,
    ) -> None:
        if out.resolve().is_relative_to(source.resolve()):
            raise UnusableRecord(str(out), "", "it lies in the input", "Name a folder outside")
        self._found: Survey = survey(source)
        self._parts: list[Range] = ranges(self._found, part_size)
        self._workers, self._limit, self._judge, self._options = workers, limit, judge, options
        self._progress = progress or Progress()
        self.folder = Folder(out)
        self._shards = _shards(self._found, shard_size)

    def go(self, then: Callable[[Path], None] | None = None) -> Totals:
        """Do what is missing and say what there is now; ``UnusableRecord`` if it cannot be here.

        ``then`` is called with the folder before another run may have it.
        """
        wanted = manifest_of(self._found, self._options, self._limit, self._shards)
        with self.folder.held():
            manifest = self.folder.claim(wanted)
            if not manifest.complete:
                self._complete(manifest)
            self.folder.clear()
            if then is not None:
                then(self.folder.path)
        raw = (self.folder.path / "run.json").read_bytes()
        return msgspec.json.decode(raw, type=Totals)

    def _complete(self, manifest: Manifest) -> None:
        self._shards = manifest.shards
        with Pool(self._workers) as pool:
            read = self._read(pool)
            done = self._judge_all(pool, read)
        totals = self._totals(read, done)
        with written(self.folder.path / "run.json") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(totals), indent=2) + b"\n")
        manifest.complete, manifest.done = True, done
        self.folder.write(manifest)

    def _read(self, pool: Pool) -> list[Piece]:
        """Every range in pieces, those that are there already left alone."""
        found = {part.number: pieces(self.folder.work, part.number) for part in self._parts}
        root, here = str(self._found.root), str(self.folder.path)
        todo = deque(
            Reading(root, here, part, self._shards, self._options.audit)
            for part in self._parts
            if not found[part.number]
        )
        self._progress.phase("reading", "parts", len(self._parts), sum(map(bool, found.values())))
        lost: Counter[int] = Counter()
        for task, result in pool.results(read_range, todo):
            number = task.part.number
            if isinstance(result, KnowledgeError):
                raise result
            lost[number] += isinstance(result, BaseException)
            if isinstance(result, BaseException) and lost[number] <= _TRIALS:
                todo.append(task)
                continue
            found[number] = self._read_alone(task) if isinstance(result, BaseException) else result
            self._progress.advance(1)
        self._progress.end()
        self._share()
        return [piece for part in self._parts for piece in found[part.number]]

    def _read_alone(self, task: Reading) -> list[Piece]:
        """A range whose reading ended processes, without the lines at which it ended two more."""
        todo, ended = deque([msgspec.structs.replace(task, watched=True)]), Counter[Any]()
        with Pool(1) as pool:
            for again, result in pool.results(read_range, todo):
                if not isinstance(result, BaseException):
                    return result
                place = last_begun(self.folder.reading(task.part.number))
                ended[tuple(place or ())] += 1
                passed = frozenset(p for p, times in ended.items() if p and times >= _TRIALS)
                if max(ended.values()) > _LOSSES:  # it is not the lines
                    raise result
                todo.append(msgspec.structs.replace(again, passed=passed))
        raise AssertionError("a pool gives every task its result")

    def _share(self) -> None:
        path = self.folder.work / "shared"
        if not path.exists():
            store(path, read_bucket(self.folder.work, SHARED_BUCKET, self._shards, {}))

    def _judge_all(self, pool: Pool, read: list[Piece]) -> list[Done]:
        """Every shard judged, those that are done left alone."""
        found = {shard: self.folder.done(shard) for shard in range(self._shards)}
        limits = self._limits()
        starts = self._starts(read)
        todo = deque(
            self._task(shard, starts, limits[shard])
            for shard, done in found.items()
            if done is None
        )
        lines = sum(piece.counts.get(what, 0) for piece in read for what in GROUPED)
        before = sum(done.lines for done in found.values() if done is not None)
        self._progress.phase("judging", "lines", lines, before)
        lost: Counter[int] = Counter()
        for task, result in pool.results(judge_one_shard, todo):
            if isinstance(result, BaseException):
                again = self._after_loss(task)
                lost[task.shard] += again == task
                if lost[task.shard] > _LOSSES or isinstance(result, KnowledgeError):
                    raise result
                todo.append(again)
            else:
                found[task.shard] = result
                self._progress.advance(result.lines)
        self._progress.end()
        return [done for _, done in sorted(found.items()) if done is not None]

    def _task(self, shard: int, starts: dict[int, int], limit: int) -> Judging:
        folder = str(self.folder.path)
        return Judging(folder, shard, self._shards, starts, self._options, self._judge, limit=limit)

    def _after_loss(self, task: Judging) -> Judging:
        """The task once more; without the record at which it ended if that alone ends a process."""
        key = last_begun(self.folder.trail(task.shard))
        if not key or key in task.unjudgeable or self._survives(task, key):
            return task
        return msgspec.structs.replace(task, unjudgeable=task.unjudgeable | {key})

    def _survives(self, task: Judging, key: str) -> bool:
        """Whether a record can be judged in a process of its own, which is tried twice."""
        for _ in range(_TRIALS):
            todo = deque([msgspec.structs.replace(task, only=key)])
            with Pool(1) as pool:
                ended = [
                    isinstance(result, BaseException) for _, result in pool.results(try_one, todo)
                ]
            if not any(ended):
                return True
        return False

    def _starts(self, read: list[Piece]) -> dict[int, int]:
        """How many lines of its file lie before each range."""
        counts = Counter[int]()
        for piece in read:
            counts[piece.part] += piece.counts.get("lines", 0)
        return starts_of(self._parts, counts)

    def _limits(self) -> list[int]:
        """How many records to judge of each shard: as many as are asked for in all."""
        if not self._limit:
            return [-1] * self._shards
        left, made = self._limit, []
        for shard in range(self._shards):
            keys = (
                record_keys(read_bucket(self.folder.work, shard, self._shards, {}))
                if left
                else set()
            )
            made.append(min(left, len(keys)))
            left -= made[-1]
        return made

    def _totals(self, read: list[Piece], done: list[Done]) -> Totals:
        lines: Counter[str] = sum((Counter(piece.counts) for piece in read), Counter())
        counts: Counter[str] = sum((Counter(shard.counts) for shard in done), Counter())
        accounted = (
            len(done) == self._shards
            and sum(shard.lines for shard in done) == sum(lines[what] for what in GROUPED)
            and lines["lines"] == sum(lines.values()) - lines["lines"]
            and sum(self._rows_there()) == sum(shard.rows for shard in done)
        )
        return Totals(
            dict(sorted(lines.items())),
            sum(shard.records for shard in done),
            sum(shard.rows for shard in done),
            dict(sorted(counts.items())),
            sum(shard.repeated for shard in done),
            sum(shard.skipped for shard in done),
            sum(shard.audited for shard in done),
            [case for shard in done for case in shard.differing],
            [str(error) for error in self._found.missing],
            self._found.ignored,
            accounted,
        )

    def _rows_there(self) -> Iterator[int]:
        for shard in range(self._shards):
            with self.folder.rows(shard).open("rb") as stream:
                yield sum(1 for _ in stream)


def _shards(found: Survey, size: int) -> int:
    """So many shards that each has about that size; more of them for more workers to share."""
    weight = sum(s.size * (8 if s.name.endswith(".gz") else 1) for s in found.sources)
    return max(1, min(_MOST, math.ceil(weight / size)))
