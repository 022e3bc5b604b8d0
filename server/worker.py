"""The processes behind the server: a zygote that loads once, and the workers it forks.

``python -m server.worker FD SETTINGS`` is the zygote: single-threaded, it loads what its role
needs, then forks a worker whenever asked over the socket FD and passes that worker's socket back.
A worker answers one job at a time until its socket closes; the zygote kills it when told so, for a
parent alone may use the number of a process that might have ended.

In a worker the operating system refuses what policy has refused already: no file or socket can be
opened (RLIMIT_NOFILE), no file written (RLIMIT_FSIZE), no process made (RLIMIT_NPROC, but for
root), no memory taken beyond the limit (RLIMIT_AS). Linux and macOS; RLIMIT_AS is not enforced on
macOS, where a worker can also outlive a killed zygote until its job is done.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import msgspec

from server.problems import Problem

Job = dict[str, Any]
Handler = Callable[[Job], bytes]
_SPARE = 256 << 20  # growth after which a worker ends, for its allocator returns nothing
_LIBC = ctypes.CDLL(None)
_OURS = str(Path(__file__).resolve().parents[1])


class Settings(msgspec.Struct, frozen=True):
    """What a zygote is told: its role (query, case or scratch), engine and limits in bytes."""

    role: str
    engine: str = "oxigraph"
    memory: int = 1 << 30
    result: int = 50_000_000


def send(sock: socket.socket, message: object) -> None:
    """Send one message: a length of four bytes, then MessagePack."""
    data = msgspec.msgpack.encode(message)
    sock.sendall(struct.pack("!I", len(data)) + data)


def receive(sock: socket.socket, until: float | None = None) -> Any:
    """Receive one message, ``TimeoutError`` when ``time.monotonic`` passes ``until``.

    ``EOFError`` when the other side has gone.
    """
    first = _some(sock, 65_536, until)
    while len(first) < 4:
        first += _some(sock, 4 - len(first), until)
    (length,) = struct.unpack("!I", first[:4])
    if len(first) == length + 4:
        return msgspec.msgpack.decode(memoryview(first)[4:])
    data = bytearray(length)
    data[: len(first) - 4] = first[4:]
    view, filled = memoryview(data), len(first) - 4
    while filled < length:
        _wait(sock, until)
        got = sock.recv_into(view[filled:])
        if not got:
            raise EOFError
        filled += got
    return msgspec.msgpack.decode(data)


def _some(sock: socket.socket, count: int, until: float | None) -> bytes:
    _wait(sock, until)
    found = sock.recv(count)
    if not found:
        raise EOFError
    return found


def _wait(sock: socket.socket, until: float | None) -> None:
    """Let the next call wait no longer than that; what is there already is still received."""
    if until is not None:
        sock.settimeout(max(until - time.monotonic(), 0.001))


def handlers(settings: Settings) -> dict[str, Handler]:
    """The jobs a role can do, with all they need loaded and imported."""
    if settings.role == "scratch":
        from server.scratch import scratch_handlers

        return scratch_handlers(settings)
    from server.jobs import case_handlers, query_handlers

    return case_handlers(settings) if settings.role == "case" else query_handlers(settings)


def main() -> None:
    """Load, say so, and run the zygote until its parent has gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a parent that ignores it passes that on
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = msgspec.json.decode(sys.argv[2], type=Settings)
    jobs = handlers(settings)
    gc.freeze()  # what is loaded stays: no worker looks through it for garbage, which would copy it
    with contextlib.suppress(BrokenPipeError):  # the server was stopped meanwhile
        send(control, {"loaded": settings.role})
        zygote(control, jobs, settings)


def zygote(control: socket.socket, jobs: dict[str, Handler], settings: Settings) -> None:
    """Fork and end workers on request, end with the parent. Never returns in a worker."""
    while (forked := _forked(control)) is not None:
        sock, heir = forked
        took_over = False
        try:
            took_over = _work(sock, jobs, settings, heir)
        finally:
            if not took_over:
                os._exit(0)
        control = sock


def _forked(control: socket.socket) -> tuple[socket.socket, bool] | None:
    """In a new worker its socket and whether it is an heir; in the zygote None at the end."""
    while True:
        try:
            asked = receive(control)
            if "end" in asked:
                send(control, {"signal": _ended(asked["end"])})
                continue
            try:
                ours, theirs = socket.socketpair()
                pid = os.fork()
            except OSError:  # no process, descriptor or memory to be had: say so, others live on
                control.sendall(struct.pack("!I", 0))
                continue
            if pid == 0:
                control.close()
                ours.close()
                return _third(theirs), asked["spawn"] == "heir"
            theirs.close()
            socket.send_fds(control, [struct.pack("!I", pid)], [ours.fileno()])
            ours.close()
        except (EOFError, OSError):
            return None


def _ended(pid: int) -> int:
    """Kill a worker, unless it has died, and reap it: the number of the signal that ended it."""
    os.kill(pid, signal.SIGKILL)  # a zombie keeps its number until it is waited for
    _, status = os.waitpid(pid, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _third(sock: socket.socket) -> socket.socket:
    """The socket as descriptor 3, all others but the standard ones closed.

    So ``RLIMIT_NOFILE`` can be 4 with no descriptor free below it.
    """
    descriptor = sock.detach()
    os.dup2(descriptor, 3)
    os.closerange(4, 1_024)
    return socket.socket(fileno=3)


def _work(sock: socket.socket, jobs: dict[str, Handler], settings: Settings, heir: bool) -> bool:
    """Answer jobs until the socket closes; True only in an heir that has done its one job."""
    limits = _confine(settings, heir)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while True:
        try:
            job = receive(sock)
        except EOFError:
            return False
        answer = _answer(jobs, job)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start > _SPARE >> 10
        answer["last"] = grown and not heir
        send(sock, answer)
        if answer["last"]:
            return False
        if heir and "body" in answer:
            for kind, values in limits.items():
                resource.setrlimit(kind, values)
            return True


def _answer(jobs: dict[str, Handler], job: Job) -> dict[str, Any]:
    try:
        return {"body": jobs[job["do"]](job)}
    except Problem as problem:
        return {"problem": problem.name, "detail": problem.detail}
    except MemoryError:
        return {"problem": "query-memory", "detail": ""}
    except RecursionError:
        return {"problem": "query-too-complex", "detail": ""}
    except Exception as error:  # noqa: BLE001 - a fault of ours is told to the server, which logs it
        places = traceback.extract_tb(error.__traceback__)
        place = next((p for p in reversed(places) if p.filename.startswith(_OURS)), places[-1])
        where = f"{PurePath(place.filename).name}:{place.lineno}"
        return {"fault": (type(error).__name__, where)}


def _confine(settings: Settings, heir: bool) -> dict[int, tuple[int, int]]:
    """Put the limits on; an heir's are soft, and it gets the old ones back to lift them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # an engine that aborts prints what it was doing
    os.close(null)
    if sys.platform == "linux" and not heir:
        _LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: never outlive the zygote
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_AS: _used() + settings.memory,
        resource.RLIMIT_NOFILE: 4,
    }
    before = {kind: resource.getrlimit(kind) for kind in wanted}
    for kind, value in wanted.items():
        hard = before[kind][1]
        resource.setrlimit(kind, (value, hard if heir else value))
    return before


def _used() -> int:
    """The address space in use, in bytes; 0 where it cannot be told."""
    if sys.platform != "linux":
        return 0
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main()
