"""Random kill -9 of workers and of the parent, then on with it → the rows of an undisturbed run."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import click

from bench.bulk.running import check_all, digests, started, workers_of
from bench.population import PLANTED, POPULATION, differing, populate

_PARENTS = 0.3  # of the kills hit the parent
_WORKERS = 2


def measure(kills: int, patients: int, seed: int, engine: str) -> None:
    """Print how many were killed and how often all of it was there afterwards."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        populate(here, patients, seed=seed)
        spent = check_all(here, here / "whole", _WORKERS, engine)
        _proved(here, here / "whole")
        wanted = digests(here / "whole")
        click.echo(f"{patients:,} patients: an undisturbed run takes {spent.clock:.1f} s")
        hit: Counter[str] = Counter()
        rounds = 0
        while hit.total() < kills:
            rounds += 1
            _disturbed(here, chance, kills, hit, spent.clock, engine)
            if digests(here / "out") != wanted:
                raise click.ClickException(f"round {rounds} gives other rows (seed {seed})")
            _proved(here, here / "out")
            shutil.rmtree(here / "out")
    click.echo(
        f"{hit.total()} kills ({hit['worker']} of workers, {hit['parent']} of the parent) in "
        f"{rounds} rounds: nothing lost, nothing twice, the same bytes in every round"
    )


def _disturbed(
    here: Path, chance: random.Random, kills: int, hit: Counter[str], length: float, engine: str
) -> None:
    """A run in one folder until it is whole, started again whenever the parent was killed."""
    whole = False
    while not whole:
        with started(here / POPULATION, here / "out", _WORKERS, engine) as process:
            while process.poll() is None and hit.total() < kills:
                _wait(process, chance.uniform(0.05, length / 4))
                if process.poll() is None:
                    _strike(process, chance, hit)
            whole = process.wait() in (0, 2)
            if not whole and process.returncode != -signal.SIGKILL:
                raise click.ClickException(f"check-all ended with {process.returncode}")


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)


def _strike(process: subprocess.Popen[bytes], chance: random.Random, hit: Counter[str]) -> None:
    """Kill the parent, or one of its workers if it has any."""
    if chance.random() < _PARENTS:
        process.kill()
        process.wait()
        hit["parent"] += 1
    elif found := workers_of(process.pid):
        os.kill(chance.choice(found), signal.SIGKILL)
        hit["worker"] += 1


def _proved(here: Path, out: Path) -> None:
    wrong = list(differing(out / "verdicts", here / PLANTED))
    if wrong:
        raise click.ClickException(f"{len(wrong)} patients judged otherwise: {wrong[0]}")
