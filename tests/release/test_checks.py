"""The checks of the ontology: ours passes them all, and each finds what is planted for it."""

import functools
from collections import defaultdict
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import DefaultGraph, NamedNode, RdfFormat, Triple, parse, serialize
from pyshacl import validate
from rdflib.namespace import RDF, SH

from kg.checks import CHECK, names, shapes, shortfalls
from kg.namespaces import OWL, TYPE, short
from tests.release.stated import stated

PLANTED = Path(__file__).with_name("planted.trig")
QUERIES = sorted(str(s).removeprefix(CHECK) for s in set(shapes().subjects(SH.sparql)))


@functools.cache
def planted() -> tuple[dict[str, list[Triple]], dict[str, set[str]]]:
    """By check: the graph that breaks it, and what it must find fault with."""
    graphs: dict[str, list[Triple]] = defaultdict(list)
    wanted: dict[str, set[str]] = defaultdict(set)
    for quad in parse(path=PLANTED, format=RdfFormat.TRIG):
        if isinstance(quad.graph_name, DefaultGraph):
            assert isinstance(quad.subject, NamedNode)
            assert isinstance(quad.object, NamedNode)
            wanted[quad.subject.value.removeprefix(CHECK)].add(quad.object.value)
        else:
            graphs[str(quad.graph_name)[1:-1].removeprefix(CHECK)].append(quad.triple)
    return graphs, wanted


def test_our_ontology_has_no_shortfall() -> None:
    assert [str(each) for each in shortfalls(stated())] == []


def test_each_check_has_something_planted_for_it_and_nothing_else_is_planted() -> None:
    graphs, wanted = planted()
    assert sorted(graphs) == sorted(wanted) == names()
    assert len(names()) > 40


def test_each_check_has_something_to_look_at_in_our_ontology_but_what_must_not_be_there() -> None:
    kinds = {t.object for t in stated() if t.predicate == TYPE}
    links = {t.predicate for t in stated()}
    absent = {
        str(target)
        for way, there in ((SH.targetClass, kinds), (SH.targetSubjectsOf, links))
        for target in shapes().objects(None, way)
        if NamedNode(str(target)) not in there
    }
    assert absent == {f"{OWL}{name}" for name in ("imports", "sameAs", "deprecated")}


@pytest.mark.parametrize("name", names())
def test_a_check_finds_exactly_what_is_planted(name: str) -> None:
    graphs, wanted = planted()
    found = {each.focus for each in shortfalls(graphs[name], [name])}
    assert found == {short(iri) for iri in wanted[name]}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_run_once_finds_what_pyshacl_finds_for_each_focus(name: str) -> None:
    graphs, wanted = planted()
    data = serialize(graphs[name], format=RdfFormat.N_TRIPLES) or b""
    graph = rdflib.Graph().parse(data=data, format="nt")
    _, report, _ = validate(graph, shacl_graph=shapes(), use_shapes=[CHECK + name])
    assert isinstance(report, rdflib.Graph)
    results = list(report.subjects(RDF.type, SH.ValidationResult))
    assert {str(report.value(each, SH.focusNode)) for each in results} == wanted[name]
