"""Requests over keep-alive connections → how many a second, and how long each took.

Raw sockets and one thread, so that little of what is measured is the client: ``Measured.client``
tells the share of the time in which this process ran itself.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

TIMEOUT = 60


class Measured(NamedTuple):
    """One run: requests a second, the seconds each took, the client's share of the whole."""

    rate: float
    times: list[float]
    client: float

    def percentile(self, percent: int) -> float:
        """A percentile of the times in milliseconds."""
        return 1_000 * statistics.quantiles(self.times, n=100, method="inclusive")[percent - 1]


class _Connection:
    """A connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self._seen, self._left, self._tail = b"", -1, b""
        self.began = time.perf_counter()
        self.sock.sendall(request)

    def answered(self) -> bool:
        """Take what has arrived; whether the response is complete."""
        data = self.sock.recv(1 << 20)
        if not data:
            raise RuntimeError("the server closed the connection")
        if self._left == -1:
            self._seen += data
            head, end, data = self._seen.partition(b"\r\n\r\n")
            if not end:
                return False
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"answered {head[:40].decode('latin-1')}")
            self._left = _length(head)
        if self._left == _CHUNKS:
            self._tail = (self._tail + data)[-5:]
            return self._tail == b"0\r\n\r\n"
        self._left -= len(data)
        return self._left == 0


_CHUNKS = -2


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return _CHUNKS


def load(port: int, requests: Iterator[bytes], count: int, connections: int) -> Measured:
    """Send that many requests, as many at once as there are connections."""
    selector = selectors.DefaultSelector()
    open_ones = [_Connection(port) for _ in range(connections)]
    times: list[float] = []
    start, own = time.perf_counter(), time.process_time()
    for connection in open_ones:
        selector.register(connection.sock, selectors.EVENT_READ, connection)
        connection.ask(next(requests))
    sent = connections
    while len(times) < count:
        ready = selector.select(TIMEOUT)
        if not ready:
            raise TimeoutError("no answer")
        for key, _ in ready:
            connection = key.data
            if connection.answered():
                times.append(time.perf_counter() - connection.began)
                if sent < count:
                    connection.ask(next(requests))
                    sent += 1
    spent, own = time.perf_counter() - start, time.process_time() - own
    selector.close()
    for connection in open_ones:
        connection.sock.close()
    return Measured(count / spent, times, own / spent)


def get(path: str, query: str = "") -> bytes:
    """A GET of that path, with a query for SPARQL JSON results if there is one."""
    address = f"{path}?query={quote(query)}" if query else path
    head = ("Host: 127.0.0.1", "Accept: application/sparql-results+json", "", "")
    return "\r\n".join((f"GET {address} HTTP/1.1", *head)).encode()
