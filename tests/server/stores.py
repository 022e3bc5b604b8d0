"""Stores to put our server in front of: a real Oxigraph server, and one that does as it is told."""

import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kg.dataset import dataset
from kg.knowledge import default
from server.app import create_app
from server.service import Options

JSON = "application/sparql-results+json"
WHOLE = b'{"head":{},"boolean":true}'


@contextmanager
def oxigraph_server(folder: Path, quads: bytes = b"") -> Iterator[str]:
    """The address of an Oxigraph server with these quads, or our dataset, that takes no updates."""
    command = Path(sys.executable).with_name("oxigraph")
    if not command.exists():
        pytest.skip("needs the oxigraph command")
    (folder / "data.nq").write_bytes(quads or dataset(default()).quads)
    place = ["--location", str(folder / "db")]
    loading = [str(command), "load", *place, "--file", str(folder / "data.nq")]
    subprocess.run(loading, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            str(command),
            "serve-read-only",
            *place,
            "--union-default-graph",
            f"--bind=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/query"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def client_of(options: Options) -> Iterator[FlaskClient]:
    """A client of an application with these options, which is closed afterwards."""
    app = create_app(options)
    try:
        yield app.test_client()
    finally:
        app.extensions["m816"].close()


def ask(client: FlaskClient, query: str, accept: str = JSON, **more: str) -> TestResponse:
    """The answer to a query sent by GET."""
    return client.get("/sparql", query_string={"query": query, **more}, headers={"Accept": accept})


class Handler(BaseHTTPRequestHandler):
    """Notes each request, then does what its server is told."""

    protocol_version = "HTTP/1.1"
    server: "Upstream"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.server.script(self)

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers), b""))
        self.send_error(418)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Script = Callable[[Handler], None]


class Upstream(socketserver.ThreadingTCPServer):
    """A server on loopback that answers by ``script``."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.peers: set[tuple[str, int]] = set()
        self.over = threading.Event()
        self.script: Script = answering(WHOLE)

    def url(self, script: Script, user: str = "", rest: str = "/sparql") -> str:
        """Its address, from now on answered so."""
        self.script = script
        return f"http://{user}127.0.0.1:{self.server_address[1]}{rest}"

    def process_request(self, request: object, client_address: object) -> None:
        """Note the connection."""
        self.peers.add(client_address)  # type: ignore[arg-type]
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what is tested."""


def head(status: int = 200, media: str = JSON, **more: object) -> bytes:
    """The first lines of an answer; ``Content_Length=`` is ``Content-Length:``."""
    lines = (
        [f"HTTP/1.1 {status} x", f"Content-Type: {media}"] if media else [f"HTTP/1.1 {status} x"]
    )
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def sending(*parts: bytes, pause: float = 0, close: bool = True) -> Script:
    """Write these bytes, with a pause after each, and close the connection."""

    def script(handler: Handler) -> None:
        handler.close_connection = close
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            if pause and handler.server.over.wait(pause):
                return

    return script


def answering(body: bytes, status: int = 200, media: str = JSON, **more: object) -> Script:
    """A whole answer with its length; the connection stays open."""
    return sending(head(status, media, Content_Length=len(body), **more) + body, close=False)


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = head(Transfer_Encoding="chunked")
broken = sending(head(Content_Length=1_000) + WHOLE)


@contextmanager
def running() -> Iterator[Upstream]:
    """A store that does as it is told, until the end of the block."""
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
