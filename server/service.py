"""What one running server has: its settings, its pools of workers, what it says of itself."""

from __future__ import annotations

import hmac
import secrets

import msgspec
import pyoxigraph as ox
from flask import Request, Response, current_app

from kg.dataset import dataset
from kg.knowledge import Knowledge, default
from kg.namespaces import PREFIXES
from kg.void import ENDPOINT, SD, VOID, changeable
from server.engines import GRAPHS, Asked
from server.metrics import Metrics
from server.options import Options as Options
from server.pool import Pool
from server.problems import Problem
from server.protocol import Operation
from server.remote import DESCRIPTION, Remote
from server.responses import CORS
from server.using import using
from server.worker import Job

_PREFIXES = {**PREFIXES, "sd": SD, "void": VOID}


class Service:
    """The pools and the texts behind the routes. ``queries`` may have been started already."""

    def __init__(self, options: Options, queries: Pool | None = None) -> None:
        self.options = options
        self.knowledge: Knowledge = default()
        served = dataset(self.knowledge)
        self.union = not options.scratch and not options.store
        # what a scratch dataset holds ends with the server, and so must the entity tags
        self._release = secrets.token_hex(8) if options.scratch else served.generation
        self._description = changeable() if options.scratch else served.description
        self._queries: Pool | Remote
        if pool := queries or options.queries():
            self._queries = pool
        else:
            self._description = DESCRIPTION
            self._queries = Remote(
                options.store, options.workers, options.deadline, options.backlog, options.result
            )
        self.cases = options.pool("case")
        self.metrics = Metrics(options.workers)

    @property
    def generation(self) -> str:
        """What changes when the data do; empty if nobody here knows."""
        if self.options.store:
            return ""
        return f"{self._release}-{self._queries.generation}"

    def answer(self, asked: Asked) -> bytes:
        """The result of a query in the syntax asked for."""
        return self.run({"do": "query", "asked": msgspec.to_builtins(asked)})

    def run(self, job: Job) -> bytes:
        """The answer of a worker that has the data."""
        return self.metrics.counted("query", self._queries.run, job)

    def judge(self, job: Job) -> bytes:
        """The answer of a worker that has the rules."""
        return self.metrics.counted("case", self.cases.run, job)

    def change(self, job: Job) -> bytes:
        """Run a job that changes the data; call ``admit`` before."""
        assert isinstance(self._queries, Pool)
        return self.metrics.counted("query", self._queries.succeed, job)

    def admit(self, sent: Request) -> None:
        """Refuse a change unless the dataset is for trying and the request has the token.

        The token is taken from the header alone, which no page of another origin can set.
        """
        if not self.options.scratch:
            raise Problem("read-only", "Start the server with --scratch to try updates")
        given = sent.authorization
        if given is None or given.type != "bearer":
            raise Problem("unauthorized", WWW_Authenticate='Bearer realm="m816"')
        offered, expected = (given.token or "").encode(), self.options.token.encode()
        if not expected or not hmac.compare_digest(offered, expected):
            told = 'Bearer realm="m816", error="invalid_token"'
            raise Problem("unauthorized", WWW_Authenticate=told)

    def update(self, asked: Operation, sent: Request) -> Response:
        """Run an update; refused unless ``--scratch``: the data change by a release."""
        self.admit(sent)
        text = using(asked.text, asked.default_graphs, asked.named_graphs)
        self.change({"do": "update", "text": text, "base": f"{self.options.base}/sparql"})
        return Response(status=204, headers={**CORS, "Cache-Control": "no-store"})

    def description(self, syntax: str) -> bytes:
        """The service description and VoID statistics in a graph syntax."""
        endpoint = f"<{self.options.base}/sparql>".encode()
        told = self._description.replace(f"<{ENDPOINT}>".encode(), endpoint)
        triples = (q.triple for q in ox.parse(told, ox.RdfFormat.N_TRIPLES))
        return ox.serialize(triples, format=GRAPHS[syntax], prefixes=_PREFIXES) or b""

    def ready(self) -> bool:
        """Whether a query would be answered."""
        return self._queries.ready()

    def warm(self) -> None:
        """Start every worker process ahead of the request that needs it."""
        for pool in (self._queries, self.cases):
            if isinstance(pool, Pool):
                pool.warm()

    def close(self) -> None:
        """End all worker processes."""
        self._queries.close()
        self.cases.close()


def service() -> Service:
    """The service of the running application; made by ``server.app.create_app``."""
    found = current_app.extensions["m816"]
    assert isinstance(found, Service)
    return found
