"""The code layer that ships says what the official tabular list says: no more and no less.

Both are laid beside each other as facts (kind, subject, value), stated twice by different code.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

pytest.importorskip("simple_icd_10_cm", reason="needs simple-icd-10-cm")

from kg.codetable import CodeTable
from kg.locations import ONTOLOGY
from kg.namespaces import ICD
from tests.oracle import official, shipped
from tests.oracle.official import Fact

RELEASE = "codes/icd10cm-FY2026-Apr.ttl"
KINDS = [
    *("above", "billable", "full", "seventh", "title", "validFrom", "excluded"),
    *official.RELATED,
    *official.PRINTED,
]
SHADOWED = 20  # blocks of one category, which the library shows as the category of that name


@cache
def ours() -> frozenset[Fact]:
    found = set(shipped.facts(RELEASE))
    return frozenset(found | set(official.excluded(found)))


@cache
def theirs() -> frozenset[Fact]:
    index = shipped.said("codes/index.ttl").values()
    named = {code.removeprefix(ICD) for about in index for code in about["indexCode"]}
    dates = shipped.dates()
    full, listed = official.neighbourhood(*shipped.declared(), named | {d for d in dates if d})
    found = set(official.facts(full, listed, dates))
    return frozenset(found | set(official.excluded(found)))


def of_kind(facts: frozenset[Fact], kind: str) -> set[Fact]:
    """Those of one kind, without the titles of blocks of one category."""
    return {
        fact
        for fact in facts
        if re.sub(r"(?: meaning \S+| \d+)$", "", fact[0]) == kind
        and not (kind == "title" and shadowed(fact[1]))
    }


def shadowed(name: str) -> bool:
    first, _, last = name.partition("-")
    return first == last


def differences(kind: str, found: frozenset[Fact]) -> set[Fact]:
    return of_kind(found, kind) ^ of_kind(theirs(), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_facts_are_the_official_ones_both_ways(kind: str) -> None:
    assert of_kind(ours(), kind)
    assert differences(kind, ours()) == set()


def test_titles_of_blocks_of_one_category_end_with_it() -> None:
    titles = {name: text for kind, name, text in ours() if kind == "title" and shadowed(name)}
    assert len(titles) == SHADOWED
    assert {n for n, text in titles.items() if not text.endswith(f" ({n.split('-')[0]})")} == set()


def test_no_fact_is_of_a_kind_that_is_not_compared() -> None:
    kinds = {fact[0] for fact in ours() | theirs()}
    compared = {fact[0] for kind in KINDS for fact in of_kind(ours(), kind)}
    assert kinds == compared


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_an_added_or_a_changed_fact_would_be_found(kind: str) -> None:
    one = min(of_kind(ours(), kind))
    added = (one[0], one[1], one[2] + " and more")
    assert differences(kind, ours() - {one}) == {one}
    assert differences(kind, ours() | {added}) == {added}
    assert differences(kind, ours() - {one} | {added}) == {one, added}


@cache
def ours_in_table() -> frozenset[Fact]:
    return frozenset(shipped.table(CodeTable.load()))


def test_the_compact_table_says_of_every_code_what_the_official_list_says() -> None:
    assert len(ours_in_table()) == 3 * len(official.printed_codes())
    assert ours_in_table() ^ set(official.table()) == set()


def test_the_compact_table_dates_the_codes_that_the_graph_dates_and_no_other() -> None:
    table = CodeTable.load()
    dated = {
        ("validFrom", code, day.isoformat())
        for code in table.tabular_codes
        if (fact := table.lookup(code)) and (day := fact.valid_from)
    }
    assert dated == of_kind(theirs(), "validFrom")


def test_index_facts_are_the_rows_of_the_extraction() -> None:
    text = (ONTOLOGY / "codes" / "index.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")][1:]
    found = [
        tuple(
            (about[name] or [""])[0] for name in ("indexPath", "indexCodePrinted", "see", "seeAlso")
        )
        for about in shipped.said("codes/index.ttl").values()
        if about["indexPath"]
    ]
    assert sorted(found) == sorted(tuple((*row, "", "", "")[:4]) for row in rows)
    for about in shipped.said("codes/index.ttl").values():
        for printed, code in zip(about["indexCodePrinted"], about["indexCode"], strict=True):
            assert code == ICD + printed.rstrip("-").rstrip(".")
            assert code.removeprefix(ICD) in official.codes()
