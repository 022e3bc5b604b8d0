"""Queries over HTTP → requests a second, beside Oxigraph's server, rdflib-endpoint and bare Flask.

All run at once on the same data and are asked in turn (A B A B …) through real sockets. Our server
keeps small results, so a question is asked in two ways: always the same, and never the same (a
comment differs), which has to go to a worker each time.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import click
import msgspec

from bench import servers
from bench.load import Measured, get, load
from bench.pairs import shown
from server.engines import Asked
from server.jobs import loaded
from server.options import Options

SMALL = (
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
    "SELECT ?s ?label WHERE { ?s skos:prefLabel ?label } LIMIT 10"
)
LARGE = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 10000"
PATHS = {"oxigraph": "/query", "rdflib-endpoint": "/"}  # of all others /sparql


class Question(NamedTuple):
    """A query, whether each request differs, and how many a run by one and by eight clients."""

    name: str
    query: str
    differs: bool
    counts: dict[int, int]
    targets: dict[int, str]


QUESTIONS = (
    Question("10 rows, never the same", SMALL, True, {1: 150, 8: 300}, {1: "≥ 0.6", 8: "≥ 0.4"}),
    Question("10 rows, always the same", SMALL, False, {1: 150, 8: 300}, {1: "≥ 0.6", 8: "≥ 0.4"}),
    Question("10,000 rows, never the same", LARGE, True, {1: 2, 8: 8}, {1: "≥ 1", 8: "≥ 1"}),
)


def serve(runs: int) -> None:
    """Print every figure."""
    click.echo(f"m816 serve, {runs} runs in turn; requests/s as a ratio, min – median – max")
    with ExitStack() as running:
        ports = {
            "m816": running.enter_context(servers.m816()),
            "oxigraph": running.enter_context(servers.oxigraph()),
            "static Flask": running.enter_context(servers.static_reply()),
            "rdflib-endpoint": running.enter_context(servers.rdflib_endpoint()),
        }
        for question in QUESTIONS:
            for clients, count in question.counts.items():
                _compare(question, ports, clients, count, runs)
        for question in QUESTIONS:
            _beside_rdflib(question, ports)
    _overhead(2_000)
    _start(runs)


def _compare(
    question: Question, ports: dict[str, int], clients: int, count: int, runs: int
) -> None:
    """Ours and the bare Flask reply, each as a part of Oxigraph's server."""
    names = ["m816", "oxigraph"] + ["static Flask"] * (question.query is SMALL)
    found = in_turn(question, {n: ports[n] for n in names}, clients, count, runs)
    target = question.targets[clients]
    for name in [n for n in names if n != "oxigraph"]:
        parts = [a.rate / b.rate for a, b in zip(found[name], found["oxigraph"], strict=True)]
        title = f"{question.name}, {clients} at once: {name} / oxigraph"
        click.echo(shown(title, parts, target if name == "m816" else "–"))
    for name in names:
        click.echo(f"    {name:16} {told(found[name])}")


def _beside_rdflib(question: Question, ports: dict[str, int]) -> None:
    """Three turns, and the large result to one client only: a turn takes it seconds."""
    names = ("m816", "rdflib-endpoint")
    for clients, count in question.counts.items():
        if clients > 1 and question.query is LARGE:
            continue
        found = in_turn(question, {n: ports[n] for n in names}, clients, count, 3)
        parts = [a.rate / b.rate for a, b in zip(*found.values(), strict=True)]
        title = f"{question.name}, {clients} at once: m816 / rdflib-endpoint"
        click.echo(shown(title, parts, "≥ 10"))
        click.echo(f"    {'rdflib-endpoint':16} {told(found['rdflib-endpoint'])}")


def in_turn(
    question: Question, ports: dict[str, int], clients: int, count: int, runs: int
) -> dict[str, list[Measured]]:
    """Ask each server in turn; the first turn is not counted."""
    numbers = itertools.count()
    found: dict[str, list[Measured]] = {name: [] for name in ports}
    for run in range(runs + 1):
        for name, port in ports.items():
            measured = load(
                port, _requests(question, PATHS.get(name, "/sparql"), numbers), count, clients
            )
            if run:
                found[name].append(measured)
    return found


def _requests(question: Question, path: str, numbers: Iterator[int]) -> Iterator[bytes]:
    if not question.differs:
        return itertools.repeat(get(path, question.query))
    return (get(path, f"{question.query} # {number}") for number in numbers)


def told(runs: list[Measured]) -> str:
    """The medians of some runs."""

    def middle(values: Iterator[float]) -> float:
        return statistics.median(values)

    return (
        f"{middle(r.rate for r in runs):8,.0f}/s   "
        f"p50 {middle(r.percentile(50) for r in runs):8.2f} ms   "
        f"p99 {middle(r.percentile(99) for r in runs):8.2f} ms   "
        f"of that the client {middle(r.client for r in runs):4.0%}"
    )


def _overhead(count: int) -> None:
    """What a worker process costs over the engine in this process, a query each in turn."""
    engine = loaded("oxigraph")
    pool = Options(workers=1).pool("query")
    asked = Asked(SMALL, "json")
    job = {"do": "query", "asked": msgspec.to_builtins(asked)}
    times: list[tuple[float, float]] = []
    try:
        pool.run(job)
        for _ in range(count):
            start = time.perf_counter()
            engine.query(asked, 1_000_000)
            between = time.perf_counter()
            pool.run(job)
            times.append((between - start, time.perf_counter() - between))
    finally:
        pool.close()
    within, outside = (1e6 * statistics.median(column) for column in zip(*times, strict=True))
    click.echo(
        f"worker: engine in process p50 {within:.0f} µs, in a worker {outside:.0f} µs, "
        f"overhead {outside - within:.0f} µs   target ≤ 100"
    )


def _start(runs: int) -> None:
    """From the start of the process to the first answered query."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        with servers.m816() as port:
            load(port, itertools.repeat(get("/sparql", "ASK {}")), 1, 1)
            times.append(time.perf_counter() - start)
    click.echo(shown("seconds from start to the first answer", times, "≤ 2"))
