"""The same application on two WSGI servers: Granian, which ``m816 serve`` uses, and gunicorn."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import click

from bench import servers
from bench.load import get, load
from bench.pairs import shown
from bench.serving import QUESTIONS, in_turn, told

SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def compare(runs: int) -> None:
    """Print requests/s of both, and how soon /healthz answers while every worker is busy."""
    click.echo(f"Granian and gunicorn (gthread), {runs} runs in turn; requests/s as a ratio")
    with ExitStack() as running:
        ports = {
            "Granian": running.enter_context(servers.m816("--workers", "2", "--deadline", "3")),
            "gunicorn": running.enter_context(servers.gunicorn()),
        }
        for question in QUESTIONS:
            for clients, count in question.counts.items():
                found = in_turn(question, ports, clients, count, runs)
                parts = [a.rate / b.rate for a, b in zip(*found.values(), strict=True)]
                title = f"{question.name}, {clients} at once: Granian / gunicorn"
                click.echo(shown(title, parts, "–"))
                for name, measured in found.items():
                    click.echo(f"    {name:16} {told(measured)}")
        for name, port in ports.items():
            click.echo(f"/healthz while all workers are busy, {name}: {_life(port)}")


def _life(port: int) -> str:
    """The times /healthz takes while more queries wait than there are workers."""
    slow = (get("/sparql", f"{SLOW} # {number}") for number in itertools.count())
    with ThreadPoolExecutor(16) as clients:
        for _ in range(16):
            clients.submit(_refused, port, slow)
        time.sleep(0.5)
        times = load(port, itertools.repeat(get("/healthz")), 30, 1).times
    return f"median {1e3 * statistics.median(times):.1f} ms, max {1e3 * max(times):.1f} ms"


def _refused(port: int, requests: Iterator[bytes]) -> None:
    try:
        load(port, requests, 1, 1)
    except RuntimeError:  # 503, as it must be
        return
