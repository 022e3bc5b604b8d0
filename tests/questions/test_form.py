"""The named queries as published: one a file, in the form of SPARQL examples, with known terms."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.namespace import RDF, RDFS, XSD
from rdflib.plugins.sparql import prepareQuery

from kg.guard import overlook
from kg.knowledge import default
from kg.locations import ONTOLOGY
from kg.namespaces import M816, PREFIXES
from kg.questions import Question, term
from tests.questions.asking import KNOWN, case_graphs, store

FOLDER = ONTOLOGY / "queries"
FILES = sorted(path for path in FOLDER.iterdir() if path.name != "prefixes.ttl")
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
SCHEMA = rdflib.Namespace("https://schema.org/")
QUERY = rdflib.Namespace(M816 + "query/")
BLOCK = re.compile(r"VALUES \?(\w+) \{ (.*?) \}")
OURS = re.compile(r"<([^>]*)>")
# What no release uses yet: a term that was deprecated, mappings with a modifier in test data only.
NOT_YET = {
    "http://www.w3.org/2002/07/owl#deprecated",
    "http://purl.org/dc/terms/isReplacedBy",
    "https://w3id.org/m816/graph/codes-before",  # the name under which to load an earlier release
}
RECORDS = ("us-core-dxa.json", "fracture-relation-a.json", "sudeck-unrelated-b.json")


def label(path: Path) -> str:
    """The file, as a test's id."""
    return path.stem


def graph(path: Path) -> rdflib.Graph:
    """One file and the shared prefixes."""
    return rdflib.Graph().parse(path, format="turtle").parse(FOLDER / "prefixes.ttl")


def every(questions: dict[str, Question]) -> list[object]:
    """Each question as a parameter of a test."""
    return [pytest.param(question, id=question.id) for question in questions.values()]


def test_there_is_a_query_for_each_competency_question_and_fifteen_more() -> None:
    numbers = [question.number for question in KNOWN.values()]
    assert set(numbers) - {0} == set(range(1, 26))
    assert numbers.count(0) >= 15
    assert len(KNOWN) >= 40
    assert {question.form for question in KNOWN.values()} == {"select", "ask", "construct"}
    of_cases = {question.number for question in KNOWN.values() if question.of_case}
    assert of_cases >= {8, 16, 17, 18, 19, 20}


def test_there_is_one_query_a_file_and_nothing_else() -> None:
    assert [path.suffix for path in FOLDER.iterdir()] == [".ttl"] * len(list(FOLDER.iterdir()))
    assert {path.stem for path in FILES} == set(KNOWN)


@pytest.mark.parametrize("path", FILES, ids=label)
def test_a_query_has_the_form_of_a_published_example(path: Path) -> None:
    found = graph(path)
    (subject,) = found.subjects(RDF.type, SH.SPARQLExecutable)
    assert subject == QUERY[path.stem]
    (form,) = [n for n in ("select", "ask", "construct") if found.value(subject, SH[n])]
    assert (subject, RDF.type, SH[f"SPARQL{form.capitalize()}Executable"]) in found
    for name in (RDFS.label, RDFS.comment):
        (words,) = found.objects(subject, name)
        assert isinstance(words, rdflib.Literal)
        assert words.language == "en"
    assert str(found.value(subject, RDFS.comment)).count("?") >= 1
    assert found.value(subject, SCHEMA.target) == rdflib.URIRef(M816 + "sparql")
    assert list(found.objects(subject, SCHEMA.keywords))
    assert found.value(subject, SH.prefixes) == rdflib.URIRef(M816 + "ontology")


@pytest.mark.parametrize("path", FILES, ids=label)
def test_the_prefixes_of_a_query_are_declared_in_it_and_in_the_graph(path: Path) -> None:
    found = graph(path)
    text = KNOWN[path.stem].text
    inside = dict(re.findall(r"PREFIX (\w+): <([^>]*)>", text))
    declared = {
        str(found.value(node, SH.prefix)): found.value(node, SH.namespace)
        for node in found.objects(rdflib.URIRef(M816 + "ontology"), SH.declare)
    }
    assert {value.datatype for value in declared.values()} == {XSD.anyURI}  # type: ignore[union-attr]
    assert inside.items() <= {name: str(value) for name, value in declared.items()}.items()
    body = re.sub(r'PREFIX .*|"[^"]*"|<[^>]*>', "", text)
    assert set(re.findall(r"(?<![\w?])([a-z]\w*):", body)) == set(inside)


@pytest.mark.parametrize("question", every(KNOWN))
def test_the_text_says_the_default_of_each_parameter(question: Question) -> None:
    knowledge = default()
    blocks = BLOCK.findall(question.text)
    names = {parameter.name for parameter in question.parameters}
    assert names == {name for name, value in blocks if name in names}
    for name, written in blocks:
        if name not in names:
            continue
        parameter = next(p for p in question.parameters if p.name == name)
        assert written == "UNDEF" if parameter.default is None else written != "UNDEF"
        if parameter.default is not None:
            prefixes = {**PREFIXES, "graph": M816 + "graph/"}
            read = f"SELECT ?x {{ VALUES ?x {{ {written} }} }}"
            result = ox.Store().query(read, prefixes=prefixes)
            assert isinstance(result, ox.QuerySolutions)
            assert [row["x"] for row in result] == [parameter.default]
            words = parameter.default.value
            assert term(question.id, parameter, words, knowledge) == parameter.default


@pytest.mark.parametrize("question", every(KNOWN))
def test_a_query_is_admitted_and_means_something_to_both_engines(question: Question) -> None:
    seen = overlook(question.text)
    assert (seen.form.lower(), seen.fetches, seen.fault, seen.volatile) == (
        question.form,
        "",
        "",
        False,
    )
    prepareQuery(question.text)
    store().query(f"{question.text}", use_default_graph_as_union=True)


def named(question: Question) -> set[str]:
    """Every IRI in the text of a query, prefixed names written out."""
    inside = dict(re.findall(r"PREFIX (\w+): <([^>]*)>", question.text))
    body = re.sub(r'PREFIX .*|"[^"]*"', "", question.text)
    found = {inside[p] + n for p, n in re.findall(r"(?<![\w?])([a-z]\w*):([\w.-]*[\w-])", body)}
    return found | set(OURS.findall(body))


@pytest.mark.parametrize("question", every(KNOWN))
def test_every_name_in_a_query_is_one_that_the_data_use(question: Question) -> None:
    unused = set()
    for iri in named(question) - NOT_YET:
        node = ox.NamedNode(iri)
        anywhere = ((node, None, None), (None, node, None), (None, None, node))
        graphs = store().contains_named_graph(node) or "XMLSchema#" in iri
        if not graphs and not any(any(store().quads_for_pattern(*p)) for p in anywhere):
            unused.add(iri)
    assert unused == set()


def test_no_fact_is_in_two_graphs_for_oxigraph_would_answer_twice() -> None:
    quads = list(store())
    assert len({quad.triple for quad in quads}) == len(quads)


@pytest.mark.parametrize("question", every({k: q for k, q in KNOWN.items() if q.of_case}))
def test_a_question_about_cases_looks_for_what_cases_hold(question: Question) -> None:
    inside = " ".join(re.findall(r"GRAPH \?graph \{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", question.text))
    wanted = set(re.findall(r"m816:(\w+)", inside))
    held = {
        part.value.removeprefix(M816)
        for record in RECORDS
        for triples in case_graphs(record).values()
        for t in triples
        for part in (t.predicate, t.object)
        if isinstance(part, ox.NamedNode)
    }
    rare = {"openQuestion"}
    assert wanted - held - rare == set()


def test_the_prefixes_file_declares_no_name_that_no_query_uses() -> None:
    declared = rdflib.Graph().parse(FOLDER / "prefixes.ttl")
    names = {str(value) for value in declared.objects(None, SH.prefix)}
    used = {n for q in KNOWN.values() for n in re.findall(r"PREFIX (\w+):", q.text)}
    assert names == used
