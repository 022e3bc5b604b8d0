"""The namespaces of the graph and the handful of terms whose *form* Python knows."""

from __future__ import annotations

from pyoxigraph import NamedNode

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCT = "http://purl.org/dc/terms/"
PROV = "http://www.w3.org/ns/prov#"
OWL = "http://www.w3.org/2002/07/owl#"
SH = "http://www.w3.org/ns/shacl#"
M816 = "https://w3id.org/m816/"
RULE = M816 + "rule/"
STATEMENT = M816 + "statement/"
DERIVATION = M816 + "derivation/"
ICD = "http://purl.bioontology.org/ontology/ICD10CM/"
RECORD = "urn:m816:"

PREFIXES = {
    "m816": M816,
    "rule": RULE,
    "statement": STATEMENT,
    "icd": ICD,
    "rdf": RDF,
    "rdfs": RDFS,
    "xsd": XSD,
    "skos": SKOS,
    "dct": DCT,
    "prov": PROV,
    "owl": OWL,
    "sh": SH,
}

TYPE = NamedNode(RDF + "type")
LABEL = NamedNode(RDFS + "label")
NOTATION = NamedNode(SKOS + "notation")


def m816(name: str) -> NamedNode:
    """The m816 term with that local name."""
    return NamedNode(M816 + name)


def sh(name: str) -> NamedNode:
    """The SHACL term with that local name."""
    return NamedNode(SH + name)


def short(iri: str) -> str:
    """An IRI as people write it: ``m816:femur``, ``M81.6``, ``Condition/c1``, else unchanged."""
    for base in (ICD, RECORD, RULE, STATEMENT):
        if iri.startswith(base):
            return iri[len(base) :]
    return "m816:" + iri[len(M816) :] if iri.startswith(M816) else iri


def value(term: object) -> str:
    """The text of an IRI, literal or blank node; empty for a quoted triple."""
    return str(getattr(term, "value", ""))
