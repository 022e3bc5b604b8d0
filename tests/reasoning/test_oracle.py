"""The run-time closure gives every thing the classes that HermiT gives it: none fewer, none more.

Compared: every class of ours, stated or inferred, of every thing of every rule case and composed
record that does not contradict itself, and of every thing of the suites, in one run of HermiT; of
those that contradict themselves, that both say so. Not compared: literals and their ranges, and
classes of other vocabularies, of which none is inferred.
"""

import functools

import pytest
from pyoxigraph import NamedNode, Triple

from kg.classified import types_of
from kg.disease import axioms, beyond_rl, ground
from kg.namespaces import M816, TYPE, value
from kg.owl import KINDS, declared
from kg.prove.suites import suite
from kg.reasoner import Classified, classify, missing
from tests.reasoning.cases import cases, contradictory, reduced

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "all there"),
    pytest.mark.xdist_group("oracle"),  # one run of HermiT for all
]


@functools.cache
def facts() -> frozenset[Triple]:
    """The consistent cases, cut down, and the suites."""
    consistent = ((n, f) for n, f in cases().items() if n not in contradictory())
    every = (*suite("entailed"), *suite("not_entailed"))
    return frozenset(reduced(consistent).facts | {t for q in every for t in q.facts})


@functools.cache
def oracle() -> Classified:
    return classify([*ground(), *beyond_rl(), *facts()])


def things(types: dict[str, set[str]]) -> dict[str, set[str]]:
    """The classes of ours of what is neither a class nor a property."""
    terms = declared(axioms())
    kept = {
        thing: {kind for kind in kinds if kind.startswith(M816)} for thing, kinds in types.items()
    }
    return {t: k for t, k in kept.items() if k and not terms.is_a(NamedNode(t), *KINDS)}


def test_the_ontology_is_consistent_and_every_class_can_have_members() -> None:
    assert oracle().consistent
    assert oracle().unsatisfiable == set()


def test_the_closure_gives_every_thing_the_classes_that_the_oracle_gives_it() -> None:
    ours, theirs = things(types_of({*ground(), *facts()})), things(oracle().types)
    assert sum(map(len, ours.values())) > 3000
    missed = {thing: kinds - ours.get(thing, set()) for thing, kinds in theirs.items()}
    extra = {thing: kinds - theirs.get(thing, set()) for thing, kinds in ours.items()}
    assert {thing: kinds for thing, kinds in missed.items() if kinds} == {}
    assert {thing: kinds for thing, kinds in extra.items() if kinds} == {}


def test_what_stands_for_a_thing_is_of_the_same_classes() -> None:
    chosen = {n: f for n, f in cases().items() if n not in contradictory()}
    made = reduced(chosen.items())
    stand_ins = types_of(made.facts | ground())
    every = {t for facts_ in chosen.values() for t in facts_}
    assert len(made.stands_for) > 10 * len(set(made.stands_for.values()))
    assert every
    for name, case in sorted(chosen.items())[::25]:
        own = types_of({*case, *ground()})
        for thing in {n for c, n in made.stands_for if c == name}:
            expected = own.get(thing.value, set())
            assert stand_ins.get(made.stands_for[name, thing].value, set()) == expected


def test_a_case_that_contradicts_itself_does_so_for_both() -> None:
    assert contradictory()
    for name, facts_ in contradictory().items():
        assert not classify([*ground(), *beyond_rl(), *facts_]).consistent, name


def test_the_suites_hold_for_the_oracle() -> None:
    found = oracle()
    for question in suite("entailed"):
        for t in question.asked:
            if t.predicate == TYPE:
                assert value(t.object) in found.types[value(t.subject)], question.sentence
    for question in suite("not_entailed"):
        for t in question.asked:
            if t.predicate == TYPE:
                assert value(t.object) not in found.types.get(value(t.subject), ()), (
                    question.sentence
                )
