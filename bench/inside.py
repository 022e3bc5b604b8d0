"""Where the time of a verdict goes: every stage of every composed record, beside its yardsticks.

Plain pySHACL judges the same derived graph through its API, shapes loaded beforehand, one case at a
time, its N-Triples parsed, in every round after ours. Large records are measured against a bare
decode of the same bytes.
"""

from __future__ import annotations

import gc
import gzip
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
import rdflib
from pyshacl import validate

from bench.checking import RECORDS
from bench.pairs import shown
from kg.derive import derived
from kg.explain import findings
from kg.facts import as_triples
from kg.inputs import read
from kg.judge import bare_shapes, judge, ntriples
from kg.knowledge import Knowledge, default
from kg.shacl_compiled import engine
from kg.verdict import judge_case
from kg.view import View

LARGE = 200_000
Made = TypeVar("Made")


class _Times:
    """Milliseconds of processor time of each stage, one entry a call."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = {}

    def __call__(self, stage: str, call: Callable[..., Made], *given: Any) -> Made:
        start = time.process_time()
        made = call(*given)
        self.of.setdefault(stage, []).append((time.process_time() - start) * 1000)
        return made


def measure(runs: int, large: Path | None) -> None:
    """Print the stages and the ratios."""
    knowledge = default()
    shapes = rdflib.Graph().parse(data=bare_shapes(knowledge), format="nt")
    times, records = _Times(), sorted(RECORDS.glob("*.json"))
    for turn in range(runs + 1):
        if turn == 1:  # the first round warms up; what it leaves is kept, as a bulk worker does
            times = _Times()
            gc.collect()
            gc.freeze()
        graphs: list[bytes] = []
        for path in records:
            times("whole: bytes to verdict rows", _whole, path.name, path.read_bytes(), knowledge)
        for path in records:
            graphs += _stages(path.name, path.read_bytes(), knowledge, times)
        for graph in graphs:
            times("SHACL stage from N-Triples", engine(knowledge).rows, graph)
        for graph in graphs:
            times("plain pySHACL", _plain, graph, shapes)
    plain = statistics.median(times.of["plain pySHACL"])
    click.echo(f"{len(records)} composed records, {runs} rounds; ms of processor time")
    for stage, found in times.of.items():
        middle, high = statistics.median(found), sorted(found)[int(len(found) * 0.99)]
        ratio = f"plain pySHACL / it {plain / middle:7.1f}"
        click.echo(f"{stage:30} p50 {middle:7.3f}  p99 {high:7.3f}  {ratio}")
    for path in sorted(large.glob("*")) if large else ():
        _large(path, knowledge, runs)


def _stages(name: str, raw: bytes, knowledge: Knowledge, times: _Times) -> list[bytes]:
    ours, graphs = engine(knowledge), []
    for case in times("read", read, name, raw, knowledge).cases:
        facts = times("derive", derived, case, knowledge)
        times("SHACL stage", ours.rows_of, facts)
        outcomes = times("SHACL and outcomes", judge, facts, knowledge, ours)
        times("explain", findings, case.node.value, outcomes, View(facts, knowledge))
        graphs.append(ntriples(as_triples(facts)))
    return graphs


def _plain(text: bytes, shapes: rdflib.Graph) -> None:
    data = rdflib.Graph().parse(data=text, format="nt")
    validate(data, shacl_graph=shapes, inference="none")


def _whole(name: str, raw: bytes, knowledge: Knowledge) -> list[bytes]:
    ours, cases = engine(knowledge), read(name, raw, knowledge).cases
    return [msgspec.json.encode(judge_case(case, knowledge, ours).json()) for case in cases]


def _large(path: Path, knowledge: Knowledge, runs: int) -> None:
    """One record of at least ``LARGE`` bytes, against a bare decode in turn."""
    raw = path.read_bytes() if path.is_file() else b""
    raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    if len(raw) < LARGE:
        return
    times = _Times()
    rows: list[bytes] = []
    for _ in range(runs * 3):
        rows = times("whole", _whole, path.name, raw, knowledge)
        times("decode", msgspec.json.decode, raw)
    ratios = [a / b for a, b in zip(times.of["whole"], times.of["decode"], strict=True)]
    words = sorted({msgspec.json.decode(row)["verdict"] for row in rows})
    name = f"{path.name} {len(raw) // 1000} kB {', '.join(words)} / decode"
    click.echo(shown(name, ratios, "≤ 12"))
