"""Results of queries and contents of datasets, compared as the W3C suites want it.

Numbers and booleans are compared by value within their datatype, since an engine may keep values
and not spellings; all other terms exactly; blank nodes by isomorphism; solutions as a bag. No
result set of the suites fixes an order (``rs:index``).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

from tests.conformance.manifest import Facts, Term

Row = Mapping[str, Term]
Result = bool | frozenset[str]
_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS = {
    _XSD + name
    for name in (
        *("integer", "long", "int", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
}
_TABLES = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}
ASKED = {
    "srx": "application/sparql-results+xml",
    "srj": "application/sparql-results+json",
    "tsv": "text/tab-separated-values",
    "csv": "text/csv",
}


def read(body: bytes, media: str, base: str) -> Result:
    """A result in any of the syntaxes the suites use, in a form that can be compared."""
    if media == "text/csv":
        return _table(body)
    if media in _TABLES:
        found = parse_query_results(body, _TABLES[media])
        if isinstance(found, QueryBoolean):
            return bool(found)
        assert isinstance(found, QuerySolutions)
        names = [variable.value for variable in found.variables]
        return rows(names, ({n: s[n] for n in names if s[n] is not None} for s in found))
    facts = Facts(body, base)
    if facts.subjects("rs:resultVariable"):
        return _result_set(facts)
    return graph(q.triple for q in parse(body, RdfFormat.TURTLE, base_iri=base))


def _result_set(facts: Facts) -> Result:
    """A result set written in RDF (DAWG test vocabulary)."""
    (owner,) = facts.subjects("rs:resultVariable")
    names = [
        str(term.value)
        for term in facts.all(owner, "rs:resultVariable")
        if isinstance(term, Literal)
    ]
    found = []
    for solution in facts.all(owner, "rs:solution"):
        bound: dict[str, Term] = {}
        for binding in facts.all(solution, "rs:binding"):
            value = facts.one(binding, "rs:value")
            assert value is not None
            bound[facts.text(binding, "rs:variable")] = value
        found.append(bound)
    return rows(names, found)


def _table(body: bytes) -> Result:
    """CSV keeps neither kinds nor datatypes of terms: cells are texts, numbers by value."""
    header, *lines = csv.reader(io.StringIO(body.decode(), newline=""))
    return rows(
        header, ({n: _cell(c) for n, c in zip(header, line, strict=True)} for line in lines)
    )


def _cell(text: str) -> Term:
    if text.startswith("_:"):
        return BlankNode(text[2:])
    try:
        return Literal(str(Decimal(text).normalize()))
    except InvalidOperation:
        return Literal(text)


def rows(names: Iterable[str], found: Iterable[Row]) -> Result:
    """Solutions as a set of N-Quads that is the same for equal bags of solutions."""
    quads = [Quad(BlankNode(), _VARIABLES, Literal(name), DefaultGraph()) for name in names]
    for row in found:
        node = BlankNode()
        quads.append(Quad(node, _VARIABLES, Literal(""), DefaultGraph()))
        for name, term in row.items():
            quads.append(Quad(node, NamedNode(f"urn:variable:{name}"), by_value(term)))
    return canonical(quads)


_VARIABLES = NamedNode("urn:variable")


def graph(triples: Iterable[Triple]) -> Result:
    """A graph in the same form."""
    return canonical(Quad(t.subject, t.predicate, by_value(t.object)) for t in triples)


def canonical(quads: Iterable[Quad]) -> frozenset[str]:
    """The quads with their blank nodes named by RDFC-1.0."""
    made = Dataset(quads)
    made.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return frozenset(str(quad) for quad in made)


def by_value(term: Term) -> Term:
    """A number or boolean in one spelling for each value; a malformed one as it is."""
    if not isinstance(term, Literal):
        return term
    kind, text = term.datatype.value, term.value.strip()
    try:
        if kind in _INTEGERS:
            text = str(int(text))
        elif kind == _XSD + "decimal":
            text = f"{Decimal(text).normalize():f}"
        elif kind in (_XSD + "double", _XSD + "float"):
            text = repr(float(text))
        elif kind == _XSD + "boolean":
            text = {"1": "true", "0": "false"}.get(text, text)
        else:
            return term
    except (ValueError, InvalidOperation):
        return term
    return Literal(text, datatype=term.datatype)
