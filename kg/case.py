"""A case: one patient at one encounter, as a graph in the case vocabulary. RDF in and out.

Records carry ``m816:source`` (``Condition/c1``), the case carries its context. What was read but
not mapped travels beside the graph while judging and inside it when written.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
    serialize,
)

from kg.errors import UnreadableInput, UnusableRecord
from kg.expressions import Node
from kg.facts import Row, as_triples, row, text_of
from kg.namespaces import M816, PREFIXES, RECORD, TYPE, XSD, m816, value

_FORMATS = {
    ".ttl": RdfFormat.TURTLE,
    ".trig": RdfFormat.TRIG,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".jsonld": RdfFormat.JSON_LD,
}
_CASE, _NOT_MAPPED = m816("Case"), m816("notMapped")
_MAX_NESTING = 200
_BRACKET = re.compile(rb"[\[\](){}]")
_BOM = b"\xef\xbb\xbf"
_UNNAMED = RECORD + "unnamed-"
_KINDS = {
    "caseEnd": "date",
    "dateOfService": "date",
    "recordDate": "date",
    "sequence": "integer",
    "ageAtService": "integer",
    "rank": "integer",
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)


class Case:
    """One case: its node and id, its asserted facts, and what was not mapped.

    ``rows`` are the facts as plain terms; ``triples`` are the same for reading.
    """

    def __init__(self, node: NamedNode, id: str, triples: Iterable[Triple] = ()) -> None:
        self.node = node
        self.id = id
        self.rows: set[Row] = {row(each) for each in triples}
        self.not_mapped: list[tuple[str, str]] = []

    @property
    def triples(self) -> frozenset[Triple]:
        """The asserted triples; to add to them, ``say``."""
        return frozenset(as_triples(self.rows))

    def say(self, name: str, value: Node) -> None:
        """State an m816 property of the case node."""
        self.rows.add((self.node.value, M816 + name, value))

    def value(self, name: str) -> str:
        """The value of an m816 property of the case node, or empty."""
        node, wanted = self.node.value, M816 + name
        return min((text_of(o) for s, p, o in self.rows if p == wanted and s == node), default="")

    def asserted(self) -> set[Triple]:
        """The case graph as it is written and read again, with what was not mapped."""
        left_out = {
            Triple(NamedNode(RECORD + source), _NOT_MAPPED, Literal(why))
            for source, why in self.not_mapped
        }
        return {*self.triples, *left_out}


def turtle(triples: set[Triple]) -> str:
    """Triples as sorted Turtle with our prefixes, recorded literal forms kept."""
    ordered = sorted(triples, key=str)
    return (serialize(ordered, format=RdfFormat.TURTLE, prefixes=PREFIXES) or b"").decode()


def trig(graphs: dict[str, set[Triple]]) -> str:
    """Several graphs as TriG, each named by its case."""
    quads = [
        Quad(t.subject, t.predicate, t.object, NamedNode(name))
        for name, triples in sorted(graphs.items())
        for t in sorted(triples, key=str)
    ]
    return (serialize(quads, format=RdfFormat.TRIG, prefixes=PREFIXES) or b"").decode()


def format_of(name: str) -> RdfFormat | None:
    """The RDF syntax a file name announces, or None."""
    return _FORMATS.get(Path(name).suffix.lower())


def from_rdf(raw: bytes, syntax: RdfFormat, file: str) -> list[Case]:
    """The cases of an RDF document: one a named graph, or one in all.

    Raises ``UnreadableInput`` on a syntax error, ``UnusableRecord`` when a graph holds no case,
    several patients, or a case without an id.
    """
    graphs: dict[str, set[Triple]] = {}
    names: dict[str, NamedNode] = {}
    for quad in _quads(raw.removeprefix(_BOM), syntax, file):
        graph = quad.graph_name
        name = "" if isinstance(graph, DefaultGraph) else _named(graph, names).value
        triple = Triple(_named(quad.subject, names), quad.predicate, _named(quad.object, names))
        graphs.setdefault(name, set()).add(triple)
    cases = [_case(triples, file, name) for name, triples in sorted(graphs.items())]
    known = [case for case in cases if case is not None]
    found = sorted(known, key=lambda case: case.value("caseEnd"), reverse=True)
    if not found:
        raise UnusableRecord(
            file, "", "there is no m816:Case in it", "Type the case node m816:Case"
        )
    return found


def _quads(raw: bytes, syntax: RdfFormat, file: str) -> list[Quad]:
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise UnreadableInput(file, "", "document type declarations are refused", "Remove them")
    depth = 0
    for bracket in _BRACKET.finditer(raw):
        depth += 1 if bracket[0] in b"[({" else -1
        if depth > _MAX_NESTING:
            raise UnreadableInput(file, "", "the RDF is nested too deeply", "Name the nodes")
    try:
        return list(parse(raw, syntax, base_iri=RECORD))
    except SyntaxError as error:
        if "LoadDocumentCallback" in str(error):
            what = "a remote JSON-LD context is not fetched"
            raise UnreadableInput(file, "", what, "Put the context into the file") from None
        line = f"line {error.lineno}" if error.lineno else ""
        raise UnreadableInput(file, line, "the RDF has a syntax error", "Correct it") from None
    except (ValueError, OSError):
        raise UnreadableInput(file, "", "the RDF cannot be read", "Save it as UTF-8") from None


def _named(term: Any, names: dict[str, NamedNode]) -> Any:
    """The term; a blank node becomes a named one, numbered in reading order."""
    if not isinstance(term, BlankNode):
        return term
    return names.setdefault(term.value, NamedNode(f"{_UNNAMED}{len(names) + 1}"))


def _check_values(triples: set[Triple], file: str, place: str) -> None:
    """Refuse dates and numbers that are none, and what RDF 1.1 does not know."""
    for triple in sorted(triples, key=str):
        name = triple.predicate.value.removeprefix(M816)
        if isinstance(triple.object, Triple):
            raise UnusableRecord(file, place, "it has triples about triples", "Name the facts")
        if isinstance(triple.object, Literal) and triple.object.direction is not None:
            what = "a text has a base direction"
            raise UnusableRecord(file, place, what, "Give its language only")
        kind = _KINDS.get(name, "")
        if not kind and isinstance(triple.object, Literal):
            kind = triple.object.datatype.value.removeprefix(XSD)
        if not _is_a(kind, value(triple.object)):
            where = f"{place}, m816:{name}" if triple.predicate.value.startswith(M816) else place
            raise UnusableRecord(file, where, f"the value is no {kind}", "Correct the value")


def _is_a(kind: str, text: str) -> bool:
    try:
        if kind == "date":
            return (
                bool(_DAY.fullmatch(text))
                and 1850 <= datetime.date.fromisoformat(text).year <= 2150
            )
        if kind == "decimal":  # without an exponent, which could ask for gigabytes
            return len(text) <= 64 and _DECIMAL.fullmatch(text) is not None
        if kind.lower().endswith("duration"):
            return len(text) <= 24
        return kind != "integer" or (len(text) <= 18 and isinstance(int(text), int))
    except ValueError:
        return False


def _case(triples: set[Triple], file: str, graph: str) -> Case | None:
    nodes = {value(t.subject) for t in triples if t.predicate == TYPE and t.object == _CASE}
    if not nodes:
        return None
    place = "a named graph" if graph else "the default graph"
    node = NamedNode(min(nodes))
    patients = {t.object for t in triples if t.predicate == m816("ofPatient")}
    if len(patients) > 1 or len(nodes) > 1:
        what = "two patients" if len(patients) > 1 else "two cases"
        raise UnusableRecord(file, place, f"one case graph names {what}", "Split it")
    if node.value.startswith(_UNNAMED):
        raise UnusableRecord(file, place, "the case is a blank node", "Give it an IRI")
    _check_values(triples, file, place)
    left_out = [t for t in triples if t.predicate == _NOT_MAPPED]
    case = Case(node, "", triples - set(left_out))
    case.id = case.value("caseId") or node.value.removeprefix(RECORD).removeprefix("case/")
    case.not_mapped = sorted(
        (value(t.subject).removeprefix(RECORD), value(t.object)) for t in left_out
    )
    return case
