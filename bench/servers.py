"""The servers compared, each with the same N-Quads, started on a free port and ended afterwards."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kg.dataset import dataset
from kg.knowledge import default
from server.options import Options

ROOT = Path(__file__).parent.parent
PATIENCE = 120  # seconds; rdflib parses the dataset for a while


@contextmanager
def m816(*options: str) -> Iterator[int]:
    """Our server as anyone starts it; it says itself where it answers."""
    words = [sys.executable, "-m", "kg", "serve", "--port", "0", *options]
    with _process(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        found = re.search(rb":(\d+)/", process.stdout.readline())
        if found is None:
            raise RuntimeError("m816 serve did not start")
        yield int(found[1])


@contextmanager
def oxigraph() -> Iterator[int]:
    """``oxigraph serve-read-only``, the union of the graphs as default graph as with us."""
    beside = Path(sys.executable).with_name("oxigraph")
    command = str(beside) if beside.exists() else shutil.which("oxigraph")
    if command is None:
        raise FileNotFoundError("needs the command oxigraph (PyPI: oxigraph)")
    with tempfile.TemporaryDirectory() as folder:
        load = [command, "load", "--location", folder, "--file", str(_quads(Path(folder)))]
        subprocess.run(load, check=True, capture_output=True)
        port = _free()
        where = ["--location", folder, "--bind", f"127.0.0.1:{port}"]
        with _process([command, "serve-read-only", "--union-default-graph", *where]):
            yield _up(port)


@contextmanager
def rdflib_endpoint() -> Iterator[int]:
    """``rdflib-endpoint serve``, whose default graph is the union too."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free()
        words = ["serve", "--host", "127.0.0.1", "--port", str(port), str(_quads(Path(folder)))]
        with _process([sys.executable, "-m", "rdflib_endpoint", *words]):
            yield _up(port)


@contextmanager
def static_reply() -> Iterator[int]:
    """A constant from Flask on the WSGI server we use: what no Flask view can be faster than."""
    port = _free()
    with _process([sys.executable, "-m", "bench.static_reply", str(port)]):
        yield _up(port)


@contextmanager
def gunicorn() -> Iterator[int]:
    """Our application on gunicorn's threads, as many as Granian has."""
    port, threads = _free(), str(Options().threads)
    where = ["--bind", f"127.0.0.1:{port}", "--keep-alive", "30"]
    words = ["--worker-class", "gthread", "--threads", threads, *where, "server.app:create_app()"]
    with _process([sys.executable, "-m", "gunicorn", *words]):
        yield _up(port)


@contextmanager
def _process(
    words: list[str], stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(words, cwd=ROOT, stdout=stdout, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def _quads(folder: Path) -> Path:
    file = folder / "dataset.nq"
    file.write_bytes(dataset(default()).quads)
    return file


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _up(port: int) -> int:
    """The port, as soon as somebody listens there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return port
    raise TimeoutError(f"nothing listens at port {port}")
