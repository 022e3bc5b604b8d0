"""The pool and its processes, with jobs made for the test: deadlines, deaths, starts, leaks."""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from server import nursery
from server.pool import Pool
from server.problems import Fault, Problem
from server.worker import Settings, receive
from tests.server.hostile import Canary, canary, children
from tests.server.served import becomes

PROGRAM = """
import errno, os, resource, signal, socket, sys, time
from server import worker

held = bytearray()
written = [b"0"]

def tries(job):
    attempts = {
        "open": lambda: open("/etc/passwd"),
        "socket": socket.socket,
        "connect": lambda: socket.create_connection(("127.0.0.1", job["port"]), 1),
        "resolve": lambda: socket.getaddrinfo("localhost", 80),
        "pipe": os.pipe,
        "dup": lambda: os.dup(0),
        "reuse": lambda: os.dup2(0, 4),
        "limits": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    }
    if os.getuid() == 0:
        del attempts["limits"]  # root may lift its own limits
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except (OSError, ValueError):
            continue
        done.append(name)
    return " ".join(done).encode()

def grow(job):
    held.extend(bytes(300 << 20))
    return b"grown"

def write(job):
    written.append(b"%d" % (int(written[-1]) + 1))
    return written[-1]

def fail(job):
    raise KeyError("Lovelace")

worker.handlers = lambda settings: {
    "ping": lambda job: b"pong",
    "echo": lambda job: job["text"],
    "pid": lambda job: b"%d" % os.getpid(),
    "sleep": lambda job: time.sleep(60) or b"",
    "die": lambda job: os.kill(os.getpid(), job["signal"]),
    "exit": lambda job: sys.exit(0),
    "tries": tries,
    "grow": grow,
    "write": write,
    "read": lambda job: written[-1],
    "fail": fail,
    "stack": lambda job: b"%d" % resource.getrlimit(resource.RLIMIT_STACK)[0],
}
"""
RUN = "worker.main()\n"
NO_FORK = "os.fork = lambda: os.kill(0, 0) or os.close(-1)\n"


Born = Callable[[], dict[int, str]]


@pytest.fixture
def born() -> Born:
    """The states of the descendants this process has got since the test began."""
    before = children(os.getpid())
    return lambda: {pid: state for pid, state in children(os.getpid()).items() if pid not in before}


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """Two workers that do the jobs above."""
    yield from made(monkeypatch, PROGRAM + RUN)


def made(monkeypatch: pytest.MonkeyPatch, program: str, deadline: float = 20) -> Iterator[Pool]:
    monkeypatch.setattr(nursery, "_PROGRAM", (sys.executable, "-c", program))
    pool = Pool(Settings("query"), size=2, deadline=deadline, backlog=2)
    yield pool
    pool.close()


def pid(pool: Pool) -> int:
    """The process that would do the next job."""
    return int(pool.run({"do": "pid"}))


def failing(pool: Pool, **job: object) -> str:
    """The problem a job ends in."""
    with pytest.raises(Problem) as caught:
        pool.run(job)
    return caught.value.name


@pytest.fixture
def bird() -> Iterator[Canary]:
    with canary() as server:
        yield server


def test_a_worker_can_open_nothing_and_reach_nobody(pool: Pool, bird: Canary) -> None:
    assert pool.run({"do": "tries", "port": bird.port}) == b""


def test_a_worker_has_a_stack_that_no_query_fills(pool: Pool) -> None:
    assert int(pool.run({"do": "stack"})) >= 256 << 20


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (signal.SIGABRT, "query-memory"),
        (signal.SIGSEGV, "worker-crashed"),
        (signal.SIGKILL, "worker-crashed"),
        (signal.SIGRTMIN + 3, "worker-crashed"),
    ],
)
def test_how_a_worker_ended_is_told_and_another_takes_its_place(
    born: Born, pool: Pool, number: int, name: str
) -> None:
    assert failing(pool, do="die", signal=int(number)) == name
    assert pool.run({"do": "ping"}) == b"pong"
    assert "Z" not in born().values()


def test_a_worker_that_exits_has_crashed(pool: Pool) -> None:
    assert failing(pool, do="exit") == "worker-crashed"
    assert pool.run({"do": "ping"}) == b"pong"


def test_a_fault_of_ours_names_its_place_and_ends_no_worker(pool: Pool) -> None:
    before = pid(pool)
    with pytest.raises(Fault) as caught:
        pool.run({"do": "fail"})
    assert caught.value.args[0] == "KeyError"
    assert "Lovelace" not in str(caught.value)
    assert pid(pool) == before


def test_a_job_that_takes_too_long_ends_at_the_deadline(
    born: Born, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pool in made(monkeypatch, PROGRAM + RUN, deadline=1):
        assert pool.ready()
        before, began = pid(pool), time.monotonic()
        assert failing(pool, do="sleep") == "query-timeout"
        assert 1 <= time.monotonic() - began < 10
        assert before not in born()
        assert pid(pool) != before


def test_the_deadline_is_for_a_whole_answer_and_not_for_its_parts() -> None:
    ours, theirs = socket.socketpair()
    over = threading.Event()

    def trickle() -> None:
        theirs.sendall(struct.pack("!I", 10_000_000))
        while not over.wait(0.02):
            theirs.sendall(b"x")

    sender = threading.Thread(target=trickle)
    sender.start()
    try:
        with pytest.raises(TimeoutError):
            receive(ours, time.monotonic() + 0.3)
    finally:
        over.set()
        sender.join()
        ours.close()
        theirs.close()


def test_a_large_job_and_a_large_answer_arrive_whole(pool: Pool) -> None:
    text = os.urandom(3_000_000)
    assert pool.run({"do": "echo", "text": text}) == text


def test_a_worker_that_has_grown_is_replaced_after_its_answer(pool: Pool) -> None:
    before = pid(pool)
    assert pool.run({"do": "grow"}) == b"grown"
    assert pid(pool) != before


def test_a_worker_that_died_idle_costs_no_request(born: Born, pool: Pool) -> None:
    for _ in range(5):
        os.kill(killed := pid(pool), signal.SIGKILL)
        assert becomes(lambda: born()[killed] == "Z")
        assert pool.run({"do": "ping"}) == b"pong"
    assert "Z" not in born().values()


def test_changes_are_kept_over_many_heirs_and_lost_by_failed_ones(pool: Pool) -> None:
    """Each heir is a process further down; nothing may pile up in it."""
    for number in range(1, 31):
        assert pool.succeed({"do": "write"}) == b"%d" % number
        if number % 10 == 0:
            assert pool.run({"do": "read"}) == b"%d" % number
            with pytest.raises(Problem, match="worker-crashed"):
                pool.succeed({"do": "die", "signal": 9})
            with pytest.raises(Fault):
                pool.succeed({"do": "fail"})
    assert pool.generation == 30
    assert pool.run({"do": "read"}) == b"30"
    assert pool.run({"do": "tries", "port": 1}) == b""


def test_descriptors_are_given_back(pool: Pool) -> None:
    def use() -> int:
        pool.run({"do": "ping"})
        failing(pool, do="die", signal=9)
        pool.succeed({"do": "write"})
        return len(os.listdir("/proc/self/fd"))

    first = use()
    assert {use() for _ in range(10)} == {first}


def test_a_zygote_that_cannot_load_says_why_once_and_is_not_started_again_and_again(
    born: Born, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for pool in made(monkeypatch, "raise SystemExit('the data are not there')"):
        assert failing(pool, do="ping") == "worker-crashed"
        began = time.monotonic()
        assert {failing(pool, do="ping") for _ in range(100)} == {"worker-crashed"}
        assert time.monotonic() - began < 5
        pool._pause = 0
        assert failing(pool, do="ping") == "worker-crashed"
        assert not born()
        monkeypatch.setattr(nursery, "_PROGRAM", (sys.executable, "-c", PROGRAM + RUN))
        pool._pause = 0
        assert pool.run({"do": "ping"}) == b"pong"
    assert capfd.readouterr().err.count("the data are not there") == 1


def test_a_system_without_a_shell_or_python_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("server.nursery.subprocess.Popen", no_process)
    for pool in made(monkeypatch, ""):
        assert [failing(pool, do="ping") for _ in range(3)] == ["worker-crashed"] * 3
        pool._pause = 0
        assert failing(pool, do="ping") == "worker-crashed"
    assert capsys.readouterr().err == "m816: the workers cannot start: [Errno 2] none\n"


def no_process(*_: object, **__: object) -> None:
    raise FileNotFoundError(2, "none")


def test_a_server_that_ignores_its_children_still_learns_how_they_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        for pool in made(monkeypatch, PROGRAM + RUN):
            assert failing(pool, do="die", signal=6) == "query-memory"
            assert pool.run({"do": "ping"}) == b"pong"
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_system_without_a_process_to_give_is_busy_and_the_zygote_lives_on(
    born: Born, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pool in made(monkeypatch, PROGRAM + NO_FORK + RUN):
        assert failing(pool, do="ping") == "busy"
        before = born()
        assert failing(pool, do="ping") == "busy"
        assert list(born()) == list(before)


def test_a_closed_pool_has_no_process_and_starts_none(born: Born, pool: Pool) -> None:
    assert pool.ready()
    pool.close()
    assert not born()
    assert failing(pool, do="ping") == "worker-crashed"
    assert not born()
