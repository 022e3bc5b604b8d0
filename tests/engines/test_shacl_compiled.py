"""The compiled shapes find what pySHACL finds, in whole and in damaged graphs, or refuse."""

from __future__ import annotations

import random

import pytest
from pyoxigraph import RdfFormat, parse, serialize

from kg import pyshacl_engine, shacl_compiled
from kg.derive import derived
from kg.engines import ENGINES
from kg.engines import engine as engine_named
from kg.errors import KnowledgeError
from kg.expressions import INTEGER, Node, text
from kg.facts import Facts, Row, as_triples
from kg.judge import Row as Result
from kg.judge import bare_shapes, ntriples, results, rules
from kg.knowledge import Knowledge, default
from kg.namespaces import M816, RDFS, TYPE, XSD
from kg.verdict import differences, judge_case
from tests.rules.corpus import rule_cases

CASES = rule_cases()
DAY = XSD + "date"
HEAD = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix e: <https://example.org/> .
e:shape a sh:PropertyShape ; sh:targetClass e:Class ;
"""


def both(facts: Facts) -> tuple[list[Result], list[Result]]:
    """What the compiled shapes and what pySHACL finds."""
    knowledge = default()
    ours, reference = shacl_compiled.engine(knowledge), pyshacl_engine.engine(knowledge)
    return ours.rows_of(facts), reference.rows(ntriples(as_triples(facts)))


def damaged(rows: list[Row], seed: int) -> Facts:
    """The rows with a few taken away, bent to other values, or given other types."""
    chance = random.Random(seed)
    found = set(rows)
    targets = [rule.target for rule in rules(default())]
    for _ in range(chance.randint(1, 8)):
        subject, predicate, value = chance.choice(rows)
        other = chance.choice(rows)
        match chance.randrange(4):
            case 0:
                found.discard((subject, predicate, value))
            case 1:
                found.add((subject, predicate, other[2]))
            case 2:
                found.add((subject, other[1], value))
            case _:
                found.add((subject, TYPE.value, chance.choice(targets)))
    return Facts(found)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_graph_gives_the_rows_that_pyshacl_gives(seed: int) -> None:
    case = CASES[seed * 11 % len(CASES)].case()
    ours, reference = both(damaged(sorted(derived(case, default()), key=str), seed))
    assert ours == reference


FOCUS = "urn:m816:focus"


@pytest.mark.parametrize(
    ("target", "prop", "values"),
    [
        ("JudgedSubmission", "codeValidFrom", [text("2026-01-02"), ("2026-01-02", DAY, None)]),
        ("JudgedSubmission", "codeValidFrom", [("2027-01-02", DAY, None)]),
        ("JudgedSubmission", "codeValidFrom", [("2026-03-01", DAY, None)]),
        ("TypedDiagnosis", "typeCode", [("1", INTEGER, None), ("01", INTEGER, None)]),
        ("TypedDiagnosis", "typeCode", [text("a"), text("b")]),
        ("SubmittedCode", "code", ["urn:m816:code"]),
        ("UncertainSubmission", "setting", [text("inpatient"), M816 + "outpatient"]),
    ],
)
def test_a_value_of_any_form_is_judged_as_by_pyshacl(
    target: str, prop: str, values: list[Node]
) -> None:
    rows: list[Row] = [(FOCUS, TYPE.value, M816 + target), (FOCUS, M816 + prop, values[0])]
    rows += [(FOCUS, M816 + prop, value) for value in values]
    rows.append((FOCUS, M816 + "dateOfService", ("2026-03-01", DAY, None)))
    rows.append(("urn:m816:code", M816 + "codeSystem", ("01", INTEGER, None)))
    ours, reference = both(Facts(rows))
    assert ours == reference


def test_an_instance_of_a_subclass_named_in_the_graph_is_a_focus() -> None:
    rows: list[Row] = [
        (FOCUS, TYPE.value, "urn:m816:Lower"),
        ("urn:m816:Lower", RDFS + "subClassOf", "urn:m816:Low"),
        ("urn:m816:Low", RDFS + "subClassOf", M816 + "LocalizedDiagnosis"),
    ]
    ours, reference = both(Facts(rows))
    assert ours == reference
    assert M816 + "rule/site-named" in {row.shape for row in ours}


@pytest.mark.parametrize(
    "rest",
    [
        "sh:path e:p ; sh:pattern 'x' .",
        "sh:path e:p ; sh:minCount 1 ; sh:deactivated true .",
        "sh:path e:p ; sh:hasValue 'x' .",
        "sh:path e:p ; sh:in ( 1 ) .",
        "sh:path e:p ; sh:not e:other .",
        "sh:path e:p ; sh:not [ sh:path e:q ; sh:minCount 1 ] .",
        "sh:path [ sh:zeroOrMorePath e:p ] ; sh:minCount 1 .",
        "sh:property [ sh:path e:p ; sh:minCount 1 ] .",
        "sh:path e:p ; sh:minCount 1 ; sh:targetClass e:Other .",
        "sh:path e:p ; sh:minCnt 1 .",
    ],
)
def test_a_shape_outside_the_subset_is_refused_and_never_guessed(rest: str) -> None:
    quads = parse((HEAD + rest).encode(), RdfFormat.TURTLE)
    shapes = ntriples(quad.triple for quad in quads)
    with pytest.raises(KnowledgeError):
        shacl_compiled.compiled(shapes)


def test_every_shape_is_compiled() -> None:
    shapes = shacl_compiled.compiled(bare_shapes(default()))
    assert {shape.iri for shape in shapes} == {rule.iri for rule in rules(default())}
    assert all(shape.checks for shape in shapes)


@pytest.mark.parametrize("name", sorted(set(ENGINES) - {"pyshifty"}))
def test_an_engine_reads_text_and_facts_alike(name: str) -> None:
    engine = engine_named(name, default())
    facts = derived(CASES[0].case(), default())
    assert engine.name == name
    assert results(facts, default(), engine) == engine.rows(ntriples(as_triples(facts)))


class Silent:
    """An engine that finds nothing."""

    name = "silent"

    def rows(self, data: bytes) -> list[Result]:
        """No result, whatever the data."""
        return []


def test_a_second_engine_that_finds_less_is_noticed() -> None:
    knowledge: Knowledge = default()
    case = next(case for case in CASES if case.outcome == "fail").case()
    verdict = judge_case(case, knowledge, shacl_compiled.engine(knowledge))
    assert differences(verdict, pyshacl_engine.engine(knowledge)) == []
    assert differences(verdict, Silent()) != []


def test_what_a_graph_says_twice_is_one_row() -> None:
    rows: list[Row] = [("a", "p", "b"), ("a", "p", "b"), ("a", "p", "c")]
    below = Facts(rows).part()
    above = Facts([("a", "p", "c"), ("a", "p", "d"), ("b", "q", "c")], [below])
    assert sorted(above) == [("a", "p", "b"), ("a", "p", "c"), ("a", "p", "d"), ("b", "q", "c")]
    assert len(above) == 4
    assert ("a", "p", "d") in above
    assert ("a", "q", "d") not in above
    assert above.sp["p"]["a"] == ["b", "c", "d"]
    assert above.extend([("a", "p", "b"), ("c", "p", "b"), ("c", "p", "b")]) == [("c", "p", "b")]
    assert below == {"p": {"a": ("b", "c")}}


def test_subjects_are_found_by_object_before_and_after_rows_are_added() -> None:
    above = Facts([("a", "p", "b")], [Facts([("d", "p", "b")]).part()])
    assert above.po["p"]["b"] == ["d", "a"]
    assert above.po["q"] == {}
    above.extend([("e", "p", "b"), ("e", "q", "b"), ("e", "r", "b")])
    assert above.po["p"]["b"] == ["d", "a", "e"]
    assert above.po["q"]["b"] == above.po["r"]["b"] == ["e"]


def test_a_node_dropped_is_in_no_index_and_what_was_shared_stays() -> None:
    shared = Facts([("a", "p", "b"), ("b", "p", "c"), ("c", "q", "a")]).part()
    part = Facts([("d", "p", "b"), ("e", "p", "c")]).part()
    above = Facts([("a", "q", "e"), ("d", "p", "b"), ("f", "p", "b")], [shared, part])
    assert above.po["p"]["b"] == ["a", "d", "f"]
    above.drop({"a", "d"})
    assert sorted(above) == [("b", "p", "c"), ("c", "q", "a"), ("e", "p", "c"), ("f", "p", "b")]
    assert above.sp == {"p": {"b": ("c",), "e": ("c",), "f": ["b"]}, "q": {"c": ("a",)}}
    assert {name: above.po[name] for name in "pq"} == {
        "p": {"b": ["f"], "c": ["b", "e"]},
        "q": {"a": ["c"]},
    }
    assert shared["p"]["a"] == ("b",)
    assert above.extend([("a", "p", "b")]) == [("a", "p", "b")]


def test_facts_written_as_triples_are_the_same_triples() -> None:
    triples = CASES[0].triples
    assert CASES[0].case().triples == triples
    assert serialize(triples, format=RdfFormat.N_TRIPLES)
