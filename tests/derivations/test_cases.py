"""Each derivation alone, on its own small cases, adds exactly what they say; two engines agree."""

from __future__ import annotations

import re

import pytest

from kg.facts import Facts
from kg.grammar import parse
from kg.knowledge import Derivation, default
from kg.namespaces import M816, TYPE
from kg.prove.cases import OTHER, trials
from kg.prove.derivations import CASES, by_sparql, case_files, compiled

FILES = case_files()
DERIVATIONS = [each for each in default().derivations if each.id in FILES]


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=lambda each: each.id)
def test_a_derivation_adds_exactly_what_its_cases_say(derivation: Derivation) -> None:
    answer = compiled(parse(derivation.query))
    for trial in trials(FILES[derivation.id]):
        assert answer(Facts(trial.facts)) == trial.adds, trial.says


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=lambda each: each.id)
def test_a_sparql_engine_answers_the_cases_alike(derivation: Derivation) -> None:
    for trial in trials(FILES[derivation.id]):
        assert by_sparql(derivation.query, trial.facts) == trial.adds, trial.says


def test_every_derivation_has_its_cases_under_its_own_number() -> None:
    assert {path.stem for path in CASES.glob("*.toml")} == {
        path.stem for path in (CASES.parents[1] / "ontology" / "rules").glob("*.rq")
    }


@pytest.mark.parametrize("name", FILES)
def test_cases_speak_the_words_of_the_ontology_in_whole_sentences(name: str) -> None:
    text = FILES[name].read_text("utf-8")
    assert len(text.splitlines()) <= 300
    assert all(len(line) <= 100 for line in text.splitlines())
    for trial in trials(FILES[name]):
        assert re.match(r"[A-Z].{14,}[.!]( \(.*\))?$", trial.says), trial.says
        for _, predicate, value in trial.facts | trial.adds:
            assert predicate in default() or not predicate.startswith(M816), predicate
            if predicate == TYPE.value and value != OTHER:
                assert str(value) in default(), value
