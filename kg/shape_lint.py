"""Shapes as Turtle → where they do not pass the checks of ``ontology/shape-checks.ttl``.

The checks are SHACL about the shapes, run by pySHACL. Two things are said to it that the graph does
not: which names of SHACL each node uses; and whether a plain text is written as an ``xsd:string``,
which is the same to RDF and another value to some engines, so that only the words show it.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

import rdflib
from pyshacl import validate
from rdflib.namespace import RDF, SH

from kg.errors import KnowledgeError
from kg.locations import ONTOLOGY
from kg.namespaces import M816

CHECKS = ONTOLOGY / "shape-checks.ttl"
PLAIN = "plain-text"
_TYPED = re.compile(r'"\s*\^\^\s*(xsd:string\b|<http://www\.w3\.org/2001/XMLSchema#string>)')
_CHECK = M816 + "check/"
_USES = rdflib.URIRef(M816 + "usesTerm")


class Fault(NamedTuple):
    """A check that a shape, or a part of it, does not pass."""

    check: str
    node: str
    what: str


def faults(text: str) -> list[Fault]:
    """The faults of shapes written in Turtle; ``KnowledgeError`` if it is no Turtle."""
    try:
        graph = rdflib.Graph().parse(data=text, format="turtle")
    except SyntaxError as error:
        raise KnowledgeError(f"the shapes are no Turtle: {error}") from None
    for triple in list(graph):
        for term in triple:
            if isinstance(term, rdflib.URIRef) and term.startswith(str(SH)):
                graph.add((triple[0], _USES, term))
    _, report, words = validate(graph, shacl_graph=_checks(), inference="none", inplace=True)
    if not isinstance(report, rdflib.Graph):
        raise KnowledgeError(f"the checks of shapes cannot be run: {words.splitlines()[0]}")
    found = {_fault(report, node) for node in report.subjects(RDF.type, SH.ValidationResult)}
    if _TYPED.search(text):
        found.add(Fault(PLAIN, "", "A text is written without ^^xsd:string."))
    return sorted(found)


def _fault(report: rdflib.Graph, node: rdflib.term.Node) -> Fault:
    said = (SH.sourceShape, SH.focusNode, SH.resultMessage, SH.value)
    check, focus, what, value = (str(report.value(node, name) or "") for name in said)
    return Fault(check.removeprefix(_CHECK), focus, f"{what} {value}".strip())


@functools.cache
def _checks() -> rdflib.Graph:
    return rdflib.Graph().parse(CHECKS, format="turtle")


def checks() -> list[str]:
    """The names of all checks."""
    kind = rdflib.URIRef(M816 + "ShapeCheck")
    named = [str(node).removeprefix(_CHECK) for node in _checks().subjects(RDF.type, kind)]
    return sorted([*named, PLAIN])
