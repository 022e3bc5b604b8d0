"""Benchmarks of a population: speed per core, several workers, memory, kills, damaged inputs."""

from __future__ import annotations

from pathlib import Path

import click

_SAMPLES = click.option(
    "--samples", type=click.Path(exists=True, path_type=Path), help="A folder of more records."
)
_ENGINE = click.option("--engine", default="compiled", show_default=True)


@click.group()
def bulk() -> None:
    """Measure how a population is judged; each word is a benchmark of its own."""


@bulk.command()
@click.option("--patients", default=100, show_default=True, help="Of them all in scope.")
@click.option("--runs", default=3, show_default=True, help="Counted rounds.")
@_ENGINE
def inside(patients: int, runs: int, engine: str) -> None:
    """Patients in scope, from lines to rows, beside plain pySHACL on their derived graphs."""
    from bench.bulk import speed

    speed.inside(patients, runs, engine)


@bulk.command()
@click.option("--patients", default=400, show_default=True, help="Of them all out of scope.")
@click.option("--runs", default=9, show_default=True, help="Counted rounds.")
@_ENGINE
@_SAMPLES
def decode(patients: int, runs: int, engine: str, samples: Path | None) -> None:
    """Patients out of scope, and large ones in scope, beside a bare decode of the same bytes."""
    from bench.bulk import speed

    speed.decode(patients, runs, engine, samples)


@bulk.command()
@click.option("--runs", default=10, show_default=True, help="Counted rounds over all records.")
@_ENGINE
def warm(runs: int, engine: str) -> None:
    """Every composed record in a warm process, from its bytes to its rows, and each stage of it."""
    from bench.bulk import stages

    stages.warm(runs, engine)


@bulk.command()
@click.option("--patients", multiple=True, default=[1_000, 10_000, 100_000], show_default=True)
@click.option("--pairs", default=3, show_default=True, help="Of one worker and two.")
@_ENGINE
@_SAMPLES
def scale(patients: tuple[int, ...], pairs: int, engine: str, samples: Path | None) -> None:
    """Two workers beside one, memory of each process, and time as the population grows."""
    from bench.bulk.scale import measure

    measure(patients, pairs, engine, samples)


@bulk.command()
@click.option("--kills", default=50, show_default=True)
@click.option("--patients", default=10_000, show_default=True)
@click.option("--seed", default=816, show_default=True)
@_ENGINE
def kill(kills: int, patients: int, seed: int, engine: str) -> None:
    """Kill workers and the parent at random, go on, and compare with an undisturbed run."""
    from bench.bulk.killing import measure

    measure(kills, patients, seed, engine)


@bulk.command()
@click.option("--inputs", default=10_000, show_default=True)
@click.option("--seed", default=816, show_default=True)
@_ENGINE
@_SAMPLES
def corrupt(inputs: int, seed: int, engine: str, samples: Path | None) -> None:
    """Judge damaged inputs: no process may end, and each must be accounted for."""
    from bench.bulk.damage import measure

    measure(inputs, seed, engine, samples)
