"""The names of the graph for the tests of their pages, and a graph of odd texts and literals."""

import functools
from pathlib import Path

import pyoxigraph as ox

from kg.authored import authored
from kg.knowledge import all_triples, default, load
from kg.namespaces import ICD, M816
from kg.telling import Teller

KINDS = ("Rule", "SourceConflict", "DocumentationObligation", "Statement")
AUTHORED = f"""
@prefix m816: <{M816}> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
m816:odd a m816:Thing ; rdfs:label "<script>alert(1)</script>"@en ;
    skos:definition "<img src=x onerror=alert(2)>"@en ; m816:score -2.50, 007, "1"^^xsd:boolean ;
    m816:at <javascript:alert(3)> ; m816:parts ( 1.0 [ m816:score "+3.0"^^xsd:decimal ] ) ;
    m816:says "\\"><b>4</b>"@en .
m816:Thing rdfs:label "\\"><b>5</b>"@en .
"""


def place_of(iri: str) -> str:
    """The part of the address after /id/ or /doc/."""
    return f"code/{iri.removeprefix(ICD)}" if iri.startswith(ICD) else iri.removeprefix(M816)


def names(kind: str) -> list[str]:
    """The names of a kind; of codes those with notes of their own and every hundredth other."""
    if kind != "Code":
        return default().subjects(kind)
    codes = default().subjects("Code")
    noted = {
        iri for iri in codes if any(p == f"{M816}noteOn" for p, _ in default().into.get(iri, ()))
    }
    return sorted(noted | set(codes[::100]))


@functools.cache
def facts() -> dict[str, set[ox.Triple]]:
    """What the files say of each name, read without the code under test; without blank nodes."""
    found: dict[str, set[ox.Triple]] = {}
    for triple in all_triples():
        if isinstance(triple.subject, ox.NamedNode) and not isinstance(triple.object, ox.BlankNode):
            found.setdefault(triple.subject.value, set()).add(triple)
    return found


def odd_teller(folder: Path) -> Teller:
    """Tells of one name with hostile texts and with literals written unusually."""
    (folder / "rules").mkdir()
    (folder / "odd.ttl").write_text(AUTHORED, encoding="utf-8")
    knowledge = load(folder, folder / "none")
    return Teller(authored(knowledge, folder, folder / "none"), knowledge)
