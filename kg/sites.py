"""Sites: a region of the skeleton and a side, as nodes that any two records share."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import NamedNode, Triple

from kg.knowledge import Knowledge
from kg.namespaces import M816, TYPE, m816


def is_region(knowledge: Knowledge, concept: str) -> bool:
    """True when a concept is an anatomical region."""
    return m816("Region") in knowledge.values(concept, TYPE.value)


def site_nodes(region: str, sides: frozenset[str]) -> list[NamedNode]:
    """The site of a region on each side named, or the region alone when no side is named."""
    name = region.removeprefix(M816)
    if not sides:
        return [NamedNode(f"{M816}site/{name}")]
    return [NamedNode(f"{M816}site/{side.removeprefix(M816)}-{name}") for side in sorted(sides)]


def site_triples(region: str, sides: frozenset[str]) -> Iterator[Triple]:
    """What a site node says: its region and side."""
    for site, side in zip(site_nodes(region, sides), sorted(sides) or [""], strict=True):
        yield Triple(site, TYPE, m816("Site"))
        yield Triple(site, m816("region"), NamedNode(region))
        if side:
            yield Triple(site, m816("side"), NamedNode(side))
