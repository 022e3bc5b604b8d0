"""Sites of the code titles: which code a region and side lead to, stated from the region.

In: a listing that says for each region which words of a title a coder looks for, the best first
(``~``: only by inference, because the classification has no word for it). The tables are written
the other way round, from the words of the titles. Out: what listing and tables lead to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kg.codes_sites import site_rows
from kg.curated import SitePhrase
from kg.knowledge import Knowledge, default
from kg.namespaces import ICD, M816, SKOS
from kg.prove.checks import Check, World
from kg.tabular import Entry, Tabular

Site = tuple[str, str, str, bool]  # code, region, side, whether by inference
_SIDES = {"right": "right", "left": "left", "unspecified": "unspecifiedSide", "": ""}


def sites(listing: str, entries: list[dict[str, Any]]) -> Iterator[Check]:
    """The words of a title that each region is looked for under: one check for each category."""
    known = default()
    for category in categories(known):
        expected = listed(entries, titles(known, category))
        ask = _site_rows(category)
        yield Check(f"{listing}: {category}", frozenset({"sites"}), ask, expected)


def _site_rows(category: str) -> Callable[[World], object]:
    return lambda world: (
        tabled(world.knowledge, category) if category in categories(world.knowledge) else None
    )


def categories(knowledge: Knowledge) -> list[str]:
    """The categories whose codes name a site."""
    found = knowledge.texts(M816 + "siteTable", "rowCategory")
    return sorted(iri.removeprefix(ICD) for iri in found)


def titles(knowledge: Knowledge, category: str) -> dict[str, str]:
    """The lowest printed codes of a category with their titles, in printed order."""
    codes = {iri.removeprefix(ICD) for iri in knowledge.raw if iri.startswith(ICD + category)}
    above = {code for code in codes if any(c != code and c.startswith(code) for c in codes)}
    return {
        code: knowledge.values(ICD + code, SKOS + "prefLabel")[0].value
        for code in sorted(codes - above)
    }


def listed(entries: list[dict[str, Any]], found: dict[str, str]) -> set[Site]:
    """Where the listing leads: for each region and side the code with the best word."""
    words = {word.removeprefix("~") for entry in entries for word in entry["words"]}
    read = [(code, *_read(title, words)) for code, title in found.items()]
    return {
        site
        for entry in entries
        for region in entry["regions"]
        for site in _of_region(region, entry, read)
    }


def _read(title: str, words: set[str]) -> tuple[str, str]:
    """The site word a title ends with and its side."""
    if title.endswith(", bilateral"):
        word, _ = _read(title.removesuffix(", bilateral"), words)
        return word, "bothSides"
    endings = {word: (word, "") for word in words}
    endings |= {f"{word}, unspecified": (word, "unspecifiedSide") for word in words}
    fits = [ending for ending in endings if title.endswith(f" {ending}")]
    if not fits:
        return "", ""
    ending = max(fits, key=len)
    word, side = endings[ending]
    before = title.removesuffix(ending).rstrip().rsplit(" ", 1)[-1]
    return word, side or _SIDES.get(before, "")


def _of_region(
    region: str, entry: dict[str, Any], read: list[tuple[str, str, str]]
) -> Iterator[Site]:
    done: set[str] = set()
    for word in entry["words"]:
        if word == "|" and done:  # what follows is for categories without any word before it
            return
        fits = [(code, side) for code, found, side in read if found == word.removeprefix("~")]
        for code, side in fits:
            if side not in done:
                yield code, region, side, word.startswith("~")
        done |= {side for _, side in fits}


def tabled(knowledge: Knowledge, category: str) -> set[Site]:
    """Where the tables lead, made as the builder makes them."""
    entries = {
        code: Entry(code, title, category, True, True, (), {}, None)
        for code, title in titles(knowledge, category).items()
    }
    rows = site_rows(Tabular("", "", entries), list(_phrases(knowledge)), category)
    return {
        (row.entry.notation, region, row.side or "", region in row.phrase.inferred)
        for row in rows
        for region in row.regions
    }


def _phrases(knowledge: Knowledge) -> Iterator[SitePhrase]:
    for iri in knowledge.subjects("SitePhrase"):
        regions, inferred = (
            tuple(each.removeprefix(M816) for each in knowledge.texts(iri, name))
            for name in ("region", "inferredRegion")
        )
        rank = int(knowledge.text(iri, "residualRank", "0"))
        yield SitePhrase(tuple(knowledge.texts(iri, "titleWording")), regions, inferred, rank, ())
