"""Processes killed at random under load: no wrong answer, no answer lost, nothing left behind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from server.app import create_app
from server.pool import Pool
from server.problems import Problem
from server.service import Options, Service
from tests.server.hostile import children, refused
from tests.server.served import becomes

SIZE, CLIENTS, KILLS = 3, 6, 100


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    made = create_app(Options(workers=SIZE, deadline=20))
    yield made
    made.extensions["m816"].close()


def asked(app: Flask, number: int) -> str:
    """Ask what no other asks: how it ended. An answer must be the right one."""
    rows = number % 50 + 1
    query = f"SELECT ?x {{ {{ SELECT ?s {{ ?s ?p ?o }} LIMIT {rows} }} BIND({number} AS ?x) }}"
    answer = app.test_client().post(
        "/sparql",
        data=query,
        content_type="application/sparql-query",
        headers={"Accept": "text/csv"},
    )
    if answer.status_code == 200:
        assert answer.text.split() == ["x", *[str(number)] * rows]
        return "ok"
    status, name = refused(answer, query)
    assert status == 503
    return name


def mine(app: Flask) -> tuple[Pool, list[int]]:
    """The pool of queries, and its processes from the zygote on, in the order they were born."""
    here: Service = app.extensions["m816"]
    pool = here._queries
    assert isinstance(pool, Pool)
    return pool, zygotes_and_workers(pool)


def zygotes_and_workers(pool: Pool) -> list[int]:
    zygote = pool._zygote
    if zygote is None or zygote._process is None:
        return []
    return [zygote._process.pid, *children(zygote._process.pid)]


def all_at_once(app: Flask, count: int) -> Counter[str]:
    """So many requests from as many clients."""
    with ThreadPoolExecutor(count) as threads:
        return Counter(threads.map(lambda number: asked(app, number), range(count)))


def resident(pid: int | str) -> int:
    """The memory of a process in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


def test_a_hundred_killed_workers_cost_at_most_their_own_requests(app: Flask) -> None:
    assert becomes(lambda: all_at_once(app, SIZE)["ok"] == SIZE)
    zygote, *_ = mine(app)[1]
    descriptors, memory = len(os.listdir("/proc/self/fd")), resident("self") + resident(zygote)
    ends: Counter[str] = Counter()
    over = threading.Event()
    numbers = iter(range(1_000_000))

    def client() -> Counter[str]:
        told: Counter[str] = Counter()
        while not over.is_set():
            told[asked(app, next(numbers))] += 1
        return told

    chosen = random.Random(816)
    with ThreadPoolExecutor(CLIENTS) as threads:
        clients = [threads.submit(client) for _ in range(CLIENTS)]
        try:
            killed = 0
            while killed < KILLS:
                time.sleep(0.02)
                alive = [pid for pid, state in children(zygote).items() if state != "Z"]
                with contextlib.suppress(ProcessLookupError):  # it may end between look and kill
                    if alive:
                        os.kill(chosen.choice(alive), signal.SIGKILL)
                        killed += 1
        finally:
            over.set()
        for done in clients:
            ends += done.result()
    assert set(ends) <= {"ok", "worker-crashed"}
    assert ends["ok"] > 0
    assert ends["worker-crashed"] <= KILLS
    assert becomes(lambda: all_at_once(app, SIZE)["ok"] == SIZE)
    assert becomes(lambda: bool(all_at_once(app, SIZE)) and "Z" not in children(zygote).values())
    assert mine(app)[1][0] == zygote
    assert len(children(zygote)) == SIZE
    assert len(os.listdir("/proc/self/fd")) <= descriptors + SIZE
    assert resident("self") + resident(zygote) < memory + 60


def recovers(pool: Pool, job: dict[str, object], times: int) -> None:
    """Kill the zygote; each job after that ends in the right answer or a refusal, and soon well."""
    for _ in range(times):
        zygote, *workers = zygotes_and_workers(pool)
        os.kill(zygote, signal.SIGKILL)
        assert becomes(lambda: not set(workers) & set(alive()))  # noqa: B023 - called at once
        names = set()

        def answers() -> bool:
            try:
                return pool.run(job) == b"pong"
            except Problem as problem:
                names.add(problem.name)  # noqa: B023 - called at once
                return False

        assert becomes(answers)
        assert names <= {"worker-crashed"}
        assert zygotes_and_workers(pool)[0] != zygote


def alive() -> list[int]:
    """All processes that are no zombies."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state = entry.read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(int(entry.parent.name))
    return found


def test_a_killed_zygote_takes_its_workers_along_and_another_takes_its_place(app: Flask) -> None:
    here: Service = app.extensions["m816"]
    assert becomes(here.ready)
    pool, _ = mine(app)
    recovers(pool, {"do": "ping"}, 5)
    assert asked(app, 816) == "ok"
    assert "Z" not in children(os.getpid()).values()


def test_the_same_holds_for_the_pool_that_judges(app: Flask) -> None:
    here: Service = app.extensions["m816"]
    assert becomes(here.cases.ready)
    recovers(here.cases, {"do": "ping"}, 1)
