"""What one running server has: its settings, its pools of workers, what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pyoxigraph as ox
from flask import Request, Response, current_app

from kg.dataset import dataset
from kg.knowledge import Knowledge, default
from kg.namespaces import PREFIXES
from kg.void import ENDPOINT, SD, VOID
from server.engines import GRAPHS, Asked
from server.pool import Pool
from server.problems import Problem
from server.protocol import Operation
from server.worker import Settings

_PREFIXES = {**PREFIXES, "sd": SD, "void": VOID}


@dataclass(frozen=True)
class Options:
    """What the command line says. ``deadline`` in seconds, ``memory`` and ``result`` in bytes."""

    base: str = "http://127.0.0.1:8160"
    workers: int = 2
    deadline: float = 10.0
    memory: int = 1 << 30
    result: int = 50_000_000
    engine: str = "oxigraph"
    store: str = ""
    scratch: bool = False
    token: str = ""


class Service:
    """The pools and the texts behind the routes."""

    union = True

    def __init__(self, options: Options) -> None:
        self.options = options
        self.knowledge: Knowledge = default()
        served = dataset(self.knowledge)
        self.generation = served.generation
        self._description = served.description
        self._queries = self._pool("query")
        self.cases = self._pool("case")

    def _pool(self, role: str) -> Pool:
        chosen = self.options
        settings = Settings(role, chosen.engine, chosen.memory, chosen.result)
        return Pool(settings, chosen.workers, chosen.deadline, 2 * chosen.workers)

    def answer(self, asked: Asked) -> bytes:
        """The result of a query in the syntax asked for."""
        return self._queries.run({"do": "query", "asked": msgspec.to_builtins(asked)})

    def update(self, asked: Operation, sent: Request) -> Response:
        """Refuse: the data change by a release, not over the network."""
        raise Problem("read-only", "Start the server with --scratch to try updates")

    def description(self, syntax: str) -> bytes:
        """The service description and VoID statistics in a graph syntax."""
        endpoint = f"<{self.options.base}/sparql>".encode()
        told = self._description.replace(f"<{ENDPOINT}>".encode(), endpoint)
        triples = (q.triple for q in ox.parse(told, ox.RdfFormat.N_TRIPLES))
        return ox.serialize(triples, format=GRAPHS[syntax], prefixes=_PREFIXES) or b""

    def page(self, sent: Request) -> Response:
        """The query page."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether a query would be answered."""
        return self._queries.ready()

    def close(self) -> None:
        """End all worker processes."""
        self._queries.close()
        self.cases.close()


def service() -> Service:
    """The service of the running application; made by ``server.app.create_app``."""
    found = current_app.extensions["m816"]
    assert isinstance(found, Service)
    return found
