"""SPARQL engines behind one interface, for use inside a worker process only.

``Oxigraph`` answers; ``Rdflib`` is the reference. Both raise ``Problem`` for what a reader can
mend, and nothing of theirs leaves a worker but bytes.
"""

from __future__ import annotations

import io
from typing import Any, Protocol

import msgspec
import pyoxigraph as ox

from server.problems import Problem


class Asked(msgspec.Struct, frozen=True):
    """A query for an engine: the dataset as the protocol names it, and the syntax to answer in."""

    text: str
    syntax: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    union: bool = True
    base: str | None = None


class Engine(Protocol):
    """A SPARQL engine over one dataset."""

    def query(self, asked: Asked, limit: int) -> bytes:
        """Answer in the wanted syntax; ``Problem`` result-too-large beyond ``limit`` bytes."""
        ...


class Sink(io.BytesIO):
    """A file that holds at most so many bytes; beyond, ``Problem`` result-too-large."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: Any) -> int:
        """Take the data, or refuse."""
        if self.tell() + len(data) > self._limit:
            raise Problem("result-too-large", f"It has more than {self._limit} bytes; use LIMIT")
        return super().write(data)


TABLES = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
GRAPHS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
}


class Oxigraph:
    """The store of Oxigraph in memory. ``prefixes`` make graphs readable, queries use none."""

    def __init__(self, quads: bytes, prefixes: dict[str, str]) -> None:
        self.store = ox.Store()
        if quads:
            self.store.bulk_load(quads, format=ox.RdfFormat.N_QUADS)
        self._prefixes = prefixes

    def query(self, asked: Asked, limit: int) -> bytes:
        """See ``Engine``."""
        sink = Sink(limit)
        try:
            result = self.store.query(asked.text, base_iri=asked.base, **_dataset(asked))
            if isinstance(result, ox.QueryTriples):
                ox.serialize(result, sink, GRAPHS[asked.syntax], prefixes=self._prefixes)
            else:
                result.serialize(sink, TABLES[asked.syntax])
        except (SyntaxError, RuntimeError, ValueError, OSError) as error:
            raise Problem("bad-query", reason(error)) from None
        return sink.getvalue()


def _dataset(asked: Asked) -> dict[str, Any]:
    if asked.default_graphs or asked.named_graphs:
        chosen: dict[str, Any] = {
            "default_graph": [node(name) for name in asked.default_graphs],
            "named_graphs": [node(name) for name in asked.named_graphs],
        }
    else:
        chosen = {"use_default_graph_as_union": asked.union}
    return chosen


def node(iri: str) -> ox.NamedNode:
    """An IRI as a node; ``Problem`` bad-request if it is none."""
    try:
        return ox.NamedNode(iri)
    except ValueError:
        raise Problem("bad-request", "What should name a graph or value is no IRI") from None


def reason(error: Exception) -> str:
    """The first line of what an engine says, without a location of this machine."""
    said = "" if getattr(error, "filename", None) else getattr(error, "msg", "") or str(error)
    return str(said).splitlines()[0][:200] if said else type(error).__name__
