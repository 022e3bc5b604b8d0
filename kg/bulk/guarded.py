"""Records → rows, judged in a child that may end: what ends it costs one record its verdict.

For adapters whose own workers must not die, since a platform gives up all of a job whose task dies
again and again. Records go to the child several at a time; when it ends they go one by one, and one
that ends it twice is named in a row. What ``run`` does for whole shards, without a folder.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import msgspec

from kg.bulk.partition import Item
from kg.bulk.rows import Row, could_not
from kg.bulk.shard import Judge, Options, judge, judge_shard
from kg.bulk.shared import Shared
from kg.errors import NotJudged
from kg.limited import Limited

SECONDS, MEMORY = 600.0, 2 << 30
_TRIALS, _RECORDS, _BYTES = 2, 64, 4 << 20
_IN = msgspec.msgpack.Decoder(list[Item])
_OUT = msgspec.msgpack.Decoder(list[tuple[str, Row]])
_ENDED = "judging it ended the process"


class Guarded:
    """Judges records in a child; to be closed, which ends it."""

    def __init__(
        self,
        options: Options,
        shared: Path | None = None,
        *,
        judge: Judge = judge,
        seconds: float = SECONDS,
        memory: int = MEMORY,
    ) -> None:
        work = functools.partial(_work, options, shared, judge)
        self._child = Limited(work, seconds=seconds, memory=memory)

    def __enter__(self) -> Guarded:
        """Nothing starts before the first record."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End the child."""
        self._child.close()

    def rows(self, records: Iterable[list[Item]]) -> Iterator[tuple[str, Row]]:
        """The rows of the records, each given as all of its items, in their order."""
        for several in _together(records):
            try:
                yield from self._judged([item for record in several for item in record])
            except NotJudged:
                for record in several:
                    yield from self._alone(record)

    def _alone(self, record: list[Item]) -> Iterator[tuple[str, Row]]:
        for _ in range(_TRIALS):
            with contextlib.suppress(NotJudged):
                yield from self._judged(record)
                return
        yield record[0].key, could_not(record[0].key, record, _ENDED)

    def _judged(self, items: list[Item]) -> list[tuple[str, Row]]:
        return _OUT.decode(self._child(msgspec.msgpack.encode(items)))


def _work(options: Options, shared: Path | None, judge: Judge, data: bytes) -> bytes:
    found = judge_shard(_IN.decode(data), options, _opened(shared), judge=judge)
    return msgspec.msgpack.encode(list(found))


@functools.cache
def _opened(path: Path | None) -> Shared:
    """The store, opened in the child."""
    return Shared(path)


def _together(records: Iterable[list[Item]]) -> Iterator[list[list[Item]]]:
    """Records in groups of a bounded number and size."""
    held: list[list[Item]] = []
    size = 0
    for record in records:
        held.append(record)
        size += sum(len(item.raw) for item in record)
        if len(held) >= _RECORDS or size >= _BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held
