"""Terms across the whole project: used in Turtle, shapes, derivations or Python, explained once.

What a coder reads in a verdict is the label of such a term, so each has words of its own.
"""

import ast
import functools
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, parse

from tests.corpus.whole_graph import (
    DEFINITION,
    LABEL,
    M816,
    NOTATION,
    ONTOLOGY,
    STATEMENT,
    TYPE,
    instances,
    m816,
    values,
)

ROOT = ONTOLOGY.parent
SHAPES = sorted((ROOT / "shapes").glob("*.ttl"))
CASES = sorted((ROOT / "shapes").glob("*.trig"))
DERIVATIONS = sorted((ONTOLOGY / "rules").glob("*.rq"))
VOCABULARY = ["record", "record-read", "record-derived", "record-judged", "rulebook"]
OWL = "http://www.w3.org/2002/07/owl#"
KINDS_OF_PROPERTY = {OWL + k for k in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")}


def name(path: Path) -> str:
    """The path from the root, as a test's id."""
    return path.relative_to(ROOT).as_posix()


def local(node: object) -> str:
    """The local name of a term of ours, or empty for anything else and for things with a path."""
    iri = node.value if isinstance(node, NamedNode) else ""
    found = iri.removeprefix(M816) if iri.startswith(M816) else ""
    return "" if "/" in found else found


@functools.cache
def triples(path: Path) -> list[Triple]:
    """One Turtle file."""
    return list(parse(path=path, format=RdfFormat.TURTLE, rename_blank_nodes=True))


@functools.cache
def everything() -> list[Triple]:
    """All Turtle that people wrote: the ontology without the generated codes, and the shapes."""
    files = [p for p in ONTOLOGY.rglob("*.ttl") if not p.is_relative_to(ONTOLOGY / "codes")]
    return [t for path in (*sorted(files), *SHAPES) for t in triples(path)]


def in_query(path: Path) -> set[str]:
    """The terms a derivation names."""
    return set(re.findall(r"\bm816:([A-Za-z][\w.-]*\w)", path.read_text("utf-8")))


def in_python(path: Path) -> Iterator[str]:
    """The terms a module names: ``m816("x")``, ``M816 + "x"`` and what it asks knowledge for."""
    asking = {"text": 1, "texts": 1, "values": 1, "value": 1, "subjects": 0, "of_type": 0}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.BinOp) and ast.unparse(node.left) == "M816":
            yield from _constant(node.right)
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func).split(".")
            place = 0 if called == ["m816"] else asking.get(called[-1])
            ours = called == ["m816"] or called[-2:-1] in (["knowledge"], ["view"], ["case"])
            if place is not None and ours and len(node.args) > place:
                yield from _constant(node.args[place])


def _constant(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from [node.value] if re.fullmatch(r"[A-Za-z][\w-]*", node.value) else []


@functools.cache
def modules() -> list[Path]:
    """The modules that ship."""
    return sorted(path for folder in ("kg", "server") for path in (ROOT / folder).rglob("*.py"))


def undeclared(names: set[str]) -> list[str]:
    """Those without a type, one label and one definition, sorted."""
    return sorted(
        each
        for each in names
        if not values(m816(each), TYPE)
        or [len(values(m816(each), p)) for p in (LABEL, DEFINITION)] != [1, 1]
    )


@pytest.mark.parametrize("path", SHAPES, ids=name)
def test_every_term_of_the_shapes_is_declared_and_explained(path: Path) -> None:
    nodes = {node for t in triples(path) for node in (t.subject, t.predicate, t.object)}
    assert undeclared({local(node) for node in nodes} - {""}) == []


@pytest.mark.parametrize("path", CASES, ids=name)
def test_every_term_of_the_cases_is_declared_and_explained(path: Path) -> None:
    quads = list(parse(path=path, format=RdfFormat.TRIG))
    nodes = {node for q in quads for node in (q.subject, q.predicate, q.object)}
    assert undeclared({local(node) for node in nodes} - {""}) == []


@pytest.mark.parametrize("path", DERIVATIONS, ids=name)
def test_every_term_of_a_derivation_is_declared_and_explained(path: Path) -> None:
    assert undeclared(in_query(path)) == []


def test_every_term_that_python_names_is_declared_and_explained() -> None:
    named = {term for path in modules() for term in in_python(path)}
    assert len(named) > 60
    assert undeclared(named) == []


@pytest.mark.parametrize("path", DERIVATIONS, ids=name)
def test_every_statement_a_derivation_cites_exists(path: Path) -> None:
    cites = re.search(r"^# cites: (.+)$", path.read_text("utf-8"), re.M)
    assert cites
    cited = [NamedNode(STATEMENT + each) for each in cites[1].split()]
    assert [s.value for s in cited if m816("Statement").value not in values(s, TYPE)] == []


def test_every_property_of_the_case_vocabulary_is_written_or_read_somewhere() -> None:
    files = [ONTOLOGY / f"{each}.ttl" for each in VOCABULARY]
    files.append(ONTOLOGY / "terms" / "vocabulary.ttl")
    declared = {
        local(t.subject)
        for path in files
        for t in triples(path)
        if t.predicate == TYPE and isinstance(t.object, NamedNode)
        if local(t.subject) and t.object.value in KINDS_OF_PROPERTY
    }
    used = {local(t.predicate) for t in everything()} | {local(t.object) for t in everything()}
    used |= {term for path in DERIVATIONS for term in in_query(path)}
    used |= {local(q.predicate) for f in CASES for q in parse(path=f, format=RdfFormat.TRIG)}
    text = "\n".join(path.read_text("utf-8") for path in modules())
    assert {each for each in declared - used if f'"{each}"' not in text} == set()


def test_a_concept_has_one_kind_so_that_phrases_are_compared_within_it() -> None:
    marks = {M816 + "AlwaysInSlice"}
    kinds: dict[str, set[str]] = defaultdict(set)
    for t in everything():
        if t.predicate == m816("denotes") and isinstance(t.object, NamedNode):
            kinds[local(t.object)] = {k for k in values(t.object, TYPE) if k.startswith(M816)}
    assert {term: k for term, k in kinds.items() if len(k - marks) != 1} == {}


def test_no_two_rows_give_different_meanings_to_one_code_prefix() -> None:
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in instances("CodePrefix"):
        for system in values(row, m816("ofSystem")):
            for prefix in values(row, m816("prefix")):
                owners[system, prefix].add(row.value)
    assert {key: rows for key, rows in owners.items() if len(rows) > 1} == {}


def test_windows_have_a_name_for_the_verdict_and_a_length() -> None:
    found = {values(w, NOTATION)[0]: values(w, m816("days")) for w in instances("Window")}
    assert found == {"fractureRelation": ["90"], "surgery": ["90"], "drugExposure": ["365"]}


def test_nothing_in_the_tables_hangs_on_a_blank_node() -> None:
    tables = sorted((ONTOLOGY / "terms").glob("*.ttl"))
    nodes = {node for path in tables for t in triples(path) for node in (t.subject, t.object)}
    assert not any(isinstance(node, BlankNode) for node in nodes)
