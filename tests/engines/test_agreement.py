"""SHACL engines that share no code, ours among them, give the same rows; judging tells no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shifty._shifty import EvidenceSession

from kg.facts import Facts, row
from kg.judge import bare_shapes, handed, judge, ntriples, reading, rules
from kg.knowledge import default
from kg.pyshacl_engine import engine as reference
from kg.pyshifty_engine import engine as second
from kg.shacl_compiled import engine as compiled
from tests.engines.graphs import SOURCES, Graph, changed, graphs, together

CHANGES_OF_EACH = 3


def given(source: str) -> list[Graph]:
    """The graphs of a source, or a skip where there are no samples."""
    if not graphs(source):
        pytest.skip("needs the folder of samples in M816_SAMPLES")
    return list(graphs(source).values())


def batches(known: list[Graph]) -> Iterator[Graph]:
    """Several cases as one graph: they have no node in common that a shape looks at."""
    for first in range(0, len(known), 20):
        yield together(known[first : first + 20])


def breaking(known: list[Graph]) -> int:
    """How many rows the engines give, which are the same for both."""
    seen = 0
    for graph in batches(known):
        rows = reference(default()).rows(handed(graph, reading(default())))
        assert second(default()).rows(ntriples(graph)) == rows
        assert compiled(default()).rows_of(Facts(map(row, graph))) == rows
        seen += len(rows)
    return seen


@pytest.mark.parametrize("source", SOURCES)
def test_engines_give_the_same_rows_for_every_case(source: str) -> None:
    assert breaking(given(source)) > 0 or source == "case.cases.trig"


@pytest.mark.parametrize("source", SOURCES)
def test_engines_give_the_same_rows_for_every_change_of_a_case(source: str) -> None:
    known = given(source)
    made = changed(known, CHANGES_OF_EACH * len(known), seed=SOURCES.index(source))
    assert breaking(made) >= len(known) // 2, "changes that break nothing compare nothing"


def test_two_thousand_changes_are_compared() -> None:
    assert sum(len(graphs(source)) for source in SOURCES) * CHANGES_OF_EACH > 2_000


@pytest.mark.parametrize("source", SOURCES)
def test_what_shapes_cannot_read_changes_nothing(source: str) -> None:
    knowledge = default()
    for graph in given(source)[::10]:
        read, whole = handed(graph, reading(knowledge)), ntriples(graph)
        assert len(read) < len(whole) / 3
        rows = reference(knowledge).rows(whole)
        assert reference(knowledge).rows(read) == rows
        assert second(knowledge).rows(read) == rows


@pytest.mark.parametrize("source", SOURCES)
def test_a_rule_is_judged_at_the_nodes_that_the_engine_looked_at(source: str) -> None:
    """So not-applicable is where the engine's own evidence has no focus node either."""
    knowledge = default()
    for graph in batches(given(source)):
        outcomes = judge(graph, knowledge, second(knowledge))
        judged = {(o.rule.iri, o.focus, bool(o.rows)) for o in outcomes if o.focus}
        assert judged == evidence(graph)
        seen = {rule for rule, _, _ in judged}
        none = {o.rule.iri for o in outcomes if o.outcome == "not-applicable"}
        assert none == {rule.iri for rule in rules(knowledge)} - seen


def evidence(graph: Graph) -> set[tuple[str | None, str, bool]]:
    """Every shape, focus node and whether it failed there, as pyshifty tells on request."""
    session = EvidenceSession(
        shapes=bare_shapes(default()),
        shapes_format="ntriples",
        data=handed(graph, reading(default())),
        data_format="ntriples",
        run_infer=False,
        graph_mode="data",
    )
    return {
        (each.shape_iri, focus.focus.strip("<>"), focus.status == "fail")
        for each in session.validate().statements
        for focus in each.selected_foci
    }
