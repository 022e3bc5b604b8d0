"""The server's side of a zygote (``server.worker``): start it, have it fork and end workers.

Raises ``OSError`` or ``EOFError`` when the zygote has gone; the pool then starts another.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from server.problems import Problem
from server.worker import Settings, receive, send

_LOADING = 60  # seconds until the first worker must be there
_ENDING = 10
# Engines recurse: on a stack of 8 MiB a query of 30 kB ends its process. In 256 MiB no query that
# kg.guard lets pass runs out; they are taken only as they are used. The room for a stack is set
# aside when a program starts, so the limit is raised before that, as far as the system lets it.
_STACK = 'ulimit -S -s 262144 2>&- || ulimit -S -s "$(ulimit -H -s)"; exec "$@"'
_PROGRAM = (sys.executable, "-m", "server.worker")


class Worker:
    """A forked worker: its socket, its process and the zygote that ends and reaps it."""

    def __init__(self, sock: socket.socket, pid: int, zygote: Zygote) -> None:
        self.sock, self.pid, self.zygote = sock, pid, zygote
        self.gone = False

    def end(self) -> int:
        """Kill it and have it reaped; the number of the signal that ended it, 0 if not known."""
        self.gone = True
        self.sock.close()
        return self.zygote.end(self.pid)


class Zygote:
    """The process that workers are forked from; without ``process`` it is not our child."""

    def __init__(
        self, control: socket.socket, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.control, self._process = control, process
        self.loaded = process is None
        self._lock = threading.Lock()

    @classmethod
    def start(cls, settings: Settings, quiet: bool) -> Zygote:
        """Start one; it loads while others wait for their first worker. ``quiet``: says nothing."""
        ours, theirs = socket.socketpair()
        told = msgspec.json.encode(settings).decode()
        with theirs, contextlib.ExitStack() as unless_started:
            unless_started.callback(ours.close)
            process = subprocess.Popen(
                ["/bin/sh", "-c", _STACK, "sh", *_PROGRAM, str(theirs.fileno()), told],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL if quiet else None,
                env={**os.environ, "PYTHONPATH": _path()},
                start_new_session=True,
            )
            unless_started.pop_all()
        return cls(ours, process)

    def fork(self, kind: str) -> Worker:
        """A new worker or heir; ``Problem`` busy if the system has no process to give."""
        with self._lock:
            self.control.settimeout(_LOADING)
            if not self.loaded:
                receive(self.control)
                self.loaded = True
            send(self.control, {"spawn": kind})
            data, fds, _, _ = socket.recv_fds(self.control, 4, 1)
        if len(data) != 4:
            raise EOFError
        if not fds:
            raise Problem("busy", "The system lets no more processes start")
        os.set_inheritable(fds[0], False)
        (pid,) = struct.unpack("!I", data)
        return Worker(socket.socket(fileno=fds[0]), pid, self)

    def end(self, pid: int) -> int:
        """See ``Worker.end``. A zygote that cannot do it is left: its workers end with it."""
        try:
            with self._lock:
                self.control.settimeout(_ENDING)
                send(self.control, {"end": pid})
                return int(receive(self.control)["signal"])
        except (EOFError, OSError):
            self.leave()
            return 0

    def close(self) -> None:
        """Let it end, and wait for that."""
        self.leave()
        self.control.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.5)
            self._process.kill()  # it was loading still
            self._process.wait()

    def leave(self) -> None:
        """Tell it to end, and whoever waits for a worker of it that there will be none."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)


def _path() -> str:
    """Where ``server`` and ``kg`` are imported from, before what the environment says."""
    given = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(part for part in given if part)
