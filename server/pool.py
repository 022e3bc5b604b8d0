"""Jobs → answers through killable worker processes: a deadline holds whatever the engine does.

A pool has one zygote (``server.worker``) and as many workers as its size; a job that finds none
free waits in a bounded line. A worker that passes the deadline is killed, one that died is
replaced; the job then ends in a ``Problem``, never in a partial answer.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from server.problems import Problem
from server.worker import Job, Settings, receive, send

_ENDS = {signal.SIGABRT: "query-memory", signal.SIGKILL: "worker-crashed"}


class Pool:
    """``size`` workers of one role. ``deadline`` in seconds; ``backlog`` jobs may wait."""

    def __init__(self, settings: Settings, size: int, deadline: float, backlog: int) -> None:
        self._settings = settings
        self.deadline = deadline
        self._zygote: _Zygote | None = None
        self._lock = threading.RLock()
        self._waiting = threading.BoundedSemaphore(size + backlog)
        self._slots: queue.SimpleQueue[_Slot] = queue.SimpleQueue()
        for _ in range(size):
            self._slots.put(_Slot())
        self.generation = 0

    def run(self, job: Job) -> bytes:
        """The answer to a job; ``Problem`` if it failed, was refused or passed the deadline."""
        if not self._waiting.acquire(blocking=False):
            raise Problem("busy", "More requests wait than can be served soon")
        try:
            try:
                slot = self._slots.get(timeout=self.deadline)
            except queue.Empty:
                raise Problem("busy", "No worker became free in time") from None
            try:
                return self._run(slot, job)
            finally:
                self._slots.put(slot)
        finally:
            self._waiting.release()

    def succeed(self, job: Job) -> bytes:
        """Run a job that changes the data: the worker that did it becomes the new zygote."""
        with self._lock:
            heir = self._fork("heir")
            try:
                answer = self._ask(heir, job)
            except Problem:
                self._end(heir)
                raise
            if self._zygote is not None:
                self._zygote.control.close()
            self._zygote = _Zygote(heir.sock, None)
            self.generation += 1
            return answer

    def ready(self) -> bool:
        """Whether a worker answers; forks one if none was needed yet."""
        with contextlib.suppress(Problem):
            return self.run({"do": "ping"}) == b"pong"
        return False

    def close(self) -> None:
        """End the zygote and with it every worker."""
        with self._lock:
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None

    def _run(self, slot: _Slot, job: Job) -> bytes:
        worker = slot.worker
        if worker is None or slot.generation != self.generation:
            if worker is not None:
                self._end(worker)
            with self._lock:
                slot.generation = self.generation
                slot.worker = worker = self._fork("worker")
        try:
            return self._ask(worker, job)
        finally:
            if worker.gone:
                slot.worker = None

    def _ask(self, worker: _Worker, job: Job) -> bytes:
        worker.sock.settimeout(self.deadline)
        try:
            send(worker.sock, job)
            answer = receive(worker.sock)
        except TimeoutError:
            self._end(worker)
            raise Problem("query-timeout", f"The limit is {self.deadline:g} seconds") from None
        except (EOFError, OSError):
            ended = self._end(worker)
            raise Problem(_ENDS.get(signal.Signals(ended or 9), "worker-crashed")) from None
        if answer.get("last"):
            self._end(worker)
        if "problem" in answer:
            raise Problem(answer["problem"], answer["detail"])
        body = answer["body"]
        assert isinstance(body, bytes)
        return body

    def _end(self, worker: _Worker) -> int:
        """Kill a worker and have it reaped; the number of the signal that ended it."""
        worker.gone = True
        worker.sock.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        with contextlib.suppress(EOFError, OSError), self._lock:
            if self._zygote is worker.zygote and self._zygote is not None:
                send(self._zygote.control, {"reap": worker.pid})
                return int(receive(self._zygote.control)["signal"])
        return 0

    def _fork(self, kind: str) -> _Worker:
        """A new worker; a zygote that has died is replaced first. Call it under the lock."""
        for _ in range(2):
            if self._zygote is None:
                self._zygote = _Zygote.start(self._settings)
            try:
                return self._zygote.fork(kind)
            except (EOFError, OSError):
                self._zygote.close()
                self._zygote = None
        raise Problem("worker-crashed", "No worker can be started")


class _Slot:
    """A place for one worker at a time."""

    worker: _Worker | None = None
    generation = 0


class _Worker:
    """A forked worker: its socket, its process and the zygote that has to reap it."""

    def __init__(self, sock: socket.socket, pid: int, zygote: _Zygote) -> None:
        self.sock, self.pid, self.zygote = sock, pid, zygote
        self.gone = False


class _Zygote:
    """The process workers are forked from."""

    def __init__(self, control: socket.socket, process: subprocess.Popen[bytes] | None) -> None:
        self.control, self._process = control, process

    @classmethod
    def start(cls, settings: Settings) -> _Zygote:
        """Start one; it loads while others wait for their first worker."""
        ours, theirs = socket.socketpair()
        words = [
            "-m",
            "server.worker",
            str(theirs.fileno()),
            msgspec.json.encode(settings).decode(),
        ]
        process = subprocess.Popen(
            [sys.executable, *words],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": _path()},
            start_new_session=True,
        )
        theirs.close()
        return cls(ours, process)

    def fork(self, kind: str) -> _Worker:
        """A new worker of this zygote."""
        self.control.settimeout(60)
        send(self.control, {"spawn": kind})
        data, fds, _, _ = socket.recv_fds(self.control, 4, 1)
        if len(data) != 4 or not fds:
            raise EOFError
        (pid,) = struct.unpack("!I", data)
        return _Worker(socket.socket(fileno=fds[0]), pid, self)

    def close(self) -> None:
        """Let it end, and wait for that."""
        self.control.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=2)
            self._process.kill()
            self._process.wait()


def _path() -> str:
    """Where ``server`` and ``kg`` are imported from, before what the environment says."""
    given = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(part for part in given if part)
