"""``m816 serve`` in a process, with what it says and logs, and the processes that came of it."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
ASK = "/sparql?query=ASK%7B%7D"
PATIENCE = 30


class Served:
    """A server in a process of its own; what it logs goes to a file."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kg", "serve", "--port=0", "--workers=1", *options],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if found := re.search(r"answers at http://127\.0\.0\.1:(\d+)/$", line):
                self.port = int(found[1])
                return
        raise AssertionError(f"exit {self.process.wait()}: {self.said}{self.log.read_text()}")

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, named)
        answer = connection.getresponse()
        try:
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def metrics(self) -> str:
        """What Prometheus would read."""
        return self.ask("/metrics")[1].decode()

    def raw(self, sent: bytes) -> bytes:
        """What comes back for these bytes until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as sock:
            sock.sendall(sent)
            return b"".join(iter(lambda: sock.recv(65_536), b""))

    def lines(self) -> list[dict[str, object]]:
        """The log, a line a dictionary."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def end(self) -> None:
        """Kill what is left, whatever the test has done."""
        for pid in [*family(self.process.pid), self.process.pid]:
            kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


def family(pid: int) -> list[int]:
    """The descendants of a process, by what Linux tells of each."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc, as on Linux")
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has just ended
            continue
        if state != "Z":
            parents[int(entry.parent.name)] = int(parent)
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def kill(pid: int, number: int) -> None:
    """Send a signal to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def alive(pids: list[int]) -> list[int]:
    """Those that have not ended."""
    return [pid for pid in pids if running(pid)]


def running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def becomes(true: Callable[[], bool]) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()
