"""Sites: a region of the skeleton and a side, as nodes that any two records share."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from kg.facts import Row
from kg.knowledge import Knowledge
from kg.namespaces import M816, TYPE


def is_region(knowledge: Knowledge, concept: str) -> bool:
    """True when a concept is an anatomical region."""
    return concept in _regions(knowledge)


@functools.lru_cache(maxsize=8)
def _regions(knowledge: Knowledge) -> frozenset[str]:
    return frozenset(knowledge.by_type.get(M816 + "Region", ()))


def site_nodes(region: str, sides: frozenset[str]) -> list[str]:
    """The site of a region on each side named, or the region alone when no side is named."""
    name = region.removeprefix(M816)
    if not sides:
        return [f"{M816}site/{name}"]
    return [f"{M816}site/{side.removeprefix(M816)}-{name}" for side in sorted(sides)]


def site_rows(region: str, sides: frozenset[str]) -> Iterator[Row]:
    """What a site node says: its region and side."""
    for site, side in zip(site_nodes(region, sides), sorted(sides) or [""], strict=True):
        yield site, TYPE.value, M816 + "Site"
        yield site, M816 + "region", region
        if side:
            yield site, M816 + "side", side
