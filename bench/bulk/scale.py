"""Two workers beside one, the memory of each, and what a patient costs among ever more of them."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from pathlib import Path

import click
import msgspec

from bench.bulk.running import Spent, check_all, digests
from bench.pairs import shown
from bench.population import PLANTED, POPULATION, differing, populate


def measure(sizes: tuple[int, ...], pairs: int, engine: str, samples: Path | None) -> None:
    """Print all three; pairs of runs on the first size but one, or the only one."""
    paired = sorted(sizes)[min(1, len(sizes) - 1)]
    with tempfile.TemporaryDirectory() as folder:
        costs = []
        for size in sorted(sizes):
            here = Path(folder) / str(size)
            populate(here, size, folder=samples)
            spent = _judged(here, engine)
            bare = _bare(here / POPULATION)
            costs.append((size, spent))
            _tell(size, spent, bare)
            if size == paired:
                _two_beside_one(here, size, pairs, engine)
            shutil.rmtree(here)
    _growth(costs)


def _growth(costs: list[tuple[int, Spent]]) -> None:
    """What each further patient costs, without what every run costs at its start, and memory."""
    steps = list(itertools.pairwise(costs))
    more = [(b[1].processors - a[1].processors) / (b[0] - a[0]) for a, b in steps]
    for (_, (size, _)), each in zip(steps, more, strict=True):
        click.echo(f"up to {size:,}: {1e3 * each:.2f} ms of processors for each further patient")
    if len(steps) > 1:
        memory = steps[-1][1][1].memory / steps[-1][0][1].memory
        click.echo(
            f"the last step costs {more[-1] / more[-2]:.2f} × the one before a patient (target "
            f"about 1) and {memory:.2f} × the memory of a worker (target about 1)"
        )


def _judged(here: Path, engine: str) -> Spent:
    """One run by two workers, whose rows must be what was planted."""
    out = here / "out"
    spent = check_all(here, out, 2, engine)
    wrong = list(differing(out / "verdicts", here / PLANTED))
    if wrong:
        raise click.ClickException(f"{len(wrong)} patients judged otherwise: {wrong[0]}")
    shutil.rmtree(out)
    return spent


def _tell(size: int, spent: Spent, bare: float) -> None:
    click.echo(
        f"{size:>9,} patients, 2 workers: {spent.clock:7.1f} s, {spent.processors:7.1f} s of "
        f"processors, {1e3 * spent.processors / size:.2f} ms a patient, "
        f"{spent.processors / bare:.1f} × a bare decode; a worker {spent.memory:.0f} MiB "
        f"at most (target ≤ 300); every verdict as planted"
    )


def _two_beside_one(here: Path, size: int, pairs: int, engine: str) -> None:
    """Runs by one worker and by two in turn; their rows must be the same bytes."""
    found, made = [], []
    for _ in range(pairs):
        times = []
        for workers in (1, 2):
            times.append(check_all(here, here / "out", workers, engine).clock)
            made.append(digests(here / "out"))
            shutil.rmtree(here / "out")
        found.append(times[0] / times[1])
    if any(one != made[0] for one in made):
        raise click.ClickException("one worker and two write different rows")
    click.echo(shown(f"{size:,} patients: time of one worker / of two, same bytes", found, "≥ 1.6"))


def _bare(population: Path) -> float:
    """Seconds of a bare decode of every line."""
    spent = 0.0
    for path in sorted(population.glob("*.ndjson")):
        with path.open("rb") as stream:
            start = time.process_time()
            for line in stream:
                msgspec.json.decode(line)
            spent += time.process_time() - start
    return spent
