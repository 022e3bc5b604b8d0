"""The processes behind the server: a zygote that loads once, and the workers it forks.

``python -m server.worker FD SETTINGS`` is the zygote: single-threaded, it loads what its role
needs, then forks a worker whenever asked over the socket FD and passes that worker's socket back.
A worker answers one job at a time until its socket closes; the parent kills it at the deadline.

In a worker the operating system refuses what policy has refused already: no file or socket can be
opened (RLIMIT_NOFILE), no file written (RLIMIT_FSIZE), no memory taken beyond the limit
(RLIMIT_AS). Linux and macOS; RLIMIT_AS is not enforced on macOS.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from server.problems import Problem

Job = dict[str, Any]
Handler = Callable[[Job], bytes]
_SPARE = 256 << 20  # growth after which a worker ends, for its allocator returns nothing


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


def receive(sock: socket.socket) -> Any:
    """Receive one message; ``EOFError`` when the other side has gone."""
    first = sock.recv(65_536)
    if not first:
        raise EOFError
    while len(first) < 4:
        first += _more(sock, 4 - len(first))
    (length,) = struct.unpack("!I", first[:4])
    if len(first) == length + 4:
        return msgspec.msgpack.decode(memoryview(first)[4:])
    data = bytearray(length)
    data[: len(first) - 4] = first[4:]
    view, filled = memoryview(data), len(first) - 4
    while filled < length:
        got = sock.recv_into(view[filled:])
        if not got:
            raise EOFError
        filled += got
    return msgspec.msgpack.decode(data)


def _more(sock: socket.socket, count: int) -> bytes:
    found = sock.recv(count)
    if not found:
        raise EOFError
    return found


def handlers(settings: Settings) -> dict[str, Handler]:
    """The jobs a role can do, with all they need loaded and imported."""
    if settings.role == "scratch":
        from server.scratch import scratch_handlers

        return scratch_handlers(settings)
    from server.jobs import case_handlers, query_handlers

    return case_handlers(settings) if settings.role == "case" else query_handlers(settings)


def main() -> None:
    """Run the zygote until its parent has gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = msgspec.json.decode(sys.argv[2], type=Settings)
    zygote(control, handlers(settings), settings)


def zygote(control: socket.socket, jobs: dict[str, Handler], settings: Settings) -> None:
    """Fork workers on request, tell how one ended on request, end with the parent."""
    while True:
        try:
            asked = receive(control)
        except EOFError:
            return
        if "reap" in asked:
            _, status = os.waitpid(asked["reap"], 0)
            send(control, {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0})
            continue
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            control.close()
            ours.close()
            _work(theirs, jobs, settings, heir=asked["spawn"] == "heir")
            return
        theirs.close()
        socket.send_fds(control, [struct.pack("!I", pid)], [ours.fileno()])
        ours.close()


def _work(sock: socket.socket, jobs: dict[str, Handler], settings: Settings, heir: bool) -> None:
    """Answer jobs until the socket closes. An heir that has done its one job becomes a zygote."""
    limit = _confine(sock, settings, heir)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while True:
        try:
            job = receive(sock)
        except EOFError:
            os._exit(0)
        answer = _answer(jobs, job)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start > _SPARE >> 10
        answer["last"] = grown and not heir
        send(sock, answer)
        if grown and not heir:
            os._exit(0)
        if heir and "body" in answer:
            for kind, values in limit.items():
                resource.setrlimit(kind, values)
            zygote(sock, jobs, settings)
            os._exit(0)


def _answer(jobs: dict[str, Handler], job: Job) -> dict[str, Any]:
    try:
        return {"body": jobs[job["do"]](job)}
    except Problem as problem:
        return {"problem": problem.name, "detail": problem.detail}
    except (MemoryError, RecursionError) as error:
        name = "query-memory" if isinstance(error, MemoryError) else "query-too-complex"
        return {"problem": name, "detail": ""}


def _confine(sock: socket.socket, settings: Settings, heir: bool) -> dict[int, tuple[int, int]]:
    """Put the limits on; an heir's are soft, and it gets the old ones back to lift them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # an engine that aborts prints what it was doing
    os.close(null)
    if sys.platform == "linux" and not heir:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: never outlive the zygote
    with open("/proc/self/statm", encoding="ascii") if sys.platform == "linux" else _none() as file:
        words = file.read().split()
    used = int(words[0]) * resource.getpagesize() if words else 0
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_AS: used + settings.memory,
        resource.RLIMIT_NOFILE: sock.fileno() + 1,
    }
    before = {kind: resource.getrlimit(kind) for kind in wanted}
    for kind, value in wanted.items():
        _, hard = before[kind]
        resource.setrlimit(kind, (value, hard if heir else value))
    return before


def _none() -> Any:
    import io

    return io.StringIO("")


if __name__ == "__main__":
    main()
