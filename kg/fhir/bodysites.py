"""A bodySite → regions of the skeleton and sides: codes first (also post-coordinated), then words.

SNOMED CT compositional grammar (``71341001:272741003=7771000``); FHIR R4 CodeableConcept.
"""

from __future__ import annotations

import re

from kg.fhir.decode import Json
from kg.fhir.mapping import Mapping
from kg.fhir.values import items, texts
from kg.knowledge import Knowledge
from kg.lexicon import Lexicon
from kg.sites import is_region
from kg.wording import mentions

Regions = list[tuple[str, frozenset[str]]]
_TERM = re.compile(r"\|[^|]*\|")
_VALUE = re.compile(r"=\s*(\w+)")


def regions(concept: Json, mapping: Mapping, lexicon: Lexicon, knowledge: Knowledge) -> Regions:
    """The regions a bodySite names, each with its sides (none when no side is given)."""
    coded: Regions = []
    sides: set[str] = set()
    words = texts(concept, "text")
    for coding in items(concept.get("coding")):
        found, own = _coded(coding, mapping, knowledge)
        coded += [(region, own) for region in found]
        sides |= own
        if not found and not words:
            words = texts(coding, "display")
    said = _said(words, lexicon, knowledge)
    if not coded:
        return [(region, own or frozenset(sides)) for region, own in said]
    spoken = frozenset(side for _, own in said for side in own)
    return [(region, own or spoken) for region, own in coded]


def _coded(
    coding: Json, mapping: Mapping, knowledge: Knowledge
) -> tuple[list[str], frozenset[str]]:
    system = texts(coding, "system")
    base, _, refinement = _TERM.sub("", texts(coding, "code")).partition(":")
    iri = mapping.systems.iri(system, base.strip())
    sides = set(knowledge.texts(iri, "side"))
    for value in _VALUE.findall(refinement):
        sides |= set(knowledge.texts(mapping.systems.iri(system, value), "denotes"))
    return knowledge.texts(iri, "meansRegion"), frozenset(sides)


def _said(text: str, lexicon: Lexicon, knowledge: Knowledge) -> Regions:
    return [
        (mention.concept, mention.sides)
        for mention in mentions(text, lexicon)
        if is_region(knowledge, mention.concept)
    ]
