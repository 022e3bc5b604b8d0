"""What the shipped graph says about M81.6 equals the official list, read a second way."""

import re
from types import ModuleType
from typing import Any

import pytest

KINDS = {
    "excludes1Note": "get_excludes1",
    "excludes2Note": "get_excludes2",
    "includesNote": "get_includes",
    "inclusionTerm": "get_inclusion_term",
}
FOLLOWED = {"useAdditionalNote": "get_use_additional_code", "codeFirstNote": "get_code_first"}
PLACE = {"M00-M99": "13"}  # the independent reader calls a chapter by its number


def notes_above(graph: Any, code: str, kind: str) -> list[str]:
    return graph.column(  # type: ignore[no-any-return]
        f"SELECT ?text {{ icd:{code} skos:broader* ?at . ?note m816:noteOn ?at ; "
        f"m816:noteKind m816:{kind} ; rdfs:label ?text }}"
    )


@pytest.mark.parametrize("code", ["M81.6", "M81.0", "M81.8", "M80.851", "M89.01", "O99.891"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_notes_of_the_whole_chain_equal_the_official_list(
    graph: Any, official: ModuleType, code: str, kind: str
) -> None:
    chain = [code, *official.get_ancestors(code)]
    printed = [text for at in chain for text in getattr(official, KINDS[kind])(at)]
    assert notes_above(graph, code, kind) == sorted(text.strip() for text in printed)


@pytest.mark.parametrize("code", ["M81", "M81.8", "M89.7", "M97", "Z87"])
@pytest.mark.parametrize("kind", sorted(FOLLOWED))
def test_instructions_of_a_code_equal_the_official_list(
    graph: Any, official: ModuleType, code: str, kind: str
) -> None:
    ours = graph.column(
        f"SELECT ?text {{ ?note m816:noteOn icd:{code} ; m816:noteKind m816:{kind} ; "
        "rdfs:label ?text }"
    )
    printed = getattr(official, FOLLOWED[kind])(code)
    assert ours == sorted(line.strip() for line in printed.split("\n") if line.strip())


def test_excludes1_reaches_m81_6_from_its_category(graph: Any) -> None:
    found = graph.column("SELECT DISTINCT ?c { icd:M81.6 skos:broader*/m816:excludes1 ?c }")
    assert found == ["M80", "M89.0"]


def test_nothing_excludes_the_types_of_osteoporosis_from_each_other(graph: Any) -> None:
    for one in ("M81.0", "M81.6", "M81.8"):
        assert not graph.column(
            f"SELECT ?c {{ ?c skos:broader icd:M81 . icd:{one} m816:excludes1|^m816:excludes1 ?c }}"
        )


def test_notes_are_numbered_as_printed(graph: Any) -> None:
    assert graph.column(
        "SELECT ?c { VALUES ?n { statement:T-M81-excludes1-1 } ?n m816:refersTo ?c }"
    ) == ["M80"]
    assert graph.column("SELECT ?c { statement:T-M81-excludes1-2 m816:refersTo ?c }") == ["M89.0"]
    assert graph.column("SELECT ?c { statement:T-M89.7-code-first-7 m816:refersTo ?c }") == [
        "M80",
        "M81",
    ]


def test_a_printed_range_expands_to_its_categories(graph: Any) -> None:
    excluded = graph.column("SELECT ?c { icd:M00-M99 m816:excludes2 ?c }")
    assert {"O00", "O99", "O9A", "E00", "E88", "S00", "T88", "L40.5"} <= set(excluded)
    assert not {"E89", "R95", "T79"} & {c for c in excluded if c in ("E89", "R95")}


def test_a_condition_on_a_reference_is_kept_in_words(graph: Any) -> None:
    rows = list(
        graph.rows(
            "SELECT ?printed ?condition { statement:T-M81.8-use-additional-1 "
            "m816:printedReference ?printed ; m816:referenceCondition ?condition }"
        )
    )
    assert rows == [("T36-T50", "with fifth or sixth character 5")]
    assert len(graph.column("SELECT ?c { icd:M81.8 m816:useAdditional ?c }")) == 15


def test_an_exclusion_narrowed_by_a_condition_is_no_direct_triple(graph: Any) -> None:
    assert "E08" in graph.column(
        "SELECT ?c { ?n m816:noteOn icd:M90 ; m816:noteKind m816:excludes1Note ; m816:refersTo ?c }"
    )
    assert "E08" not in graph.column("SELECT ?c { icd:M90 m816:excludes1 ?c }")


def test_titles_and_billable_flags_equal_the_official_list(
    graph: Any, official: ModuleType
) -> None:
    rows = list(
        graph.rows(
            "SELECT ?n ?t ?b { ?c a m816:Code ; skos:notation ?n ; skos:prefLabel ?t ; "
            "m816:billable ?b }"
        )
    )
    assert len(rows) > 1500
    for notation, title, billable in rows:
        leaf = not official.get_children(notation)
        assert title == official.get_description(notation).strip()
        assert billable == str(leaf and not official.get_seven_chr_def(notation, True)).lower()


def test_seventh_characters_are_written_on_the_leaf(graph: Any) -> None:
    assert graph.column("SELECT ?s { icd:M80.851 m816:seventhCharacter ?s }") == list("ADGKPS")
    assert not graph.column("SELECT ?s { icd:M80.85 m816:seventhCharacter ?s }")


def test_every_code_has_one_chain_to_a_chapter(graph: Any) -> None:
    assert not graph.column(
        "SELECT ?c { ?c a m816:Code "
        "FILTER NOT EXISTS { ?c skos:broader+ ?b FILTER NOT EXISTS { ?b skos:broader ?x } } }"
    )
    assert not graph.column("SELECT ?c { ?c skos:broader ?a, ?b FILTER (?a != ?b) }")


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("M81.6", "2015-10-01"),
        ("M80.851", "2015-10-01"),
        ("M80.8B1", "2023-10-01"),
        ("M80.0A", "2020-10-01"),
        ("M05.A", "2025-10-01"),
        ("O99.891", "2020-10-01"),
        ("Z79.631", "2022-10-01"),
        ("M97.01", "2016-10-01"),
    ],
)
def test_validity_comes_from_the_nearest_dated_statement(graph: Any, code: str, day: str) -> None:
    assert graph.column(f"SELECT ?d {{ icd:{code} m816:validFrom ?d }}") == [day]
    assert not graph.column(f"SELECT ?d {{ icd:{code} m816:validThrough ?d }}")


def test_the_next_release_says_that_its_notes_are_unverified(graph: Any) -> None:
    rows = list(
        graph.rows(
            "SELECT ?d ?v { <https://w3id.org/m816/codes/FY2027> skos:definition ?d ; "
            "m816:notesVerified ?v ; m816:effectiveFrom ?f }"
        )
    )
    assert [v for _, v in rows] == ["false"]
    assert "code validity checked, notes unverified" in rows[0][0]


def test_the_index_has_202_entries_and_two_of_them_lead_to_m81_6(graph: Any) -> None:
    assert len(graph.column("SELECT ?i { ?i a m816:IndexEntry }")) == 202
    assert graph.column("SELECT ?i { ?i m816:indexCode icd:M81.6 }") == [
        "I-osteoporosis-lequesne",
        "I-osteoporosis-localized",
    ]
    assert graph.column("SELECT ?c { statement:I-osteoporosis-disuse m816:indexCode ?c }") == [
        "M81.8"
    ]


def test_every_index_code_is_a_code_of_the_release(graph: Any) -> None:
    assert not graph.column(
        "SELECT ?i { ?i m816:indexCode ?c FILTER NOT EXISTS { ?c a m816:Code } }"
    )
    for path, code in graph.rows(
        "SELECT ?p ?c { ?i m816:indexPath ?p ; m816:indexCodePrinted ?c }"
    ):
        assert re.fullmatch(r"[A-Z]\d\w(\.\w+)?-?", code), path
