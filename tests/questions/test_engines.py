"""A sample of the named queries on rdflib, the reference: the same rows as on Oxigraph."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

import pyoxigraph as ox
import rdflib

from kg.dataset import dataset
from kg.knowledge import default
from kg.namespaces import ICD, M816, STATEMENT
from kg.questions import bound
from tests.questions.asking import KNOWN, case_graphs

RECORD = "us-core-dxa.json"
NEAR = "M8[019]|M00-M99|M05.A|O99.891|R29.890|Z79|Z87"
FAR = re.compile(rf"({ICD}|{STATEMENT}T-)(?!{NEAR})|{M816}(phrase|code-prefix|fhir-value)/")
OF_CASES = ("missing", "unknowns", "expected-codes", "submitted-codes", "densities", "drugs-in-use")
SAMPLE = (
    *("additional-codes", "causes", "code-on-date", "codes-for-density", "codes-new-since"),
    *("codes-with-fracture", "conflicts", "differential", "drug-classes", "feed-limits"),
    *("index-entries", "inferred-rules", "mappings-of-term", "obligations-of-specialty"),
    *("rules-by-authority", "sources-of-rule", "treatments", "types-and-codes", *OF_CASES),
)


@functools.cache
def part() -> bytes:
    """Most of the dataset with the cases of a record; of the codes those near M81.

    rdflib takes long to read, and both engines are to see the same.
    """
    kept = [
        quad
        for quad in ox.parse(dataset(default()).quads, ox.RdfFormat.N_QUADS)
        if not FAR.match(getattr(quad.subject, "value", ""))
    ]
    known = {quad.triple for quad in kept}
    kept += [
        ox.Quad(t.subject, t.predicate, t.object, case)
        for case, triples in case_graphs(RECORD).items()
        for t in triples - known  # as kg.queries.case_quads has it
    ]
    return ox.serialize(kept, format=ox.RdfFormat.N_QUADS) or b""


@functools.cache
def oxigraph() -> ox.Store:
    """That part in Oxigraph."""
    made = ox.Store()
    made.bulk_load(part(), format=ox.RdfFormat.N_QUADS)
    return made


@functools.cache
def reference() -> rdflib.Dataset:
    """The same in rdflib."""
    made = rdflib.Dataset(default_union=True)
    made.parse(data=part(), format="nquads")
    return made


def plain(value: object) -> str | None:
    """A term of either library as its text; decimals by value, for Oxigraph trims them."""
    if value is None:
        return None
    datatype = str(getattr(value, "datatype", "") or "")
    words = str(getattr(value, "value", value) if isinstance(value, TERMS) else value)
    return str(Decimal(words).normalize()) if "decimal" in datatype else words


TERMS = (ox.NamedNode, ox.Literal, ox.BlankNode)


def rows(name: str) -> tuple[list[str], list[str]]:
    """What each engine answers to a query, in any order."""
    text = bound(KNOWN[name], {}, default())
    result = oxigraph().query(text, use_default_graph_as_union=True)
    assert isinstance(result, ox.QuerySolutions)
    head = [variable.value for variable in result.variables]
    ours = [str([plain(row[column]) for column in head]) for row in result]
    found = reference().query(text)
    theirs = [str([plain(row[column]) for column in head]) for row in found]  # type: ignore[index, call-overload]
    return sorted(ours), sorted(theirs)


def test_rdflib_gives_the_same_rows() -> None:
    """One test for all, so that one process reads what rdflib takes long to read."""
    answers = {name: rows(name) for name in SAMPLE}
    assert [name for name, (ours, _) in answers.items() if not ours] == []
    assert [name for name, (ours, theirs) in answers.items() if ours != theirs] == []
