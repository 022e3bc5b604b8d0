"""rdflib as the reference engine: slower, and the measure of what an answer is.

rdflib fetches what FROM names unless told not to; it is told here (SPARQL_LOAD_GRAPHS).
"""

from __future__ import annotations

import rdflib
import rdflib.plugins.sparql
from rdflib.term import Literal, URIRef

from server.engines import Asked, Sink
from server.problems import Problem

_TABLES = {"json": "json", "xml": "xml", "csv": "csv", "tsv": "tsv"}
_GRAPHS = {
    "turtle": "turtle",
    "ntriples": "nt",
    "jsonld": "json-ld",
    "rdfxml": "xml",
    "trig": "trig",
    "nquads": "nquads",
}


class Rdflib:
    """rdflib's memory store behind ``server.engines.Engine``."""

    def __init__(self, quads: bytes, prefixes: dict[str, str]) -> None:
        rdflib.plugins.sparql.SPARQL_LOAD_GRAPHS = False
        self._data = rdflib.Dataset(default_union=True)
        self._data.parse(data=quads, format="nquads")
        self._prefixes = prefixes

    def query(self, asked: Asked, limit: int) -> bytes:
        """See ``server.engines.Engine``."""
        values = {name: _term(kind, value) for name, (kind, value) in asked.values.items()}
        try:
            result = self._chosen(asked).query(asked.text, initBindings=values, base=asked.base)
            made = self._written(result, asked.syntax)
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - rdflib raises what its parser and plugins raise
            said = (str(error) or type(error).__name__).splitlines()[0]
            raise Problem("bad-query", said[:200]) from None
        sink = Sink(limit)
        sink.write(made)
        return sink.getvalue()

    def _chosen(self, asked: Asked) -> rdflib.Graph:
        """The dataset the protocol names, or all of it with the union as default graph."""
        if not asked.default_graphs and not asked.named_graphs:
            self._data.default_union = asked.union
            return self._data
        chosen = rdflib.Dataset(default_union=False)
        for name in asked.default_graphs:
            chosen.default_graph += self._data.graph(URIRef(name))
        for name in asked.named_graphs:
            into = chosen.graph(URIRef(name))
            for triple in self._data.graph(URIRef(name)):
                into.add(triple)
        return chosen

    def _written(self, result: rdflib.query.Result, syntax: str) -> bytes:
        if result.graph is None:
            return result.serialize(format=_TABLES[syntax]) or b""
        target = rdflib.Dataset() if syntax in ("trig", "nquads") else rdflib.Graph()
        for prefix, iri in self._prefixes.items():
            target.bind(prefix, iri)
        into = target.default_graph if isinstance(target, rdflib.Dataset) else target
        for triple in result.graph:
            into.add(triple)
        return target.serialize(format=_GRAPHS[syntax], encoding="utf-8")


def _term(kind: str, value: str) -> URIRef | Literal:
    return URIRef(value) if kind == "iri" else Literal(value, datatype=URIRef(kind))
