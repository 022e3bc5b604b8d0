"""The ontology is OWL 2 DL, keeps to what the closure infers from, and each check can fail."""

import pytest
from pyoxigraph import RdfFormat, Triple, parse

from kg.closure import clashes, implied, rules
from kg.disease import axioms, beyond_rl
from kg.owl_profile import INFERRED, dl_findings, rl_findings, value_findings
from kg.prove.suites import wrong_values

PREFIXES = b"""@prefix m816: <https://w3id.org/m816/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix q: <urn:m816:q/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> ."""
NOT_DL = {
    "the property m816:strange is not declared": "q:a m816:strange q:b",
    "the class m816:Strange is not declared": "q:a a m816:Strange",
    "m816:Disorder is declared as Class and ObjectProperty": "m816:Disorder a owl:ObjectProperty",
    "m816:locatedIn is declared as DatatypeProperty and ObjectProperty": (
        "m816:locatedIn a owl:DatatypeProperty"
    ),
    "m816:locatedIn of q/a is a literal": "q:a m816:locatedIn 'hip'",
    "m816:paired of q/a is no literal": "q:a m816:paired q:b",
    "m816:partOf and its range http://www.w3.org/2001/XMLSchema#date are of two kinds": (
        "m816:partOf rdfs:range xsd:date"
    ),
    "a restriction is on m816:paired, no object property": (
        "m816:Disorder rdfs:subClassOf [ owl:onProperty m816:paired ; owl:hasValue true ]"
    ),
    "m816:partOf has one value and is composed": "m816:partOf a owl:FunctionalProperty",
    "m816:locatedIn has one value and is composed": "m816:locatedIn a owl:FunctionalProperty",
    "the chains of m816:locatedIn, m816:partOf run in a circle": (
        "m816:partOf owl:propertyChainAxiom ( m816:locatedIn m816:partOf )"
    ),
}
NOT_RL = {
    "m816:Disorder uses http://www.w3.org/2002/07/owl#complementOf, without a rule": (
        "m816:Disorder owl:complementOf m816:Process"
    ),
    "m816:partOf uses http://www.w3.org/2002/07/owl#SymmetricProperty, without a rule": (
        "m816:partOf a owl:SymmetricProperty"
    ),
    "m816:Disorder: someValuesFrom stands on the right": (
        "m816:Disorder rdfs:subClassOf [ owl:onProperty m816:locatedIn ; "
        "owl:someValuesFrom m816:Region ]"
    ),
    "q/middling, a value of m816:hasExtent, is not told apart": "q:middling a m816:SkeletalExtent",
}


def planted(turtle: str) -> list[Triple]:
    """The ontology with a mistake in it."""
    quads = parse(PREFIXES + turtle.encode() + b" .", RdfFormat.TURTLE)
    return [*axioms(), *(Triple(q.subject, q.predicate, q.object) for q in quads)]


def test_the_ontology_is_owl_2_dl() -> None:
    assert dl_findings([*axioms(), *beyond_rl()]) == []


def test_all_but_the_axioms_kept_apart_is_within_what_the_closure_infers_from() -> None:
    assert rl_findings(axioms()) == []
    assert len(rl_findings([*axioms(), *beyond_rl()])) >= 20


def test_every_construct_has_its_rules_and_every_rule_its_construct() -> None:
    known = {rule.id for rule in rules()}
    assert {rule for named in INFERRED.values() for rule in named} <= known


@pytest.mark.parametrize(("finding", "turtle"), NOT_DL.items(), ids=range(len(NOT_DL)))
def test_a_planted_mistake_is_found_to_be_outside_owl_2_dl(finding: str, turtle: str) -> None:
    assert finding in dl_findings(planted(turtle))


@pytest.mark.parametrize(("finding", "turtle"), NOT_RL.items(), ids=range(len(NOT_RL)))
def test_a_planted_mistake_is_found_to_be_beyond_the_closure(finding: str, turtle: str) -> None:
    assert finding in rl_findings(planted(turtle))


def test_nothing_in_the_whole_ontology_is_impossible() -> None:
    assert clashes(implied(axioms())) == []


def test_every_literal_of_the_ontology_is_of_the_range_of_its_property() -> None:
    assert value_findings(axioms()) == []


def test_a_literal_of_the_wrong_kind_is_found_for_every_property_of_literals() -> None:
    found = value_findings([*axioms(), *wrong_values()])
    assert len(found) == len(wrong_values()) > 100
