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
from types import TracebackType
from typing import Any, TypeVar

from kg.limited import limit_memory

T = TypeVar("T")
R = TypeVar("R")
_AHEAD = 2
_BROKEN = 5
_MEMORY = 4 << 30  # a shard of the largest population and one of the largest records need less


class Pool:
    """Processes that do one kind of work after another; to be closed, which ends them."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._executor = self._started()

    def __enter__(self) -> Pool:
        """The processes start with the first task."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End the processes, at once if something went wrong."""
        self._executor.shutdown(wait=error is None, cancel_futures=True)
        if error is not None:
            for child in multiprocessing.active_children():
                child.terminate()

    def results(
        self, work: Callable[[T], R], todo: deque[T]
    ) -> Iterator[tuple[T, R | BaseException]]:
        """Every task with its result or what went wrong; in no order, at most a few ahead.

        ``todo`` may grow while results are taken.
        """
        running: dict[Future[R], T] = {}
        idle = 0
        while todo or running:
            self._submit(work, todo, running)
            if not running:  # it broke while nothing ran: nobody else will tell
                idle += 1
                if idle > _BROKEN:
                    raise BrokenProcessPool("no worker can be started")
                self._renew()
                continue
            idle = 0
            done = wait(running, return_when=FIRST_COMPLETED).done
            ended = [(running.pop(future), _outcome(future)) for future in done]
            if any(isinstance(outcome, BrokenProcessPool) for _, outcome in ended):
                ended += [(running.pop(future), _outcome(future)) for future in list(running)]
                self._renew()
            yield from ended

    def _submit(self, work: Callable[[T], R], todo: deque[T], running: dict[Future[R], T]) -> None:
        with contextlib.suppress(BrokenProcessPool):  # those that run will tell
            while todo and len(running) < _AHEAD * self._workers:
                future = self._executor.submit(work, todo[0])
                running[future] = todo.popleft()

    def _renew(self) -> None:
        self._executor.shutdown()
        self._executor = self._started()

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, context, initializer=_begin)


def _outcome(future: Future[Any]) -> Any:
    """What a task came to; waits for one that a broken pool has not yet given up."""
    error = future.exception()
    return future.result() if error is None else error


def _begin() -> None:
    """A worker leaves interrupts to its parent, does not outlive it nor take all of the memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(_MEMORY)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
