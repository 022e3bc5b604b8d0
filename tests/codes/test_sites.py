"""Site rows agree with the titles, reach every region once, and follow the index."""

import re
from collections import defaultdict
from typing import Any

import pytest

CATEGORIES = [
    *("G90.5", "M80.0", "M80.8", "M84.3", "M84.4", "M84.5", "M84.6"),
    *("M85.8", "M88", "M89.0", "M89.7"),
]
WORDS = {
    "right": "right",
    "left": "left",
    "unspecifiedSide": "unspecified",
    "bothSides": "bilateral",
}
ROWS = (
    "SELECT ?c ?r ?s { ?row m816:category icd:%s ; m816:code ?c ; m816:region ?r "
    "OPTIONAL { ?row m816:side ?s } }"
)


def rows_by_region(graph: Any, category: str) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for code, region, side in graph.rows(ROWS % category):
        found[region, side].add(code)
    return found


def nearest(region: str, known: set[str], larger: dict[str, set[str]]) -> set[str]:
    """The regions with rows that are met first on the way up from a region."""
    level = {region}
    while level and not level & known:
        level = {above for at in level for above in larger[at]}
    return level & known


def test_the_categories_are_those_of_the_site_table(graph: Any) -> None:
    assert graph.column("SELECT ?c { m816:siteTable m816:rowCategory ?c }") == CATEGORIES


@pytest.mark.parametrize("category", CATEGORIES)
def test_each_region_and_side_leads_to_one_code(graph: Any, category: str) -> None:
    rows = rows_by_region(graph, category)
    assert {key: codes for key, codes in rows.items() if len(codes) != 1} == {}
    known = {region for region, _ in rows}
    larger: dict[str, set[str]] = defaultdict(set)
    for region, above in graph.rows("SELECT ?r ?a { ?r m816:partOf ?a }"):
        larger[region].add(above)
    regions = graph.column("SELECT ?r { ?r a m816:Region }")
    assert len(regions) > 40
    assert {r for r in regions if len(nearest(r, known, larger)) != 1} == set()
    assert "unspecifiedRegion" in known


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_region_has_sides_or_none(graph: Any, category: str) -> None:
    sides: dict[str, set[str]] = defaultdict(set)
    for region, side in rows_by_region(graph, category):
        sides[region].add(side)
    for region, found in sides.items():
        assert found == {""} or "unspecifiedSide" in found, region


def test_every_leaf_of_a_site_category_has_a_row(graph: Any) -> None:
    assert (
        graph.column(
            "SELECT ?c { m816:siteTable m816:rowCategory ?k . ?c skos:broader+ ?k "
            "FILTER NOT EXISTS { ?x skos:broader ?c } FILTER NOT EXISTS { ?row m816:code ?c } }"
        )
        == []
    )


def test_the_side_is_in_the_title(graph: Any) -> None:
    rows = list(
        graph.rows(
            "SELECT ?t ?s { ?row a m816:SiteCode ; m816:code/skos:prefLabel ?t "
            "OPTIONAL { ?row m816:side ?s } }"
        )
    )
    assert len(rows) > 280
    for title, side in rows:
        words = set(re.findall(r"\b(right|left|bilateral)\b", title))
        assert words == ({WORDS[side]} - {"unspecified"} if side else set()), title
        assert side != "unspecifiedSide" or "unspecified" in title


@pytest.mark.parametrize("category", ["M80.0", "M80.8", "M88"])
def test_rows_follow_the_index(graph: Any, category: str) -> None:
    """Each index entry by site that names a region leads above the row's code."""
    names = {
        "finger": "fingers",
        "metacarpus": "metacarpals",
        "metatarsus": "metatarsals",
        "toe": "toes",
    }
    names |= {"vertebra": "spine", "rib (s)": "rib"}
    rows = rows_by_region(graph, category)
    regions = {region for region, _ in rows}
    checked = 0
    for path, code in graph.rows("SELECT ?p ?c { ?i m816:indexPath ?p ; m816:indexCode ?c }"):
        word = path.split(" > ")[-1]
        region = names.get(word, word)
        if code.startswith(category) and region in regions and region != "pelvis":
            codes = {c for (r, _), found in rows.items() if r == region for c in found}
            assert codes, word
            assert all(c.startswith(code) for c in codes), word
            checked += 1
    assert checked > 10


@pytest.mark.parametrize(
    ("category", "region", "side", "code"),
    [
        ("M80.8", "femoralNeck", "right", "M80.851"),
        ("M80.8", "hip", "left", "M80.852"),
        ("M80.8", "distalRadius", "right", "M80.831"),
        ("M80.8", "lumbarSpine", "", "M80.88"),
        ("M80.8", "rib", "", "M80.8A"),
        ("M80.8", "pelvis", "left", "M80.8B2"),
        ("M80.0", "unspecifiedRegion", "", "M80.00"),
        ("M84.4", "hip", "unspecifiedSide", "M84.459"),
        ("M84.4", "femur", "unspecifiedSide", "M84.453"),
        ("M84.4", "toes", "left", "M84.478"),
        ("M84.5", "spine", "", "M84.58"),
        ("M85.8", "lumbarSpine", "", "M85.88"),
        ("M88", "skull", "", "M88.0"),
        ("M89.0", "hand", "right", "M89.041"),
        ("G90.5", "wrist", "right", "G90.511"),
        ("M89.7", "pelvis", "right", "M89.751"),
    ],
)
def test_a_region_and_side_lead_to_the_code(
    graph: Any, category: str, region: str, side: str, code: str
) -> None:
    assert rows_by_region(graph, category)[region, side] == {code}
