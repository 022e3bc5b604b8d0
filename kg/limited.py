"""Work that may end its process → its answer or ``NotJudged``: done in a child that is limited.

In: a function from bytes to bytes. The child is forked at the first call, so it has all that the
parent has loaded, and does one call after another. What takes too long, too much memory or crashes
costs that call and the child; the next call forks another. Linux and macOS, where memory is not
limited; not from several threads at once.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection

from kg.errors import KnowledgeError, NotJudged

_ANSWER, _UNUSABLE, _MEMORY = b"a", b"k", b"m"


class Limited:
    """``work`` in a child: ``seconds`` of wall and of processor time a call, ``memory`` in bytes.

    The memory is what the child may take beyond what it is forked with.
    """

    def __init__(
        self, work: Callable[[bytes], bytes], *, seconds: float = 20, memory: int = 1 << 30
    ) -> None:
        self._work, self._seconds, self._memory = work, seconds, memory
        self._child: multiprocessing.process.BaseProcess | None = None
        self._line: Connection | None = None

    def __call__(self, data: bytes) -> bytes:
        """The answer; ``NotJudged`` if there is none, ``KnowledgeError`` if the work raised it."""
        line = self._connected()
        try:
            line.send_bytes(data)
            if not line.poll(self._seconds):
                raise NotJudged(f"it took more than {self._seconds:g} seconds")
            answer = line.recv_bytes()
        except (EOFError, OSError):
            self.close()
            raise NotJudged("the engine crashed or passed its limits") from None
        except NotJudged:
            self.close()
            raise
        if answer[:1] == _UNUSABLE:
            raise KnowledgeError(answer[1:].decode())
        if answer[:1] == _MEMORY:
            self.close()
            raise NotJudged("it took too much memory")
        return answer[1:]

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None and self._line is not None:
            self._line.close()
            self._child.kill()
            self._child.join()
            self._child = self._line = None

    def _connected(self) -> Connection:
        if self._line is None or self._child is None or not self._child.is_alive():
            self.close()
            context = multiprocessing.get_context("fork")
            self._line, theirs = context.Pipe()
            self._child = context.Process(target=self._serve, args=(theirs,), daemon=True)
            self._child.start()
            theirs.close()
        return self._line

    def _serve(self, line: Connection) -> None:
        if self._line is not None:
            self._line.close()  # the parent's end, so that its death ends this loop
        _confine(self._memory)
        with contextlib.suppress(EOFError, OSError):
            while True:
                data = line.recv_bytes()
                _allow(self._seconds)
                line.send_bytes(self._answer(data))

    def _answer(self, data: bytes) -> bytes:
        try:
            return _ANSWER + self._work(data)
        except KnowledgeError as error:
            return _UNUSABLE + str(error).encode()
        except MemoryError:
            return _MEMORY


def _confine(memory: int) -> None:
    """No core, no new file, no output of an engine that aborts, no more memory than that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    limit_memory(memory)


def limit_memory(memory: int) -> None:
    """So many bytes and no more beyond what this process has now."""
    with contextlib.suppress(OSError, ValueError):  # macOS: cannot be told, is not enforced
        with open("/proc/self/statm", encoding="ascii") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))


def _allow(seconds: float) -> None:
    """So much processor time from now on, should the parent be gone and no one kill the child."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(spent.ru_utime + spent.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
