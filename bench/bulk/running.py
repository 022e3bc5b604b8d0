"""``m816 check-all`` as a process of its own → its rows, time and memory, with each of its workers.

Needs Linux: what runs below a process, and the memory it took at most, stand in ``/proc``.
"""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.population import POPULATION

ROOT = Path(__file__).parents[2]
_LOOK = 0.05


class Spent(NamedTuple):
    """Seconds on the clock, of the processors, and the most memory of a worker in MiB."""

    clock: float
    processors: float
    memory: float


@contextmanager
def started(
    source: Path, out: Path, workers: int, engine: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The command, running; whatever happens, nothing that it started is left."""
    words = [sys.executable, "-m", "kg", "check-all", str(source), "--out", str(out)]
    words += ["--workers", str(workers), "--engine", engine]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, cwd=ROOT, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def check_all(folder: Path, out: Path, workers: int, engine: str) -> Spent:
    """Judge the population of a folder from beginning to end."""
    before, start = _processors(), time.monotonic()
    memory = 0.0
    with started(folder / POPULATION, out, workers, engine) as process:
        while process.poll() is None:
            memory = max([memory, *map(peak, workers_of(process.pid))])
            time.sleep(_LOOK)
    if process.returncode not in (0, 2) or not (out / "run.json").exists():
        raise RuntimeError(f"check-all ended with {process.returncode} before it was done")
    return Spent(time.monotonic() - start, _processors() - before, memory)


def workers_of(parent: int) -> list[int]:
    """The processes that a process has started and that still run."""
    try:
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in found.split() if _works(int(word))]


def _works(process: int) -> bool:
    """Whether it is a worker, not the process that looks after what the workers share."""
    try:
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def peak(process: int) -> float:
    """The most memory that a process has had, in MiB; 0 when it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else 0.0


def digests(out: Path) -> dict[str, str]:
    """The hash of every file of rows."""
    made = {}
    for path in sorted((out / "verdicts").iterdir()):
        with path.open("rb") as stream:
            made[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return made


def _processors() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
