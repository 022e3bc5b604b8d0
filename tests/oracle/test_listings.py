"""The tables read every listing as it is composed, and a row left out is missed by one."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from kg.knowledge import default
from kg.lexicon import lexicon
from kg.namespaces import M816
from kg.prove import titles
from kg.prove.checks import Check, World
from kg.prove.listings import checks
from kg.prove.terms import LISTINGS, Trials, changed, rows
from tests.oracle import shipped

FILES = sorted(path.stem for path in LISTINGS.glob("*.toml"))


@cache
def trials() -> Trials:
    return Trials(default(), LISTINGS)


@cache
def by_file() -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = defaultdict(list)
    for check in checks(LISTINGS):
        found[check.name.split(": ")[0]].append(check)
    return found


@pytest.mark.parametrize("file", FILES)
def test_the_tables_answer_as_the_listing_says(file: str) -> None:
    world = World(default(), lexicon(default()))
    found = by_file()[file]
    assert found
    assert [check.name for check in found if not check.holds(world)] == []


def test_site_codes_are_those_the_regions_lead_to() -> None:
    shipped_rows = {
        (code.rsplit("/", 1)[-1], region, side, region in about["inferredRegion"])
        for code, about in shipped.said("codes/site-codes.ttl").items()
        for region in about["region"]
        for side in about["side"] or [""]
    }
    made = {
        (code, M816 + region, M816 + side if side else "", inferred)
        for category in titles.categories(default())
        for code, region, side, inferred in titles.tabled(default(), category)
    }
    assert shipped_rows == made


@pytest.mark.parametrize(
    ("row", "noticed"),
    [
        (("phrase/localized", "phrase", "localized osteoporosis"), "words-types"),
        (("phrase/negated", "cueMeaning", "negated"), "cues"),
        (("code-prefix/S52-radius", "prefix", "S52.5"), "codes"),
        (("drug/prednisone", "longTermStatusCode", ""), "drugs"),
        (("fhir-path/Condition.code", "yields", M816 + "code"), "fhir-resources"),
        (("site-phrase/hip", "titleWording", "hip"), "sites"),
        (("hip", "paired", "true"), "anatomy"),
    ],
)
def test_a_row_left_out_is_missed_by_the_listing_of_its_kind(
    row: tuple[str, str, str], noticed: str
) -> None:
    subject, name, value = M816 + row[0], M816 + row[1], row[2]
    fact = next(f for f in rows(default()) if f[:2] == (subject, name) and f[2].startswith(value))
    assert trials().noticed(fact).startswith(f"{noticed}: ")


def test_a_row_that_no_listing_wants_is_a_survivor() -> None:
    subject = M816 + "phrase/localized"
    extra = (M816 + "phrase", "never written by anyone", "", None)
    known = default()
    raw = {**known.raw, subject: [*known.raw[subject], extra]}
    more = changed(known, next(iter(rows(known))))
    more.raw = raw
    assert Trials(more, LISTINGS).noticed((subject, extra[0], extra[1])) == ""
