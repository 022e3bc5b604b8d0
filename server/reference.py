"""rdflib as the reference engine: slower, and the measure of what an answer is.

rdflib evaluates; the answer is written by Oxigraph, for rdflib has no TSV and no ASK in CSV.
It fetches what FROM names unless told not to; it is told here (SPARQL_LOAD_GRAPHS).
"""

from __future__ import annotations

import pyoxigraph as ox
import rdflib
import rdflib.plugins.sparql
from rdflib.term import URIRef

from server.engines import GRAPHS, TABLES, Asked, Sink, node, reason
from server.problems import Problem


class Rdflib:
    """rdflib's memory store behind ``server.engines.Engine``."""

    def __init__(self, quads: bytes, prefixes: dict[str, str]) -> None:
        rdflib.plugins.sparql.SPARQL_LOAD_GRAPHS = False
        self._data = rdflib.Dataset(default_union=True)
        self._data.parse(data=quads, format="nquads")
        self._prefixes = prefixes
        for text, syntax in (("ASK {}", "json"), ("CONSTRUCT {} {}", "ntriples")):
            self.query(Asked(text, syntax), 1_000)  # imports what it needs; a worker opens no file

    def query(self, asked: Asked, limit: int) -> bytes:
        """See ``server.engines.Engine``."""
        try:
            result = self._chosen(asked).query(asked.text, base=asked.base)
            return self._written(result, asked.syntax, Sink(limit))
        except Problem:
            raise
        except (MemoryError, RecursionError):  # for the worker to tell
            raise
        except Exception as error:  # noqa: BLE001 - rdflib raises what its parser and plugins raise
            raise Problem("bad-query", reason(error)) from None

    def _chosen(self, asked: Asked) -> rdflib.Graph:
        """The dataset the protocol names, or all of it with the union as default graph."""
        if not asked.default_graphs and not asked.named_graphs:
            self._data.default_union = asked.union
            return self._data
        chosen = rdflib.Dataset(default_union=False)
        for name in asked.default_graphs:
            chosen.default_graph += self._data.graph(_name(name))
        for name in asked.named_graphs:
            into = chosen.graph(_name(name))
            into += self._data.graph(_name(name))
        return chosen

    def _written(self, result: rdflib.query.Result, syntax: str, sink: Sink) -> bytes:
        if result.graph is None:
            told = result.serialize(format="json") or b""
            ox.parse_query_results(told, TABLES["json"]).serialize(sink, TABLES[syntax])
        else:
            told = result.graph.serialize(format="nt", encoding="utf-8")
            triples = (quad.triple for quad in ox.parse(told, ox.RdfFormat.N_TRIPLES))
            ox.serialize(triples, sink, GRAPHS[syntax], prefixes=self._prefixes)
        return sink.getvalue()


def _name(iri: str) -> URIRef:
    return URIRef(node(iri).value)
