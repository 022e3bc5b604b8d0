"""The reference path (rdflib) derives the same facts and gives the same verdicts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Variable

from kg.compiled import construct_compiled
from kg.derive import derive
from kg.derive_rdflib import construct_rdflib
from kg.inputs import inputs
from kg.knowledge import Derivation, default

Verdicts = Callable[..., list[dict[str, Any]]]


def test_the_derived_graphs_are_the_same(record: Path) -> None:
    for found in inputs([str(record)], default()):
        assert found.error is None
        for case in found.cases:
            fast = set(map(str, derive(case, default(), construct_compiled)))
            slow = set(map(str, derive(case, default(), construct_rdflib)))
            assert sorted(fast - slow) == [], "only the fast path derives these"
            assert sorted(slow - fast) == [], "only the reference path derives these"


def test_the_verdicts_are_the_same(record: Path, verdicts: Verdicts) -> None:
    fast, slow = verdicts(record), verdicts("--engine", "reference", record)
    assert {made.pop("engine")["derivation"] for made in fast} == {"compiled"}
    assert {made.pop("engine")["derivation"] for made in slow} == {"rdflib"}
    assert slow == fast


def test_a_measured_number_keeps_its_form_on_both_paths(data: Path) -> None:
    record = str(data / "fracture-beside-localized.json")
    for construct in (construct_compiled, construct_rdflib):
        (case,) = next(iter(inputs([record], default()))).cases
        assert any('"-2.50"' in str(triple) for triple in derive(case, default(), construct))


@pytest.mark.parametrize("derivation", default().derivations, ids=lambda each: each.id)
def test_no_group_leans_on_a_variable_bound_outside_it(derivation: Derivation) -> None:
    """SPARQL evaluates groups inside out, rdflib outside in: such a query means two things."""
    assert list(_leaning(prepareQuery(derivation.query).algebra.p, set())) == []


def _variables(part: object) -> set[str]:
    if isinstance(part, Variable):
        return {str(part)}
    if isinstance(part, CompValue):
        inner = [value for key, value in part.items() if key not in ("_vars", "PV")]
        return set().union(*map(_variables, inner))
    if isinstance(part, list | tuple | set):
        return set().union(*map(_variables, part))
    return set()


def _leaning(part: object, outside: set[str]) -> list[tuple[str, set[str]]]:
    """The filters and binds that use a variable only bound outside of their group."""
    if not isinstance(part, CompValue):
        return []
    found: list[tuple[str, set[str]]] = []
    if part.name in ("Filter", "Extend"):
        lacking = (_variables(part.expr) - _variables(part.p)) & outside
        found += [(part.name, lacking)] if lacking else []
    sides = [part[name] for name in ("p", "p1", "p2") if name in part]
    for side in sides:
        beside = set().union(*(_variables(each) for each in sides if each is not side))
        found += _leaning(side, outside if part.name == "Union" else outside | beside)
    return found
