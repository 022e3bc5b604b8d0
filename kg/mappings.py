"""SSSOM mapping sets → triples: each row an annotated axiom, and itself unless it is negated.

In: ``ontology/mappings/*.sssom.tsv`` (SSSOM 1.0 TSV: a commented header with ``curie_map``, then
columns). Out: ``owl:Axiom`` nodes as SSSOM's OWL form has them. ``KnowledgeError`` for a row whose
CURIE has no prefix, or a set that lacks a column.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from kg.errors import KnowledgeError
from kg.locations import ONTOLOGY
from kg.namespaces import M816, OWL, RDF, SKOS, XSD

FOLDER = ONTOLOGY / "mappings"
SSSOM = "https://w3id.org/sssom/"
_BUILT_IN = {"skos": SKOS, "semapv": "https://w3id.org/semapv/vocab/"}
_LITERALS = ("author_label", "comment", "object_label", "predicate_modifier", "subject_label")
_ENDS = {
    "subject_id": "annotatedSource",
    "predicate_id": "annotatedProperty",
    "object_id": "annotatedTarget",
}


def mapping_files(folder: Path = FOLDER) -> list[Path]:
    """The mapping sets, sorted; one for each target vocabulary."""
    return sorted(folder.glob("*.sssom.tsv"))


def mapping_triples(path: Path) -> Iterator[Triple]:
    """The triples of one mapping set."""
    lines = path.read_text("utf-8").splitlines()
    prefixes = {**_BUILT_IN, **_curie_map(lines)}
    for row in csv.DictReader((line for line in lines if line[:1] != "#"), delimiter="\t"):
        try:
            subject, predicate, target = (_expanded(row[name], prefixes) for name in _ENDS)
            yield from _axiom(path, row, prefixes)
        except KeyError as error:
            raise KnowledgeError(f"{path.name}: no column or prefix {error}") from None
        if row["predicate_modifier"] != "Not":
            yield Triple(subject, predicate, target)


def _curie_map(lines: list[str]) -> dict[str, str]:
    """The prefixes of the header: the indented lines below ``curie_map:``."""
    header = [line[1:] for line in lines if line.startswith("#")]
    inside, found = False, {}
    for line in header:
        if not line.startswith(" "):
            inside = line.strip() == "curie_map:"
        elif inside:
            prefix, _, base = line.strip().partition(": ")
            found[prefix] = base.strip("\"'")
    return found


def _expanded(curie: str, prefixes: dict[str, str]) -> NamedNode:
    prefix, _, name = curie.partition(":")
    return NamedNode(prefixes[prefix] + name)


def _axiom(path: Path, row: dict[str, str], prefixes: dict[str, str]) -> Iterator[Triple]:
    parts = "|".join((path.name, *(row[name] for name in _ENDS), row["predicate_modifier"]))
    digest = hashlib.sha256(parts.encode()).hexdigest()[:12]
    node = NamedNode(f"{M816}mapping/{path.name.partition('.')[0]}-{digest}")
    yield Triple(node, NamedNode(RDF + "type"), NamedNode(OWL + "Axiom"))
    for column, name in _ENDS.items():
        yield Triple(node, NamedNode(OWL + name), _expanded(row[column], prefixes))
    justified = _expanded(row["mapping_justification"], prefixes)
    yield Triple(node, NamedNode(SSSOM + "mapping_justification"), justified)
    confidence = Literal(row["confidence"], datatype=NamedNode(XSD + "decimal"))
    yield Triple(node, NamedNode(SSSOM + "confidence"), confidence)
    for name in _LITERALS:
        if row[name]:
            yield Triple(node, NamedNode(SSSOM + name), Literal(row[name]))
