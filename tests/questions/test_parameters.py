"""What may stand for a parameter: names and values of its kind, and nothing more than that."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import UnusableParameter
from kg.knowledge import default
from kg.namespaces import ICD, M816, RULE, STATEMENT
from kg.questions import Parameter, bound, called, choices, term
from tests.questions.asking import KNOWN, ask, run


def parameter(query: str, name: str) -> Parameter:
    """That parameter of that query."""
    return next(p for p in KNOWN[query].parameters if p.name == name)


def values(text: str, name: str) -> list[object]:
    """The values of a variable in a query over nothing."""
    result = ox.Store().query(text)
    assert isinstance(result, ox.QuerySolutions)
    return [row[name] for row in result]


@pytest.mark.parametrize(
    ("query", "name", "words", "iri"),
    [
        ("excluded-codes", "code", "M81.6", ICD + "M81.6"),
        ("excluded-codes", "code", ICD + "M81.6", ICD + "M81.6"),
        ("sources-of-rule", "rule", "excludes1-conflict", RULE + "excludes1-conflict"),
        (
            "impact-of-statement",
            "statement",
            "T-M81.6-excludes1-1",
            STATEMENT + "T-M81.6-excludes1-1",
        ),
        ("rules-of-obligations", "obligation", "O-05", M816 + "obligation-O-05"),
        ("regions", "within", "femoralNeck", M816 + "femoralNeck"),
        ("regions", "within", "m816:femoralNeck", M816 + "femoralNeck"),
        ("causes", "authority", "source-page", M816 + "sourcePage"),
        ("feed-limits", "feed", "us-core", M816 + "usCore"),
        ("known-how", "subject", "m816:femur", M816 + "femur"),
        ("known-how", "subject", "http://example.org/x", "http://example.org/x"),
    ],
)
def test_a_thing_is_given_by_any_name_people_use_for_it(
    query: str, name: str, words: str, iri: str
) -> None:
    assert term(query, parameter(query, name), words, default()) == ox.NamedNode(iri)


def test_every_name_offered_is_taken_and_called_the_same_again() -> None:
    knowledge = default()
    for question in KNOWN.values():
        for each in question.parameters:
            for name in choices(each, knowledge):
                assert called(each, term("", each, name, knowledge), knowledge) == name
            if each.default is not None:
                name = called(each, each.default, knowledge)
                assert term("", each, name, knowledge) == each.default


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("excluded-codes", "code", ""),
        ("excluded-codes", "code", "M81.61"),
        ("excluded-codes", "code", "m81.6"),
        ("excluded-codes", "code", "dxa-site"),
        ("excluded-codes", "code", "icd:M81.6 } ?s ?p ?o #"),
        ("excluded-codes", "code", f"<{ICD}M81.6>"),
        ("sources-of-rule", "rule", "M81.6"),
        ("causes", "condition", "rdfs:Resource"),
        ("code-on-date", "date", "2026-5-1"),
        ("code-on-date", "date", "2026-02-30"),
        ("code-on-date", "date", "2026-05-01T00:00:00"),
        ("code-on-date", "date", "\u0662\u0660\u0662\u0666-\u0660\u0665-\u0660\u0661"),
        ("code-on-date", "date", '2026-05-01"^^xsd:date } # '),
        ("treatments", "systemic", "1"),
        ("treatments", "systemic", "TRUE"),
        ("index-lookup", "words", ""),
        ("index-lookup", "words", "a\nb"),
        ("index-lookup", "words", "a\\u0022b"),
        ("index-lookup", "words", "x" * 201),
        ("index-lookup", "words", "\ud800"),
        ("known-how", "subject", "no-iri"),
        ("known-how", "subject", "http://example.org/a> ?p ?o . <http://example.org/b"),
        ("known-how", "subject", "m816:a b"),
        ("known-how", "subject", "http://example.org/\\u003e"),
        ("known-how", "subject", "?x"),
    ],
)
def test_what_is_not_of_the_kind_is_refused_and_not_repeated(
    query: str, name: str, words: str
) -> None:
    with pytest.raises(UnusableParameter) as refusal:
        bound(KNOWN[query], {name: words}, default())
    told = str(refusal.value)
    assert told.startswith(f"{query}, {name}: it is to be ")
    if len(words) > 20:
        assert words not in told


@pytest.mark.parametrize("query", ["oddities", "excluded-codes"])
def test_an_unknown_parameter_is_refused(query: str) -> None:
    with pytest.raises(UnusableParameter, match="it takes"):
        bound(KNOWN[query], {"x": "M81.6"}, default())


def test_what_is_not_given_keeps_its_default() -> None:
    assert bound(KNOWN["code-on-date"], {}, default()) == KNOWN["code-on-date"].text
    text = bound(KNOWN["code-on-date"], {"code": "M81.0"}, default())
    assert text == KNOWN["code-on-date"].text.replace("{ icd:M81.6 }", f"{{ <{ICD}M81.0> }}")


def test_a_value_that_looks_like_a_block_of_values_is_text() -> None:
    """Values are put in at once, so that none is looked for in another."""
    words = "VALUES ?words { UNDEF } \" } # ' ?entry"
    text = bound(KNOWN["index-lookup"], {"words": words}, default())
    assert text.count(str(ox.Literal(words))) == 1
    assert ask("index-lookup", words=words) == []


def test_all_blocks_of_a_parameter_are_filled() -> None:
    given = {"old": "http://example.org/1", "new": "http://example.org/2"}
    text = bound(KNOWN["changes-between-releases"], given, default())
    assert text.count("<http://example.org/1>") == text.count("<http://example.org/2>") == 3
    assert "codes-before" not in text


@settings(deadline=None, derandomize=True)
@given(words=st.text(max_size=40))
def test_no_text_is_more_than_text(words: str) -> None:
    """Whatever is not refused gives a query of the same shape, with that text as its only value."""
    question = KNOWN["index-lookup"]
    try:
        text = bound(question, {"words": words}, default())
    except UnusableParameter:
        return
    probe = text[: text.index("?line a m816:IndexEntry")].replace("?entry ?code ?title ?see", "*")
    assert values(probe + "}", "words") == [ox.Literal(words)]


@settings(deadline=None, derandomize=True)
@given(words=st.text(max_size=40))
def test_no_iri_is_more_than_an_iri(words: str) -> None:
    each = parameter("known-how", "subject")
    try:
        value = term("known-how", each, words, default())
    except UnusableParameter:
        return
    assert isinstance(value, ox.NamedNode)
    assert values(f"SELECT ?x {{ VALUES ?x {{ {value} }} }}", "x") == [value]


def test_the_same_words_mean_the_same_in_a_query() -> None:
    by_name = run(KNOWN["may-not-stand-together"], {"code": "M81.6", "other": "M80"})
    by_iri = run(KNOWN["may-not-stand-together"], {"code": ICD + "M81.6", "other": ICD + "M80"})
    assert (bool(by_name), bool(by_iri)) == (True, True)
