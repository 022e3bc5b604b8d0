"""Compiled derivations add what a SPARQL engine adds, on every case and record, step by step."""

from __future__ import annotations

import pytest
from pyoxigraph import DefaultGraph, Quad, QueryTriples, RdfFormat, Store, Triple

from kg import expressions
from kg.compiled import construct_compiled, names, steps
from kg.compiler import source
from kg.construct import written
from kg.derive import prepared
from kg.errors import KnowledgeError
from kg.expressions import BOOLEAN, DECIMAL, INTEGER, text
from kg.facts import Facts, Row, row, triple
from kg.grammar import parse
from kg.knowledge import Derivation, default
from kg.namespaces import XSD
from tests.rules.corpus import RuleCase, rule_cases

CASES = rule_cases()
PREFIX = "PREFIX e: <https://example.org/> "
DAY = XSD + "date"


def by_oxigraph(graph: set[Triple]) -> set[Triple]:
    """What the derivations add, asked of a SPARQL engine one after another."""
    store = Store()
    store.bulk_extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in graph)
    added: set[Triple] = set()
    for derivation in default().derivations:
        answer = store.query(derivation.query)
        assert isinstance(answer, QueryTriples)
        made = set(answer)
        store.extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in made)
        added |= made
    return added - graph


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}#{case.name}")
def test_a_case_gets_the_facts_that_a_sparql_engine_gives(case: RuleCase) -> None:
    graph = prepared(case.case(), default())
    assert construct_compiled(graph, default()) == by_oxigraph(graph)


@pytest.mark.parametrize("derivation", default().derivations, ids=lambda each: each.id)
def test_a_derivation_read_and_written_is_the_same(derivation: Derivation) -> None:
    tree = parse(derivation.query)
    assert parse(written(tree)) == tree
    assert isinstance(Store().query(written(tree)), QueryTriples)


def test_every_derivation_is_compiled() -> None:
    assert len(steps(default())) == len(default().derivations) > 100


DATA = """
@prefix e: <https://example.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
e:a e:p e:b , e:c ; e:n 1 , 2.50 ; e:day "2026-01-02"^^xsd:date .
e:b e:p e:c ; e:q e:a . e:c e:q e:d ; e:n 3 ; e:flag true . e:d e:p e:d .
"""
QUERIES = [
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:n ?n ; e:p+ ?y }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?m . ?m (e:p|e:q)* ?y }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p/e:q? ?y }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x ^e:p/e:p ?y }",
    "CONSTRUCT { ?x e:r ?n } WHERE { ?x e:n ?n . FILTER ( ?n > 1 ) }",
    "CONSTRUCT { ?x e:r ?n } WHERE { ?x e:n ?n . FILTER ( ?n != 1 ) }",
    "CONSTRUCT { ?x e:r ?n } WHERE { ?x e:n ?n . FILTER ( ! ( ?n < 3 ) ) }",
    "CONSTRUCT { ?x e:r ?n } WHERE { ?x e:n ?n . FILTER ( ?n IN ( 1, 3 ) ) }",
    "CONSTRUCT { ?x e:r ?n } WHERE { ?x e:n ?n . FILTER ( ?n NOT IN ( 1, 3 ) ) }",
    "CONSTRUCT { ?x e:r ?q } WHERE { ?x e:p ?y . OPTIONAL { ?x e:q ?q } }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . OPTIONAL { ?x e:q ?q } FILTER ( !BOUND(?q) ) }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . FILTER NOT EXISTS { ?y e:q ?x } }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y OPTIONAL { ?y e:q ?z } FILTER EXISTS { ?z e:p ?y }}",
    "CONSTRUCT { ?x e:r ?y } WHERE { { ?x e:p ?y } UNION { ?y e:q ?x } ?y e:n ?n }",
    "CONSTRUCT { ?x e:r ?z } WHERE { { ?x e:q ?z } UNION { ?x e:n ?n . BIND ( ?x AS ?z ) } }",
    "CONSTRUCT { ?x e:r ?z } WHERE { ?z e:p ?x { ?x e:q ?z } UNION { ?x e:p ?m BIND ( ?x AS ?z )}}",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . VALUES ( ?x ?y ) { ( e:a UNDEF ) ( e:d e:d ) } }",
    'CONSTRUCT { ?x e:r ?s } WHERE { ?x e:p ?y . BIND ( CONCAT( STR( ?y ), "!" ) AS ?s ) }',
    "CONSTRUCT { ?x e:r ?s } WHERE { ?x e:n ?n . BIND ( IF( ?n > 1, e:more, e:less ) AS ?s ) }",
    "CONSTRUCT { ?x e:r ?s } WHERE { ?x e:n ?n . BIND ( COALESCE( ?n + 1, e:none ) AS ?s ) }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . { SELECT DISTINCT ?y WHERE { ?y e:q ?any } } }",
    "CONSTRUCT { ?x e:r ?v } WHERE { ?x e:flag ?v . FILTER ( ?v ) }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p|^e:q|(e:p/e:q)|e:n? ?y . ?x e:p e:c }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?y e:p ?z . ?x (e:p|e:q)?|^(e:p/e:p) ?y }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?y e:n 3 . ?x e:q/(e:p|^e:p)/e:p* ?y }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . FILTER NOT EXISTS { ?x e:q|(e:p/e:q) ?y } }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . FILTER EXISTS { ?z ^e:q ?x } }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:n ?n . ?y e:q ?z . FILTER EXISTS { ?x e:p* ?y } }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?z . ?y e:q ?w . FILTER EXISTS { ?x e:p+ ?y } }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?z . ?y e:q ?w . FILTER EXISTS { ?x (e:p|e:q)+ ?y } }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . OPTIONAL { ?z e:q|e:p ?y } FILTER ( ?z != e:a ) }",
    "CONSTRUCT { ?x e:r ?y } WHERE { { ?x e:p ?y } UNION { ?x e:q ?z } OPTIONAL { ?x e:flag ?z } }",
    "CONSTRUCT { ?x e:r ?y } WHERE { { ?x e:p ?y } UNION { ?x e:q ?z FILTER ( ?z = e:a ) } "
    "FILTER ( BOUND(?y) || ?z IN ( e:a, e:d ) ) }",
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . { { ?y e:p ?z } UNION { ?y e:q ?z } } "
    "UNION { ?y e:flag ?z } FILTER ( ?z NOT IN ( e:c, true ) ) }",
    "CONSTRUCT { ?x e:r ?y . ?x e:s ?z } WHERE { { ?x e:p ?y } UNION { ?x e:q ?z } }",
    'CONSTRUCT { ?x e:r ?n } WHERE { ?x e:n ?n FILTER ( ?n IN ( "1", 2.5 ) || STR( ?n ) = "3" ) }',
    "CONSTRUCT { ?x e:r ?y } WHERE { ?x ?p ?y . VALUES ?p { e:p e:q } "
    "FILTER NOT EXISTS { ?y ?p ?x } }",
    "CONSTRUCT { ?x e:r ?o } WHERE { ?x e:p/e:q ?p ; e:p ?o FILTER ( ?p = e:a || ?o = e:c ) }",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_form_of_query_means_what_sparql_says(query: str) -> None:
    store = Store()
    store.load(DATA.encode(), format=RdfFormat.TURTLE)
    out = _run(query, Facts(row(quad.triple) for quad in store))
    answer = store.query(PREFIX + query)
    assert isinstance(answer, QueryTriples)
    assert {triple(each) for each in out} == set(answer)


def _run(query: str, known: Facts) -> list[Row]:
    scope = names()
    exec(source(parse(PREFIX + query), "run"), scope)
    out: list[Row] = []
    scope["run"](known, out)
    return out


@pytest.mark.parametrize(
    "query",
    [
        "CONSTRUCT { ?x e:r ?y } WHERE { ?x ?p ?y }",
        "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p* ?y }",
        "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:n ?n { ?x e:p ?y FILTER ( ?n > 1 ) } "
        "UNION { ?x e:q ?y } }",
        "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?c { ?x e:q ?y FILTER NOT EXISTS { ?c e:q ?d } } "
        "UNION { ?x e:p ?y } }",
        "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?z OPTIONAL { ?x e:q ?y } ?y e:p ?w }",
        'CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . FILTER ( LCASE( ?y ) = "a" ) }',
        "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y . MINUS { ?x e:q ?y } }",
        "CONSTRUCT { ?x e:r ?y } WHERE { ?x e:p ?y } LIMIT 3",
        "SELECT ?x WHERE { ?x e:p ?y }",
    ],
)
def test_what_cannot_be_compiled_is_refused_and_never_guessed(query: str) -> None:
    with pytest.raises(KnowledgeError):
        _run(query, Facts([("a", "https://example.org/p", "b")]))


OPERANDS = [
    "true",
    "false",
    "?none",
    "( ?x = e:a )",
    "EXISTS { ?x e:q ?z }",
    "( ?y IN ( e:b, 1 ) )",
]
FORMS = [
    "{0} && {1}",
    "{0} || {1}",
    "!( {0} && {1} )",
    "!( {0} || !{1} )",
    "COALESCE( IF( {0}, {1}, ?x ), ?y ) = e:b",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("first", OPERANDS)
@pytest.mark.parametrize("second", OPERANDS)
def test_truth_has_three_values_as_in_sparql(form: str, first: str, second: str) -> None:
    said = form.format(first, second)
    where = f"?x e:p ?y . OPTIONAL {{ ?x e:none ?none }} BIND ( {said} AS ?v )"
    test_a_form_of_query_means_what_sparql_says(f"CONSTRUCT {{ ?x e:r ?v }} WHERE {{ {where} }}")
    where = f"?x e:p ?y . OPTIONAL {{ ?x e:none ?none }} FILTER ( {said} )"
    test_a_form_of_query_means_what_sparql_says(f"CONSTRUCT {{ ?x e:r ?y }} WHERE {{ {where} }}")


def test_the_truth_of_a_term_is_its_effective_boolean_value() -> None:
    assert expressions.ebv(text("")) is False
    assert expressions.ebv("https://example.org/") is None
    assert expressions.ebv(("1", BOOLEAN, None)) is True


def test_comparison_is_by_value_for_numbers_and_an_error_between_kinds() -> None:
    one, one_again, day = ("1", INTEGER, None), ("1.0", DECIMAL, None), ("2026-01-02", DAY, None)
    assert expressions.equal(one, one_again) is True
    assert expressions.equal(one, text("1")) is None
    assert expressions.less(one, ("2.5", DECIMAL, None)) is True
    assert expressions.less(day, ("2026-01-03", DAY, None)) is True
    assert expressions.less(day, one) is None
