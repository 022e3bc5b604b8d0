"""What must follow does, what must not does not, what cannot be is said to be so."""

import pytest
from pyoxigraph import Triple

from kg.closure import clashes, implied, rules
from kg.disease import beyond_rl, ground
from kg.prove.suites import Question, suite
from kg.reasoner import classify, missing


def name(question: Question) -> str:
    return question.name.replace(" ", "-")


def concluded(question: Question) -> set[Triple]:
    stated = {*ground(), *question.facts}
    return stated | implied(stated)


@pytest.mark.parametrize("question", suite("entailed"), ids=name)
def test_it_follows(question: Question) -> None:
    assert question.asked
    assert question.asked - question.facts
    known = concluded(question)
    assert sorted(map(str, question.asked - known)) == []
    assert clashes(known) == []


@pytest.mark.parametrize("question", suite("not_entailed"), ids=name)
def test_it_does_not_follow(question: Question) -> None:
    assert question.asked
    known = concluded(question)
    assert sorted(map(str, question.asked & known)) == []
    assert clashes(known) == []


@pytest.mark.parametrize("question", suite("contradictory"), ids=name)
def test_it_cannot_be(question: Question) -> None:
    assert not question.asked
    assert question.is_impossible(concluded(question))


def test_every_sentence_is_a_sentence_and_every_name_is_used_once() -> None:
    every = [q for folder in ("entailed", "not_entailed", "contradictory") for q in suite(folder)]
    assert [q.name for q in every if not q.sentence.endswith(".")] == []
    assert len({q.name for q in every}) == len(every) >= 100


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule.id))
def test_no_rule_of_inference_can_be_missed(rule: object, monkeypatch: pytest.MonkeyPatch) -> None:
    every = (*suite("entailed"), *suite("contradictory"))
    stated = {*ground(), *(t for question in every for t in question.facts)}
    left = tuple(each for each in rules() if each is not rule)
    monkeypatch.setattr("kg.closure.rules", lambda: left)
    known = stated | implied(stated)
    held = [q.follows(known) for q in suite("entailed")]
    assert not all(held + [q.is_impossible(known) for q in suite("contradictory")])


@pytest.mark.skipif(bool(missing()), reason=missing() or "all there")
@pytest.mark.parametrize("question", suite("contradictory")[-4:], ids=name)
def test_the_oracle_finds_it_impossible_too(question: Question) -> None:
    assert not classify([*ground(), *beyond_rl(), *question.facts]).consistent
