"""Tasks → results by several processes, of which any may die at any time without the rest.

``concurrent.futures`` says that a process died, but not which task ended it, and gives up all
others: here they come back to the caller, who may hand them in again, and the pool is built anew.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
_AHEAD = 2
_BROKEN = 5


class Pool(Generic[T, R]):
    """Does ``work`` on what is put into ``todo``, which may grow while results are taken."""

    todo: deque[T]
    _running: dict[Future[R], T]

    def __init__(self, work: Callable[[T], R], workers: int) -> None:
        self.todo = deque()
        self._work, self._workers = work, workers
        self._running = {}

    def results(self) -> Iterator[tuple[T, R | BaseException]]:
        """Every task with its result or what went wrong; in no order, at most a few ahead."""
        executor = self._executor()
        try:
            idle = 0
            while self.todo or self._running:
                self._submit(executor)
                if not self._running:  # it broke while nothing ran: nobody else will tell
                    idle += 1
                    if idle > _BROKEN:
                        raise BrokenProcessPool("no worker can be started")
                    executor.shutdown()
                    executor = self._executor()
                    continue
                idle = 0
                finished = wait(self._running, return_when=FIRST_COMPLETED).done
                ended = [self._ended(future) for future in finished]
                if any(isinstance(outcome, BrokenProcessPool) for _, outcome in ended):
                    ended += [self._ended(future) for future in list(self._running)]
                    executor.shutdown()
                    executor = self._executor()
                yield from ended
            executor.shutdown()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            self._running.clear()
            _end_children()

    def _submit(self, executor: ProcessPoolExecutor) -> None:
        with contextlib.suppress(BrokenProcessPool):  # those that run will tell
            while self.todo and len(self._running) < _AHEAD * self._workers:
                future = executor.submit(self._work, self.todo[0])
                self._running[future] = self.todo.popleft()

    def _ended(self, future: Future[R]) -> tuple[T, R | BaseException]:
        """A task and what it came to; waits for one that a broken pool has not yet given up."""
        error = future.exception()
        return self._running.pop(future), future.result() if error is None else error

    def _executor(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, context, initializer=_begin)


def _begin() -> None:
    """A worker leaves interrupts to its parent, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end_children() -> None:
    for child in multiprocessing.active_children():
        child.terminate()
