"""Oddities of the official tabular list and index: each is real, and each has a handling."""

import pytest
from pyoxigraph import NamedNode

from tests.corpus.classification import FRACTURE, OSTEOPOROSIS, below, index, tabular
from tests.corpus.whole_graph import (
    DEFINITION,
    LABEL,
    M816,
    SOURCE,
    TYPE,
    instances,
    m816,
    values,
)


def test_every_oddity_has_words_a_document_a_source_and_a_handling() -> None:
    assert len(instances("ClassificationOddity")) >= 10
    for node in instances("ClassificationOddity"):
        for predicate in (LABEL, DEFINITION, m816("document"), m816("handling")):
            assert len(values(node, predicate)) == 1, (node, predicate)
        for statement in values(node, SOURCE):
            assert M816 + "Statement" in values(NamedNode(statement), TYPE), statement


@pytest.mark.parametrize("part", ["ilium", "ischium", "pubis ramus"], ids=lambda part: str(part))
def test_the_index_puts_parts_of_the_pelvis_at_other_site(part: str) -> None:
    age = f"{OSTEOPOROSIS} > age-related > with current pathologic fracture"
    other = f"{OSTEOPOROSIS} > specified type NEC > with pathological fracture"
    assert index()[f"{age} > {part}"]["code"] == "M80.0A"
    assert index()[f"{other} > {part}"]["code"] == "M80.8A"
    assert index()[f"{age} > pelvis"]["code"] == "M80.0B-"


def test_the_index_gives_a_history_code_that_is_not_billable() -> None:
    assert index()["History > personal (of) > osteoporosis fractures"]["code"] == "Z87.31"
    assert not tabular.is_leaf("Z87.31")


def test_the_title_of_m80_81_alone_lacks_the_word_current() -> None:
    codes = [c for root in ("M80.0", "M80.8") for c in tabular.get_descendants(root)]
    lacking = {c for c in codes if "current" not in tabular.get_description(c)}
    assert {c for c in lacking if len(c) == 6} == {"M80.81"}


def test_notes_print_references_with_a_missing_or_an_extra_dash_or_point() -> None:
    assert not tabular.is_leaf("M89.0")  # printed without a dash at M81 and at M81.6
    assert "postmenopausal osteoporosis (M81.0-)" in tabular.get_excludes2("N95")
    assert tabular.is_leaf("M81.0")
    assert "pathological fracture NOS (M84.4.-)" in tabular.get_excludes1("M84.3")


@pytest.mark.parametrize("kind", ["drug-induced", "postoophorectomy"], ids=lambda kind: str(kind))
def test_the_index_refers_to_fracture_subterms_that_do_not_exist(kind: str) -> None:
    assert "with pathological fracture" in index()[f"{FRACTURE} > {kind}"]["see"]
    assert below(f"{OSTEOPOROSIS} > {kind}") == []


def test_the_index_repeats_and_omits_sites_of_fracture() -> None:
    age = f"{OSTEOPOROSIS} > age-related > with current pathologic fracture"
    assert index()[f"{age} > site specified NEC"]["code"] == "M80.0A"
    assert index()[f"{age} > specified site NEC"]["code"] == "M80.0A"
    ribs = [path for path in below(OSTEOPOROSIS) if path.endswith("> rib (s)")]
    assert ribs == [f"{age} > rib (s)"]


def test_the_index_words_the_fracture_subterm_in_three_ways() -> None:
    parts = {part for path in below(OSTEOPOROSIS) for part in path.split(" > ")}
    assert {part for part in parts if part.startswith("with ")} == {
        "with current pathological fracture",
        "with current pathologic fracture",
        "with pathological fracture",
    }


def test_the_index_stops_short_of_the_code_for_several_sites() -> None:
    assert index()["Algoneurodystrophy > multiple sites"]["code"] == "M89.0-"
    assert tabular.get_description("M89.09") == "Algoneurodystrophy, multiple sites"
