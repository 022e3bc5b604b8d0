"""A record → its verdict: the time of a cold and of a warm check, each beside its yardstick."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from bench.pairs import ratios, shown

ROOT = Path(__file__).parent.parent
RECORDS = ROOT / "tests" / "records"
IMPORTS = "import rdflib, pyshacl"


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


def check(runs: int, record: Path | None) -> None:
    """Measure a cold and a warm check, each beside its yardstick."""
    chosen = record or min(RECORDS.glob("S09*.json"))
    click.echo(f"{chosen.name}, {runs} pairs; ratio min – median – max")
    click.echo(shown("cold m816 check / import rdflib, pyshacl", cold(chosen, runs), "≤ 2"))
    click.echo(
        shown("warm record to verdict / plain pySHACL, derived graph", warm(chosen, runs), "–")
    )
