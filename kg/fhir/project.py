"""One FHIR resource → the facts of its record, by the mapping table; says what it left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kg.codesystems import code_rows, denoted, dotted
from kg.errors import UnusableRecord
from kg.expressions import DECIMAL, text
from kg.facts import text_of
from kg.fhir.bodysites import regions
from kg.fhir.decode import Json
from kg.fhir.mapping import Mapping, Row
from kg.fhir.projection import Projection, node_of
from kg.fhir.references import Record
from kg.fhir.values import (
    attached_text,
    code_of,
    day_of,
    decimal_of,
    items,
    media_type,
    narrative_text,
    system_of,
    texts,
    values_at,
)
from kg.knowledge import Knowledge
from kg.lexicon import Lexicon
from kg.namespaces import M816, TYPE, XSD
from kg.sites import site_nodes, site_rows
from kg.wording import mentions

__all__ = ["Projection", "Projector", "day_of", "node_of"]

_ELEMENT = re.compile(r"_?[a-z][A-Za-z]{0,63}")
_DATE = XSD + "date"
_PERIOD = (M816 + "periodStart", M816 + "periodEnd")


@dataclass
class Projector:
    """Turns resources into records; one per input file."""

    mapping: Mapping
    lexicon: Lexicon
    record: Record
    file: str
    known_terms: Knowledge

    def __post_init__(self) -> None:
        kinds = {resource["resourceType"] for resource in self.record.by_key.values()}
        if not kinds & set(self.mapping.types):
            raise UnusableRecord(
                self.file,
                "",
                "no resource in it is of a type that is read",
                "Give a FHIR R4 record",
            )

        self._handlers = {
            kind: getattr(self, "_" + kind.lower(), None)
            for kind in {row.kind for table in self.mapping.types.values() for row in table.rows}
        }

    def project(self, key: str, resource: Json) -> Projection | None:
        """The record of a resource, or None when its type is not in the mapping table."""
        kind = resource["resourceType"]
        table = self.mapping.types.get(kind)
        if table is None:
            return None
        made = Projection(key, node_of(key))
        made.add(TYPE.value, table.record_class)
        made.add(M816 + "source", text(key))
        for row in table.rows:
            first = row.path[0]
            if first not in resource and not first.startswith("extension("):
                continue
            for place, value in values_at(resource, row.path, kind):
                self._emit(made, row, value, f"{key} {place}")
        for number, entry in enumerate(items(resource.get("diagnosis"))):
            concept = entry.get("diagnosisCodeableConcept")
            self._needs_system(concept, f"{key} {kind}.diagnosis[{number}]")
        self._check_period(made, f"{key} {kind}")
        for each in (made, *made.children):
            if made.date:
                each.add(M816 + "recordDate", (made.date, _DATE, None))
            made.rows += each.rows if each is not made else []
        made.known = made.known or table.kept_always
        unread = resource.keys() - table.looked_at
        made.left_out += [_unmapped(name) for name in sorted(unread)]
        return made

    def _check_period(self, made: Projection, place: str) -> None:
        start, end = ([text_of(o) for _, p, o in made.rows if p == name] for name in _PERIOD)
        if start and end and max(end) < min(start):
            raise UnusableRecord(
                self.file, place, "its period ends before it starts", "Correct the period"
            )

    def _emit(self, made: Projection, row: Row, value: Any, place: str) -> None:
        handler = self._handlers.get(row.kind)
        if handler is None or value is None:
            return
        handler(made, row, value, place)

    def _text(self, made: Projection, row: Row, value: Any, place: str) -> None:
        self._words(made, row.prop, value)

    def _words(self, made: Projection, prop: str, value: Any) -> None:
        if isinstance(value, str) and value.strip():
            made.add(prop, text(value))
            made.known = made.known or bool(mentions(value, self.lexicon))

    def _code(self, made: Projection, row: Row, value: Any, place: str) -> None:
        meant = row.values.get(str(value), row.otherwise)
        if meant:
            made.add(row.prop, meant)
        elif not row.values:
            made.add(row.prop, text(str(value)))

    def _boolean(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if value is True:
            made.add(row.prop, row.otherwise)

    def _date(self, made: Projection, row: Row, value: Any, place: str) -> None:
        day = day_of(value, self.file, place)
        made.add(row.prop, (day, _DATE, None))
        if row.dates and not made.date:
            made.date = day

    def _quantity(self, made: Projection, row: Row, value: Any, place: str) -> None:
        number = value.get("value") if isinstance(value, dict) else None
        if not isinstance(number, int | float | Decimal) or isinstance(number, bool):
            return
        if texts(value, "comparator"):
            made.left_out.append(f"{_path(place)} is a bound, not a value")
            return
        lexical = decimal_of(number, self.file, place)
        made.add(row.prop, (lexical, DECIMAL, None))
        unit = texts(value, "code") or texts(value, "unit")
        if unit and row.text_prop:
            made.add(row.text_prop, text(unit))

    def _reference(self, made: Projection, row: Row, value: Any, place: str) -> None:
        target = self.record.target(value, made.key)
        if target is None:
            shown = texts(value, "display")
            if shown and row.text_prop:
                made.add(row.text_prop, text(shown))
            return
        made.targets.append((row.prop, target))
        made.known = made.known or row.keeps
        made.add(row.prop, node_of(target))
        if not self.record.resolves(target):
            made.add(M816 + "unresolved", row.prop)
            made.left_out.append(f"{_path(place)} points to a resource not supplied")

    def _codeableconcept(self, made: Projection, row: Row, value: Any, place: str) -> None:
        for concept in value if isinstance(value, list) else [value]:
            if isinstance(concept, dict):
                self._concept(made, row, concept, place)

    def _concept(self, made: Projection, row: Row, concept: Json, place: str) -> None:
        if row.decides:
            self._needs_system(concept, place)
        for coding in items(concept.get("coding")):
            self._coding(made, row, coding, place)
        said = texts(concept, "text")
        if not said.strip():
            outside = [
                texts(coding, "display")
                for coding in items(concept.get("coding"))
                if not row.decides or not _classifies(self.mapping, coding.get("system"))
            ]
            said = "; ".join(shown for shown in outside if shown)
        if said and row.text_prop:
            self._words(made, row.text_prop, said)

    def _needs_system(self, concept: Any, place: str) -> None:
        """Refuse a diagnosis that gives a code in scope and no code system to read it by."""
        codings = items(concept.get("coding") if isinstance(concept, dict) else None)
        if any(_classifies(self.mapping, coding.get("system")) for coding in codings):
            return
        national = [known for known in self.mapping.systems.by_uri.values() if known.judged]
        for coding in codings:
            if not texts(coding, "system") and any(
                self.known_terms.text(meant, "inScope") == "true"
                for known in national
                for meant in denoted(known, dotted(code_of(coding)))
            ):
                raise UnusableRecord(
                    self.file, place, "the diagnosis code has no code system", "Give its system"
                )

    def _coding(self, made: Projection, row: Row, coding: Json, place: str) -> None:
        system, code = texts(coding, "system"), code_of(coding)
        if not code:
            return
        known = self.mapping.systems.by_uri.get(system)
        if known is not None and known.judged:
            code = dotted(code)
        if code in row.values:
            made.add(row.prop, row.values[code])
            return
        if row.otherwise:
            made.add(row.prop, row.otherwise)
            return
        if not system:
            made.left_out.append(f"{_path(place)} has a code without a system")
            return
        iri = self.mapping.systems.iri(system if known else system_of(coding), code)
        made.add(row.prop, iri)
        if known is not None:
            made.rows += code_rows(known, code)
        meant = bool(known is not None and denoted(known, code))
        made.known = made.known or meant or iri in self.known_terms

    def _site(self, made: Projection, row: Row, value: Any, place: str) -> None:
        for concept in items(value):
            for region, sides in regions(concept, self.mapping, self.lexicon, self.known_terms):
                made.rows += site_rows(region, sides)
                made.known = True
                for site in site_nodes(region, sides):
                    made.add(row.prop, site)
            if texts(concept, "text") and row.text_prop:
                made.add(row.text_prop, text(texts(concept, "text")))

    def _codingsite(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if isinstance(value, dict):
            self._site(made, row, {"coding": [value]}, place)

    def _child(self, made: Projection, row: Row, value: Any, place: str) -> None:
        """A part with facts of its own, as a record that says which record it belongs to."""
        if not isinstance(value, dict):
            return
        key = f"{made.key}/{row.path[-1]}-{len(made.children) + 1}"
        part = self.project(key, {**value, "resourceType": row.child})
        if part is not None:
            made.add(row.prop, part.node)
            made.known = made.known or part.known
            made.targets += part.targets
            made.children.append(part)

    def _medication(self, made: Projection, row: Row, value: Any, place: str) -> None:
        """A medication by reference: its own code, or the words shown with the reference."""
        target = self.record.target(value, made.key) or ""
        found = self.record.by_key.get(target)
        if found is not None:
            self._codeableconcept(made, row, found.get("code"), place)
            return
        if target:
            made.left_out.append(f"{_path(place)} points to a resource not supplied")
        self._words(made, row.text_prop, texts(value, "display"))

    def _attachment(self, made: Projection, row: Row, value: Any, place: str) -> None:
        """The text of an attachment, also of one that points to a Binary of the record."""
        if not isinstance(value, dict):
            return
        held = self.record.target({"reference": value.get("url")}, made.key) or ""
        binary = self.record.by_key.get(held, {})
        if "data" not in value and binary.get("resourceType") == "Binary":
            value = {"contentType": value.get("contentType"), **binary}
        kind = media_type(value)
        said = attached_text(value) if kind == "text/plain" and "data" in value else None
        if said is not None:
            self._text(made, row, said, place)
            return
        made.add(M816 + "narrative", M816 + "notMachineReadable")
        made.known = True
        why = "not supplied or not text" if kind == "text/plain" else "not read"
        made.left_out.append(f"an attachment of type {kind} is {why}")

    def _narrative(self, made: Projection, row: Row, value: Any, place: str) -> None:
        self._text(made, row, narrative_text(texts(value, "div")), place)


def _path(place: str) -> str:
    return place.split(" ")[-1]


def _unmapped(name: str) -> str:
    shown = name if _ELEMENT.fullmatch(name) else "of an unknown name"
    return f"element {shown} is not mapped"


def _classifies(mapping: Mapping, system: Any) -> bool:
    known = mapping.systems.by_uri.get(str(system))
    return known is not None and known.classification
