"""The stated graph → where it falls short of what ``ontology/checks`` asks of it.

In: triples. Out: one `Shortfall` for each SHACL result, sorted; none if the graph may be released.
The checks speak of the ontology itself (its header, names, words, hierarchy, register), not of
records; pySHACL runs what is SHACL Core, Oxigraph the few that are queries. ``KnowledgeError`` when
they cannot be run.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import rdflib
from msgspec import Struct
from pyoxigraph import BlankNode, Quad, QuerySolutions, RdfFormat, Store, Triple, serialize
from pyshacl import validate
from rdflib.namespace import RDF, RDFS, SH

from kg.errors import KnowledgeError
from kg.locations import ONTOLOGY
from kg.namespaces import M816, PREFIXES, short, value

CHECK = M816 + "check/"


class Shortfall(Struct, frozen=True, order=True):
    """The check that fails, in words, and on what: its focus, the path and the value if any."""

    check: str
    words: str
    focus: str
    path: str
    value: str

    def __str__(self) -> str:
        seen = f" ({self.path} {self.value})" if self.path or self.value else ""
        return f"{self.words}: {self.focus}{seen}"


@functools.cache
def shapes(folder: Path = ONTOLOGY) -> rdflib.Graph:
    """The checks, with the prefixes that their queries use."""
    graph = rdflib.Graph()
    for path in (*sorted((folder / "checks").glob("*.ttl")), folder / "queries" / "prefixes.ttl"):
        graph.parse(path, format="turtle")
    return graph


def names() -> list[str]:
    """The name of each check, sorted."""
    kind = rdflib.URIRef(M816 + "OntologyCheck")
    return sorted(str(node).removeprefix(CHECK) for node in shapes().subjects(RDF.type, kind))


def shortfalls(triples: Iterable[Triple], only: Iterable[str] = ()) -> list[Shortfall]:
    """What is wrong with the graph, by all checks or by those named only."""
    chosen, stated = set(only) or set(names()), list(triples)
    return sorted({*_by_core(stated, chosen), *_by_query(stated, chosen)})


def _by_query(triples: list[Triple], chosen: set[str]) -> Iterator[Shortfall]:
    """The checks that are queries, each once with ``$this`` open: per focus they cost a minute."""
    store = Store()
    store.bulk_extend(Quad(t.subject, t.predicate, t.object) for t in triples)
    for check, part in shapes().subject_objects(SH.sparql):
        name = str(check).removeprefix(CHECK)
        if name not in chosen:
            continue
        select = str(shapes().value(part, SH.select))
        solutions = store.query(select, prefixes=PREFIXES)
        assert isinstance(solutions, QuerySolutions), name
        wanted = {variable.value for variable in solutions.variables}
        for row in solutions:
            seen = _named(row["value"]) if "value" in wanted else ""
            yield Shortfall(name, _words(check), _named(row["this"]), "", seen)


@functools.cache
def _core() -> rdflib.Graph:
    """The checks without those parts that are queries."""
    core = rdflib.Graph()
    core += (triple for triple in shapes() if triple[1] != SH.sparql)
    return core


def _by_core(triples: list[Triple], chosen: set[str]) -> Iterator[Shortfall]:
    written = serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    graph = rdflib.Graph().parse(data=written, format="nt")
    logging.getLogger("pyshacl").setLevel(logging.ERROR)
    iris = [CHECK + name for name in sorted(chosen)]
    _, report, text = validate(
        graph, shacl_graph=_core(), inference="none", inplace=True, use_shapes=iris
    )
    if not isinstance(report, rdflib.Graph):
        raise KnowledgeError(f"the checks cannot be run: {text.splitlines()[0]}")
    for result in report.subjects(RDF.type, SH.ValidationResult):
        yield _shortfall(report, result)


def _shortfall(report: rdflib.Graph, result: rdflib.term.Node) -> Shortfall:
    check = report.value(result, SH.sourceShape)
    while isinstance(check, rdflib.BNode):  # a part of a check: go up to what has a name
        check = shapes().value(predicate=SH.property, object=check)
    parts = (report.value(result, name) for name in (SH.focusNode, SH.resultPath, SH.value))
    name = str(check).removeprefix(CHECK)
    return Shortfall(name, _words(check), *(_shown(part) for part in parts))


def _words(check: rdflib.term.Node | None) -> str:
    return str(shapes().value(check, RDFS.label))


def _named(term: object) -> str:
    return "a part without a name" if isinstance(term, BlankNode) else short(value(term))


def _shown(term: rdflib.term.Node | None) -> str:
    if isinstance(term, rdflib.BNode):
        return "a part without a name"
    return "" if term is None else short(str(term))
