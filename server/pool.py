"""Jobs → answers through killable worker processes: a deadline holds whatever the engine does.

A pool has one zygote (``server.worker``) and as many workers as its size; a job that finds none
free waits in a bounded line. A worker that passes the deadline is killed, one that died is
replaced; the job then ends in a ``Problem``, never in a partial answer.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import sys
import threading
import time
from collections import deque
from typing import Any

from server.nursery import Worker, Zygote
from server.problems import Fault, Problem
from server.worker import Job, Settings, receive, send

_PAUSE = 60  # seconds at most between attempts to start a zygote that cannot load


class Pool:
    """``size`` workers of one role. ``deadline`` in seconds; ``backlog`` jobs may wait."""

    def __init__(self, settings: Settings, size: int, deadline: float, backlog: int) -> None:
        self._settings = settings
        self.deadline = deadline
        self._zygote: Zygote | None = None
        self._lock = threading.RLock()
        self._alone = threading.Lock()
        self._waiting = threading.BoundedSemaphore(size + backlog)
        self._places = [_Slot() for _ in range(size)]
        self._free = _Free(self._places)
        self.generation = 0
        self._closed = False
        self._failures, self._pause = 0, 0.0  # of zygotes that ended before they had loaded

    def start(self) -> None:
        """Begin to load, ahead of the first job."""
        with self._lock:
            if self._zygote is None:
                self._zygote = Zygote.start(self._settings, quiet=self._failures > 0)

    def warm(self) -> None:
        """Start every worker, ahead of its first job."""
        held: list[_Slot] = []
        with contextlib.suppress(Problem, queue.Empty):
            for _ in self._places:
                held.append(slot := self._free.take(self.deadline))
                self._worker(slot)
        for slot in held:
            self._free.give(slot)

    def run(self, job: Job) -> bytes:
        """The answer to a job; ``Problem`` if it failed, was refused or passed the deadline."""
        if not self._waiting.acquire(blocking=False):
            raise Problem("busy", "More requests wait than can be served soon")
        try:
            try:
                slot = self._free.take(self.deadline)
            except queue.Empty:
                raise Problem("busy", "No worker became free in time") from None
            try:
                return self._run(slot, job)
            finally:
                self._free.give(slot)
        finally:
            self._waiting.release()

    def succeed(self, job: Job) -> bytes:
        """Run a job that changes the data: the worker that did it becomes the new zygote.

        It runs alone: jobs under way end first, later ones meet the new zygote.
        """
        held: list[_Slot] = []
        with self._alone:
            try:
                for _ in self._places:
                    held.append(self._free.take(self.deadline))
                return self._succeed(held, job)
            except queue.Empty:
                raise Problem("busy", "No worker became free in time") from None
            finally:
                for slot in held:
                    self._free.give(slot)

    def _succeed(self, held: list[_Slot], job: Job) -> bytes:
        with self._lock:
            heir = self._fork("heir")
            try:
                answer = self._ask(heir, job)
            except (Problem, Fault):
                if not heir.gone:
                    heir.end()
                raise
            except ConnectionError:
                raise Problem("worker-crashed") from None
            for slot in held:
                if slot.worker is not None:
                    slot.worker.end()
                    slot.worker = None
            heir.zygote.close()
            self._zygote = Zygote(heir.sock)
            self.generation += 1
            return answer

    def ready(self) -> bool:
        """Whether a worker answers; forks one if none was needed yet."""
        with contextlib.suppress(Problem):
            return self.run({"do": "ping"}) == b"pong"
        return False

    def close(self) -> None:
        """End the zygote and with it every worker, for good."""
        self._closed = True
        if (loading := self._zygote) is not None:
            loading.leave()  # whoever waits for it holds the lock
        with self._lock:
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None
        held: list[_Slot] = []
        with contextlib.suppress(queue.Empty):
            for _ in self._places:
                held.append(slot := self._free.take(1))  # their workers have ended
                if slot.worker is not None:
                    slot.worker.sock.close()
                    slot.worker = None
        for slot in held:
            self._free.give(slot)

    def _run(self, slot: _Slot, job: Job) -> bytes:
        try:
            return self._ask(self._worker(slot), job)
        except ConnectionError:  # it had ended while it had nothing to do, and never saw the job
            pass
        try:
            return self._ask(self._worker(slot), job)
        except ConnectionError:
            raise Problem("worker-crashed") from None

    def _worker(self, slot: _Slot) -> Worker:
        if slot.worker is None or slot.worker.gone:
            with self._lock:
                slot.worker = None
                slot.worker = self._fork("worker")
        return slot.worker

    def _ask(self, worker: Worker, job: Job) -> bytes:
        """The answer; ``ConnectionError`` if the worker had ended before it had the job."""
        until, sent = time.monotonic() + self.deadline, False
        worker.sock.settimeout(self.deadline)
        try:
            send(worker.sock, job)
            sent = True
            answer = receive(worker.sock, until)
        except TimeoutError:
            worker.end()
            raise Problem("query-timeout", f"The limit is {self.deadline:g} seconds") from None
        except (EOFError, OSError):
            ended = worker.end()
            if not sent:
                raise ConnectionError from None
            # An engine that gets no memory aborts; one without stack has a segmentation fault.
            memory = ended == signal.SIGABRT
            raise Problem("query-memory" if memory else "worker-crashed") from None
        if answer["last"]:
            worker.end()
        return _read(answer)

    def _fork(self, kind: str) -> Worker:
        """A new worker; a zygote that has died is replaced first. Call it under the lock."""
        for _ in range(2):
            if self._closed:
                break
            if time.monotonic() < self._pause:
                raise Problem("worker-crashed", "The workers cannot start; the log says why")
            try:
                self.start()
                assert self._zygote is not None
                made = self._zygote.fork(kind)
                self._failures = 0
                return made
            except (EOFError, OSError) as error:
                self._forget(error)
        raise Problem("worker-crashed", "No worker can be started")

    def _forget(self, error: EOFError | OSError) -> None:
        """Give a zygote up. One that could not even load is not tried again at once."""
        if self._zygote is None and not self._failures:  # no process that could say so itself
            sys.stderr.write(f"m816: the workers cannot start: {error}\n")
        if self._zygote is None or not self._zygote.loaded:
            self._pause = time.monotonic() + min(2**self._failures, _PAUSE)
            self._failures += 1
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
        self.generation += 1  # what was changed since the start is gone


def _read(answer: dict[str, Any]) -> bytes:
    """The body of an answer; raises what it says went wrong."""
    if "problem" in answer:
        raise Problem(answer["problem"], answer["detail"])
    if "fault" in answer:
        raise Fault(*answer["fault"])
    body = answer["body"]
    assert isinstance(body, bytes)
    return body


class _Slot:
    """A place for one worker at a time."""

    worker: Worker | None = None


class _Free:
    """The places that are free. The one left last is taken first: its worker is still warm."""

    def __init__(self, slots: list[_Slot]) -> None:
        self._stack = deque(slots)
        self._count: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in slots:
            self._count.put(None)

    def take(self, timeout: float) -> _Slot:
        """One of them; ``queue.Empty`` if none becomes free in that many seconds."""
        self._count.get(timeout=timeout)
        return self._stack.pop()

    def give(self, slot: _Slot) -> None:
        """Leave it to the next."""
        self._stack.append(slot)
        self._count.put(None)
