"""A composed record in a warm process, from bytes to rows: the whole, and each stage of it."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from bench.population.templates import RECORDS
from kg.bulk.partition import Item
from kg.bulk.shard import Options, judge_shard
from kg.derive import derived
from kg.engines import engine as engine_named
from kg.explain import findings
from kg.inputs import read
from kg.judge import Engine, judge
from kg.knowledge import default
from kg.view import View

Made = TypeVar("Made")
WHOLE = "bytes to rows"


class _Times:
    """Milliseconds of each stage, one entry a call."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = {}

    def __call__(self, stage: str, call: Callable[..., Made], *given: Any) -> Made:
        start = time.perf_counter()
        made = call(*given)
        self.of.setdefault(stage, []).append(1e3 * (time.perf_counter() - start))
        return made


def warm(runs: int, engine: str) -> None:
    """Print the percentiles of the time that a record takes, and that each stage takes a case."""
    options, ours, times = Options(engine), engine_named(engine, default()), _Times()
    raws = {path.name: path.read_bytes() for path in sorted(RECORDS.glob("*.json"))}
    for run in range(runs + 1):
        if run == 1:  # the first round warms up; what it leaves is kept, as a worker keeps it
            times = _Times()
            gc.collect()
            gc.freeze()
        for name, raw in raws.items():
            times(WHOLE, _rows, Item(name, "record", name, 0, raw), options)
        for name, raw in raws.items():
            _stages(name, raw, ours, times)
    click.echo(f"{len(raws)} composed records in a warm process, {runs} rounds; ms on the clock")
    for stage, found in times.of.items():
        cuts = statistics.quantiles(found, n=100, method="inclusive")
        target = "   target p50 ≤ 5, p99 ≤ 20" if stage == WHOLE else ""
        click.echo(
            f"{stage:24} p50 {cuts[49]:6.2f}  p99 {cuts[98]:6.2f}  max {max(found):6.2f}{target}"
        )


def _rows(item: Item, options: Options) -> list[bytes]:
    return [msgspec.json.encode(row) for _, row in judge_shard([item], options)]


def _stages(name: str, raw: bytes, engine: Engine, times: _Times) -> None:
    knowledge = default()
    for case in times("read", read, name, raw, knowledge).cases:
        facts = times("derive", derived, case, knowledge)
        outcomes = times("shapes and outcomes", judge, facts, knowledge, engine)
        times("explain", findings, case.node.value, outcomes, View(facts, knowledge))
