"""A dataset in memory that may be changed: updates and graph store requests as worker jobs.

It starts empty and is gone when the server ends. A job that changes it runs in a worker of its own
which the pool makes the next zygote if, and only if, the job succeeds (``Pool.succeed``).
"""

from __future__ import annotations

import functools
import re

import pyoxigraph as ox

from server.engines import GRAPHS, Asked, Oxigraph, Sink, node, reason
from server.problems import Problem
from server.worker import Handler, Job, Settings

_Graph = ox.NamedNode | ox.DefaultGraph
_DECLARES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.I)  # entities that grow without end


def scratch_handlers(settings: Settings) -> dict[str, Handler]:
    """Start empty; the jobs are ``query``, ``update``, ``graph`` and ``ping``."""
    engine = Oxigraph(b"", {})
    engine.query(Asked("ASK {}", "json"), 1_000)
    return {
        "ping": lambda _: b"pong",
        "query": lambda job: engine.query(Asked(**job["asked"]), settings.result),
        "update": functools.partial(_update, engine.store),
        "graph": functools.partial(_graph, engine.store, settings.result),
    }


def _update(store: ox.Store, job: Job) -> bytes:
    try:
        store.update(job["text"], base_iri=job["base"])
    except (SyntaxError, RuntimeError, ValueError, OSError) as error:
        raise Problem("bad-query", reason(error)) from None
    return b""


def _graph(store: ox.Store, limit: int, job: Job) -> bytes:
    """A graph store request: the graph for GET, else whether the graph was ``created``."""
    graph = node(job["graph"]) if job["graph"] else ox.DefaultGraph()
    there = _there(store, graph)
    if job["method"] in ("GET", "DELETE") and job["graph"] and not there:
        raise Problem("not-found", "There is no such graph")
    if job["method"] == "GET":
        sink = Sink(limit)
        triples = (q.triple for q in store.quads_for_pattern(None, None, None, graph))
        ox.serialize(triples, sink, GRAPHS[job["syntax"]])
        return sink.getvalue()
    sent = job.get("sent", ())
    quads = [quad for syntax, body in sent for quad in _read(body, syntax, graph, job["base"])]
    if job["method"] == "DELETE":
        store.remove_graph(graph)
        return b""
    if job["method"] == "PUT" and there:
        store.clear_graph(graph)
    store.add_graph(graph)
    store.bulk_extend(quads)
    return b"" if there else b"created"


def _there(store: ox.Store, graph: _Graph) -> bool:
    """Whether a graph was made; the default graph always is, but is new while it is empty."""
    if isinstance(graph, ox.NamedNode):
        return store.contains_named_graph(graph)
    return any(True for _ in store.quads_for_pattern(None, None, None, graph))


def _read(body: bytes, syntax: str, graph: _Graph, base: str) -> list[ox.Quad]:
    if syntax == "rdfxml" and (_DECLARES.search(body) or b"\0" in body):
        raise Problem(
            "unreadable-record", "Send RDF/XML as UTF-8 without document type and entities"
        )
    try:
        found = ox.parse(
            body,
            GRAPHS[syntax],
            base_iri=base,
            without_named_graphs=True,
            rename_blank_nodes=True,
        )
        return [ox.Quad(q.subject, q.predicate, q.object, graph) for q in found]
    except (SyntaxError, ValueError, OSError) as error:
        raise Problem("unreadable-record", reason(error)) from None
