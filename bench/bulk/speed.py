"""Lines → rows in this process, per core, beside plain pySHACL and beside a bare decode."""

from __future__ import annotations

import functools
import gc
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import click
import msgspec
import rdflib
from pyshacl import validate

from bench.pairs import shown
from bench.population import Pool, padded, pool
from bench.population.templates import Template, bundle, patient
from kg.bulk.partition import Item, read_bucket, spread
from kg.bulk.reader import Reader
from kg.bulk.scope import scope
from kg.bulk.shard import Options, judge_shard, record_of
from kg.bulk.shared import Shared, store
from kg.bulk.sources import Range, ranges, survey
from kg.derive import derived
from kg.engines import engine as engine_named
from kg.facts import Facts, as_triples
from kg.judge import bare_shapes, ntriples, results
from kg.knowledge import default

LARGE = 200_000
_ENOUGH = 0.2


def inside(patients: int, runs: int, engine: str) -> None:
    """Print the ratios over patients in scope; both sides see the same cases in turn."""
    found, options = pool(1.0, 816, None).inside, Options(engine)
    chosen = [found[number % len(found)] for number in range(patients)]
    made = [patient(one, f"p{number:07d}") for number, one in enumerate(chosen, start=1)]
    with tempfile.TemporaryDirectory() as folder:
        source = _Source(Path(folder), [line.raw for lines in made for line in lines])
        facts = source.facts(options)
        count = _agreeing(facts, engine)
        _settle()
        rounds = [_round(source, facts, options) for _ in range(runs + 1)][1:]
    plain, bare, whole, stage = ([one[n] for one in rounds] for n in range(4))
    click.echo(f"{patients} patients, {len(facts)} cases in scope, {runs} rounds, engine {engine}")
    click.echo(f"pySHACL finds the same {count} results in their graphs")
    for name, seconds in zip(_SIDES, (plain, bare, whole, stage), strict=True):
        click.echo(f"{name:30} {1e3 * statistics.median(seconds) / len(facts):8.3f} ms a case")
    for name, over, under in (
        ("plain pySHACL / lines to rows", plain, whole),
        ("plain pySHACL / SHACL stage alone", plain, stage),
        ("pySHACL without its parse / SHACL stage alone", bare, stage),
    ):
        click.echo(shown(name, [a / b for a, b in zip(over, under, strict=True)], "≥ 100"))


_SIDES = ("plain pySHACL", "pySHACL without its parse", "lines to rows", "SHACL stage alone")


def _agreeing(facts: list[Facts], engine: str) -> int:
    """How many results both engines find, which must be the same ones, case by case."""
    ours, reference = engine_named(engine, default()), engine_named("pyshacl", default())
    count = 0
    for one in facts:
        found = sorted(results(one, default(), ours))
        if found != sorted(results(one, default(), reference)):
            raise click.ClickException("the engines find different results")
        count += len(found)
    return count


def _round(
    source: _Source, facts: list[Facts], options: Options
) -> tuple[float, float, float, float]:
    """Seconds of processor time of each side, over all cases."""
    ours, shapes = engine_named(options.engine, default()), _shapes()
    texts = [ntriples(as_triples(one)) for one in facts]
    plain = _seconds(lambda: _validated(map(_graph, texts), shapes))
    graphs = [_graph(text) for text in texts]
    bare = _seconds(lambda: _validated(graphs, shapes))
    whole = _seconds(lambda: source.rows(options))
    return plain, bare, whole, _seconds(lambda: [results(one, default(), ours) for one in facts])


@functools.cache
def _shapes() -> rdflib.Graph:
    return rdflib.Graph().parse(data=bare_shapes(default()), format="nt")


def _graph(text: bytes) -> rdflib.Graph:
    return rdflib.Graph().parse(data=text, format="nt")


def _validated(graphs: Iterable[rdflib.Graph], shapes: rdflib.Graph) -> None:
    for graph in graphs:
        validate(graph, shacl_graph=shapes, inference="none")


def decode(patients: int, runs: int, engine: str, samples: Path | None) -> None:
    """Print the ratios to a bare decode: out of scope in both layouts, then each large record.

    By way of pieces on disk is what a run does, which reads and judges one after the other.
    """
    found, options = pool(0.0, 816, samples), Options(engine)
    chosen = [found.choice(number)[0] for number in range(1, patients + 1)]
    made = [patient(one, f"p{number:07d}") for number, one in enumerate(chosen, start=1)]
    layouts = {
        "lines by type": [line.raw for lines in made for line in lines],
        "Bundles": [bundle(lines) for lines in made],
    }
    click.echo(f"{patients} patients out of scope, {runs} rounds of processor time")
    for name, raws in layouts.items():
        size = sum(map(len, raws)) / 1e6
        beside = _beside(raws, options, runs)
        straight, spilt = [one for one, _ in beside], [other for _, other in beside]
        click.echo(shown(f"{name}, {size:.1f} MB / decode", straight, "≤ 2"))
        click.echo(shown(f"{name}, by way of pieces on disk / decode", spilt, "none"))
    click.echo(f"records in scope of at least {LARGE // 1000} kB")
    for one in _large(found):
        lines = patient(one, "p0000001")
        for name, raws in (("lines", [x.raw for x in lines]), ("Bundle", [bundle(lines)])):
            title = f"{one.record} {one.change} {sum(map(len, raws)) // 1000} kB, {name}"
            ratios = [ratio for ratio, _ in _beside(raws, options, runs)]
            click.echo(shown(f"{title} / decode", ratios, "≤ 12"))


class _Source:
    """Lines in a file, and what is shared among them in a store, as a run has them."""

    def __init__(self, folder: Path, raws: Iterable[bytes]) -> None:
        self.lines = list(dict.fromkeys(raws))
        self._file = folder / "lines.ndjson"
        self._file.write_bytes(b"\n".join(self.lines) + b"\n")
        store(folder / "shared", self._items(shared=True))
        self._shared = Shared(folder / "shared")

    def _read(self) -> Iterator[tuple[Range, Reader]]:
        found = survey(self._file)
        return ((part, Reader(found.root, part, scope(default()))) for part in ranges(found))

    def _items(self, *, shared: bool) -> list[Item]:
        return [
            item
            for _, reader in self._read()
            for item in reader
            if isinstance(item, Item) and (item.what == "shared") is shared
        ]

    def rows(self, options: Options) -> int:
        """The size of all rows, made from the bytes on disk."""
        return self._judged(self._items(shared=False), options)

    def spilt(self, options: Options) -> int:
        """The same by way of the pieces that a run writes and reads again."""
        for part, reader in self._read():
            spread(reader, self._file.parent, part, 1)
        return self._judged(read_bucket(self._file.parent, 0, 1, {}), options)

    def _judged(self, found: Iterable[Item], options: Options) -> int:
        made = judge_shard(found, options, self._shared)
        return sum(len(msgspec.json.encode(row)) for _, row in made)

    def facts(self, options: Options) -> list[Facts]:
        """The derived graphs of all cases."""
        members: dict[str, list[Item]] = {}
        for item in self._items(shared=False):
            members.setdefault(item.key, []).append(item)
        return [
            derived(case, default())
            for key, found in members.items()
            for case in record_of(key, found, options, self._shared).cases
        ]


def _beside(raws: list[bytes], options: Options, runs: int) -> list[tuple[float, float]]:
    """The time from lines to rows, straight and by way of pieces, beside that of a bare decode."""
    with tempfile.TemporaryDirectory() as folder:
        source = _Source(Path(folder), raws)
        source.rows(options)
        _settle()
        calls = (
            lambda: source.rows(options),
            lambda: source.spilt(options),
            lambda: _decoded(source.lines),
        )
        found = [_in_turn(calls) for _ in range(runs)]
    return [(straight / bare, spilt / bare) for straight, spilt, bare in found]


def _settle() -> None:
    """What is there by now is out of the collector's way, as a worker has it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def _in_turn(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Seconds of processor time of each, called in turn until each has had enough of it."""
    spent, times = [0.0] * len(calls), [0] * len(calls)
    while min(spent) < _ENOUGH:
        for at, call in enumerate(calls):
            if spent[at] < _ENOUGH:
                spent[at] += _seconds(call)
                times[at] += 1
    return [seconds / count for seconds, count in zip(spent, times, strict=True)]


def _decoded(lines: list[bytes]) -> None:
    for line in lines:
        msgspec.json.decode(line)  # and dropped: what is kept would cost the collector time


def _large(found: Pool) -> list[Template]:
    """A few composed records among many measurements, and the large samples in scope."""
    long = [
        padded(one, random.Random(816)) for one in found.inside[:: max(1, len(found.inside) // 4)]
    ]
    return [one for one in long + found.whole_inside if one.size >= LARGE]


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
