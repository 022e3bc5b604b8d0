"""The reference SHACL engine: pySHACL over rdflib's memory store, shapes loaded once."""

from __future__ import annotations

import functools
import logging

import rdflib
from pyshacl import validate
from rdflib.namespace import RDF, SH

from kg.derive_rdflib import recorded_forms
from kg.errors import KnowledgeError, NotJudged
from kg.judge import Row, bare_shapes
from kg.knowledge import Knowledge


class PyShacl:
    """``kg.judge.Engine`` by pySHACL; not thread-safe, as pySHACL is not."""

    name = "pyshacl"

    def __init__(self, shapes: bytes) -> None:
        """Read shapes given as N-Triples."""
        with recorded_forms():
            self._shapes = rdflib.Graph().parse(data=shapes, format="nt")
        logging.getLogger("pyshacl").setLevel(logging.ERROR)

    def rows(self, data: bytes) -> list[Row]:
        """Validate N-Triples; raises ``KnowledgeError`` when the shapes cannot be run.

        ``NotJudged`` if a literal that is none of its datatype has to be compared with another,
        where SHACL knows no comparison and therefore wants a result.
        """
        with recorded_forms():
            graph = rdflib.Graph().parse(data=data, format="nt")
        try:
            _, report, text = validate(
                graph, shacl_graph=self._shapes, inference="none", inplace=True
            )
        except TypeError:
            raise NotJudged("two of its values cannot be compared") from None
        if not isinstance(report, rdflib.Graph):
            raise KnowledgeError(f"the shapes cannot be run: {text.splitlines()[0]}")
        return sorted(_row(report, node) for node in report.subjects(RDF.type, SH.ValidationResult))


def _row(report: rdflib.Graph, node: rdflib.term.Node) -> Row:
    values = (SH.focusNode, SH.resultPath, SH.value, SH.sourceConstraintComponent)
    shape = report.value(node, SH.sourceShape)
    severity = report.value(node, SH.resultSeverity)
    focus, path, value, component = (_shown(report.value(node, name)) for name in values)
    return Row(focus, path, value, component, _shown(severity), _shown(shape))


def _shown(term: rdflib.term.Node | None) -> str:
    if term is None or isinstance(term, rdflib.BNode):
        return ""
    return str(term)


@functools.lru_cache(maxsize=4)
def engine(knowledge: Knowledge) -> PyShacl:
    """The engine for that knowledge, made once a process."""
    return PyShacl(bare_shapes(knowledge))
