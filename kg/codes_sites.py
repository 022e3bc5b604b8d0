"""Turn titles with a site and a side into rows that lead from region and side to a code.

In: the tabular list and the curated site words. Out: one Turtle block per code. Errors: none of
its own. Source: the titles of the site subcategories, read from their end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kg.codes_turtle import Pair, block, name, string
from kg.curated import SitePhrase
from kg.namespaces import M816
from kg.tabular import Entry, Tabular

_SIDES = {"right": "right", "left": "left", "unspecified": "unspecifiedSide"}
_BOTH, _UNKNOWN = ", bilateral", ", unspecified"


@dataclass(slots=True)
class Row:
    """A code, the wording its title ends with, its side if any, and the regions it is for."""

    entry: Entry
    phrase: SitePhrase
    side: str | None
    regions: set[str]


def site_blocks(
    tabular: Tabular, phrases: list[SitePhrase], categories: Iterable[str]
) -> Iterator[str]:
    """Yield one block per code of each category that names a site, in printed order."""
    for category in categories:
        for row in site_rows(tabular, phrases, category):
            yield block(f"<{M816}site-code/{row.entry.notation}>", _pairs(row, category))


def site_rows(tabular: Tabular, phrases: list[SitePhrase], category: str) -> list[Row]:
    """The rows of one category: its codes that name a site, with the regions left to each."""
    leaves = [e for n in tabular.below(category) if (e := tabular.entries[n]).is_leaf]
    rows = [row for entry in leaves if (row := read_title(entry, phrases)) is not None]
    _most_specific(rows)
    _residual(rows)
    return [row for row in rows if row.regions]


def read_title(entry: Entry, phrases: list[SitePhrase]) -> Row | None:
    """Return the row a title stands for: the longest wording it ends with, and the side before."""
    title, side = entry.title, None
    if title.endswith(_BOTH):
        title, side = title.removesuffix(_BOTH), "bothSides"
    fits = [
        (ending, phrase)
        for phrase in phrases
        for wording in phrase.wordings
        for ending in (wording, wording + _UNKNOWN)
        if title.endswith(" " + ending)
    ]
    if not fits:
        return None
    ending, phrase = max(fits, key=lambda fit: len(fit[0]))
    before = title.removesuffix(ending).rstrip()
    word = re.search(r"\b(right|left|unspecified)$", before)
    if word and side is None:
        side = _SIDES[word[1]]
    if ending.endswith(_UNKNOWN):
        side = "unspecifiedSide"
    return Row(entry, phrase, side, {*phrase.regions, *phrase.inferred})


def _most_specific(rows: list[Row]) -> None:
    """Leave a region and side to the row whose wording covers the fewest regions."""
    sizes = {id(row): len(row.regions) for row in rows}
    for row in rows:
        rivals = [r for r in rows if r.side == row.side and sizes[id(r)] < sizes[id(row)]]
        row.regions -= {region for rival in rivals for region in rival.phrase.regions}


def _residual(rows: list[Row]) -> None:
    """Leave to "other site" and "unspecified site" only what no other wording covers."""
    for row in rows:
        stronger = [r for r in rows if r.phrase.residual < row.phrase.residual]
        row.regions -= {region for other in stronger for region in other.regions}


def _pairs(row: Row, category: str) -> list[Pair]:
    pairs: list[Pair] = [
        ("a", "m816:SiteCode"),
        ("rdfs:label", string(row.entry.title, "en")),
        ("m816:category", name("icd", category)),
        ("m816:code", name("icd", row.entry.notation)),
    ]
    pairs += [("m816:region", name("m816", region)) for region in row.regions]
    inferred = row.regions.intersection(row.phrase.inferred)
    pairs += [("m816:inferredRegion", name("m816", region)) for region in inferred]
    if row.side:
        pairs.append(("m816:side", name("m816", row.side)))
    sources = [f"T-{row.entry.notation}-title", *row.phrase.statements]
    return [*pairs, *(("dct:source", name("statement", source)) for source in sources)]
