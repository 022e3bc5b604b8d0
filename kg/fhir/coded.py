"""A CodeableConcept, Coding or bodySite → what it says; told once, for all records it stands in.

What it says depends on nothing but its content and the row of the mapping table that reads it, and
a few hundred of them make up most of any record. FHIR R4 §2.24 (Coding, CodeableConcept).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import msgspec

from kg.codesystems import code_rows, denoted, dotted
from kg.expressions import text
from kg.fhir.bodysites import regions
from kg.fhir.decode import Json
from kg.fhir.kept import Kept
from kg.fhir.mapping import Mapping, Row
from kg.fhir.projection import Element, Reading
from kg.fhir.values import code_of, items, system_of, texts
from kg.knowledge import Knowledge
from kg.lexicon import Lexicon
from kg.sites import site_nodes, site_rows
from kg.wording import mentions

_Reader = Callable[[Element, Row, Json], None]
# A key for content: the JSON of it, in which a number is not a string.
_CONTENT = msgspec.json.Encoder(decimal_format="number").encode


class Coded:
    """Reads coded elements by the mapping table."""

    def __init__(self, mapping: Mapping, lexicon: Lexicon, knowledge: Knowledge) -> None:
        self._mapping, self._lexicon, self._knowledge = mapping, lexicon, knowledge
        self._kept: Kept[tuple[Row, bytes], Element] = Kept()

    def concept(self, row: Row, concept: Json) -> Element:
        """What a CodeableConcept says."""
        content = _CONTENT(concept)
        return self._kept.get((row, content)) or self._read(self._concept, row, concept, content)

    def coding(self, row: Row, coding: Json) -> Element:
        """What a Coding says."""
        content = _CONTENT(coding)
        return self._kept.get((row, content)) or self._read(self._coding, row, coding, content)

    def site(self, row: Row, concept: Json) -> Element:
        """What a CodeableConcept says that names a place of the body."""
        content = _CONTENT(concept)
        return self._kept.get((row, content)) or self._read(self._site, row, concept, content)

    def unsure(self, concept: Any) -> bool:
        """Whether a diagnosis gives a code in scope and no code system to read it by."""
        codings = items(concept.get("coding") if isinstance(concept, dict) else None)
        if any(self._classifies(coding.get("system")) for coding in codings):
            return False
        national = [known for known in self._mapping.systems.by_uri.values() if known.judged]
        return any(
            self._knowledge.text(meant, "inScope") == "true"
            for coding in codings
            if not texts(coding, "system")
            for known in national
            for meant in denoted(known, dotted(code_of(coding)))
        )

    def words(self, made: Reading, prop: str, value: Any) -> None:
        """Add what is said in plain words."""
        if isinstance(value, str) and value.strip():
            made.add(prop, text(value))
            made.known = made.known or bool(mentions(value, self._lexicon))

    def _read(self, read: _Reader, row: Row, value: Json, content: bytes) -> Element:
        found = Element(unsure=row.decides and self.unsure(value))
        read(found, row, value)
        self._kept.keep((row, content), found, len(content))
        return found

    def _concept(self, made: Element, row: Row, concept: Json) -> None:
        codings = items(concept.get("coding"))
        for coding in codings:
            self._coding(made, row, coding)
        said = texts(concept, "text")
        if not said.strip():
            outside = [
                texts(coding, "display")
                for coding in codings
                if not row.decides or not self._classifies(coding.get("system"))
            ]
            said = "; ".join(shown for shown in outside if shown)
        if said and row.text_prop:
            self.words(made, row.text_prop, said)

    def _coding(self, made: Element, row: Row, coding: Json) -> None:
        system, code = texts(coding, "system"), code_of(coding)
        known = self._mapping.systems.by_uri.get(system)
        if known is not None and known.judged:
            code = dotted(code)
        if not code:
            return
        if code in row.values or row.otherwise:
            made.add(row.prop, row.values.get(code, row.otherwise))
            return
        if not system:
            made.bare += 1
            return
        iri = self._mapping.systems.iri(system if known else system_of(coding), code)
        made.add(row.prop, iri)
        if known is not None:
            made.beside += code_rows(known, code)
            made.known = made.known or bool(denoted(known, code))
        made.known = made.known or iri in self._knowledge

    def _site(self, made: Element, row: Row, concept: Json) -> None:
        for region, sides in regions(concept, self._mapping, self._lexicon, self._knowledge):
            made.beside += site_rows(region, sides)
            made.known = True
            for site in site_nodes(region, sides):
                made.add(row.prop, site)
        if texts(concept, "text") and row.text_prop:
            made.add(row.text_prop, text(texts(concept, "text")))

    def _classifies(self, system: Any) -> bool:
        known = self._mapping.systems.by_uri.get(str(system))
        return known is not None and known.classification


@functools.lru_cache(maxsize=8)
def coded(mapping: Mapping, lexicon: Lexicon, knowledge: Knowledge) -> Coded:
    """The reader of coded elements by these tables; what it has read it keeps."""
    return Coded(mapping, lexicon, knowledge)
