"""Paired benchmarks: ``python -m bench`` prints each figure as a ratio, min–median–max.

Each pair runs in turn (A B A B …) in one run, so a machine that slows down slows both.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
RECORDS = ROOT / "tests" / "records"
IMPORTS = "import rdflib, pyshacl"


def ratios(first: Callable[[], None], second: Callable[[], None], runs: int) -> list[float]:
    """Time two callables in turn; the ratio first/second of each pair, the warm-up not counted."""
    found = []
    for run in range(runs + 1):
        times = []
        for call in (first, second):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        if run:
            found.append(times[0] / times[1])
    return found


def shown(name: str, found: list[float], target: str) -> str:
    """One line of the report."""
    low, middle, high = min(found), statistics.median(found), max(found)
    return f"{name:58} {low:5.2f} – {middle:5.2f} – {high:5.2f}   target {target}"


def cold(record: Path, runs: int) -> list[float]:
    """A cold ``m816 check`` process against a process that only imports rdflib and pySHACL."""

    def check() -> None:
        subprocess.run(
            [sys.executable, "-m", "kg", "check", str(record)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            check=False,
        )

    def imports() -> None:
        subprocess.run([sys.executable, "-c", IMPORTS], check=True)

    return ratios(check, imports, runs)


def warm(record: Path, runs: int) -> list[float]:
    """One record judged in process, JSON to verdict, against plain pySHACL on its derived graph."""
    import rdflib
    from pyshacl import validate

    from kg.derive import derive
    from kg.inputs import read
    from kg.judge import bare_shapes, ntriples
    from kg.knowledge import default
    from kg.pyshacl_engine import engine
    from kg.verdict import judge_case

    knowledge = default()
    raw = record.read_bytes()
    graphs = [ntriples(derive(c, knowledge)) for c in read(record.name, raw, knowledge).cases]
    shapes = rdflib.Graph().parse(data=bare_shapes(knowledge), format="nt")

    def ours() -> None:
        for case in read(record.name, raw, knowledge).cases:
            judge_case(case, knowledge, engine(knowledge))

    def plain() -> None:
        for graph in graphs:
            data = rdflib.Graph().parse(data=graph, format="nt")
            validate(data, shacl_graph=shapes, inference="none")

    return ratios(ours, plain, runs)


@click.command()
@click.option("--runs", default=15, show_default=True, help="Counted pairs of each benchmark.")
@click.option("--record", type=click.Path(exists=True, path_type=Path), help="Another record.")
def main(runs: int, record: Path | None) -> None:
    """Measure a cold and a warm check, each beside its yardstick."""
    chosen = record or min(RECORDS.glob("S09*.json"))
    click.echo(f"{chosen.name}, {runs} pairs; ratio min – median – max")
    click.echo(shown("cold m816 check / import rdflib, pyshacl", cold(chosen, runs), "≤ 3"))
    click.echo(
        shown("warm record to verdict / plain pySHACL, derived graph", warm(chosen, runs), "–")
    )


if __name__ == "__main__":
    main()
