"""One FHIR resource → the facts of its record, by the mapping table; says what it left out."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from kg.errors import UnusableRecord
from kg.expressions import DECIMAL, text
from kg.facts import text_of
from kg.fhir.coded import coded
from kg.fhir.decode import Json
from kg.fhir.mapping import Mapping, Row, TypeRow
from kg.fhir.projection import Projection, node_of
from kg.fhir.references import Record
from kg.fhir.values import (
    NO_SUCH_DAY,
    attached_text,
    day_of,
    decimal_of,
    items,
    media_type,
    narrative_text,
    texts,
    values_at,
)
from kg.knowledge import Knowledge
from kg.lexicon import Lexicon
from kg.namespaces import M816, XSD

_ELEMENT = re.compile(r"_?[a-z][A-Za-z]{0,63}")
_DATE = XSD + "date"
_UNRESOLVED = M816 + "unresolved"
_NUMBERS = frozenset({int, float, Decimal})
_PERIOD = (M816 + "periodStart", M816 + "periodEnd")


class Projector:
    """Turns resources into records; one per input file."""

    def __init__(
        self, mapping: Mapping, lexicon: Lexicon, record: Record, file: str, knowledge: Knowledge
    ) -> None:
        self._types, self._record, self._file = mapping.types, record, file
        self._coded = coded(mapping, lexicon, knowledge)
        if not any(record.of_type(kind) for kind in self._types):
            raise UnusableRecord(
                file, "", "no resource in it is of a type that is read", "Give a FHIR R4 record"
            )

    def project(self, key: str, resource: Json) -> Projection | None:
        """The record of a resource, or None when its type is not in the mapping table."""
        table = self._types.get(resource["resourceType"])
        return self._projected(key, table, resource) if table is not None else None

    def _projected(self, key: str, table: TypeRow, resource: Json) -> Projection:
        made = Projection(key=key, record_class=table.record_class)
        rows, unread, checked = table.plan(tuple(resource), _READERS)
        for read, row, element, place in rows:
            if element and not isinstance(value := resource[element], list):
                if value is not None:
                    read(self, made, row, value, place)
                continue
            for where, each in values_at(resource, row.path, table.kind):
                if each is not None:
                    read(self, made, row, each, where)
        if checked:
            self._check(made, table.kind, resource)
        if table.kept_always:
            made.known = True
        if unread:
            made.left_out += map(_unmapped, unread)
        return made

    def _check(self, made: Projection, kind: str, resource: Json) -> None:
        """Refuse a diagnosis without a system to read it by, and a period that ends too soon."""
        for number, entry in enumerate(items(resource.get("diagnosis"))):
            if self._coded.unsure(entry.get("diagnosisCodeableConcept")):
                raise self._without_system(made, f"{kind}.diagnosis[{number}]")
        start, end = ([text_of(o) for p, o in made.said if p == name] for name in _PERIOD)
        if start and end and max(end) < min(start):
            what = "its period ends before it starts"
            raise self._unusable(made, kind, what, "Correct the period")

    def _without_system(self, made: Projection, place: str) -> UnusableRecord:
        what = "the diagnosis code has no code system"
        return self._unusable(made, place, what, "Give its system")

    def _unusable(self, made: Projection, place: str, what: str, remedy: str) -> UnusableRecord:
        return UnusableRecord(self._file, f"{made.key} {place}", what, remedy)

    def _text(self, made: Projection, row: Row, value: Any, place: str) -> None:
        self._coded.words(made, row.prop, value)

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
        day = day_of(value)
        if not day:
            raise self._unusable(made, place, *NO_SUCH_DAY)
        made.said.append((row.prop, (day, _DATE, None)))
        if row.dates and not made.date:
            made.date = day

    def _quantity(self, made: Projection, row: Row, value: Any, place: str) -> None:
        number: Any = value.get("value") if isinstance(value, dict) else None
        if type(number) not in _NUMBERS:  # of which a truth value is none
            return
        if "comparator" in value and texts(value, "comparator"):
            made.left_out.append(f"{place} is a bound, not a value")
            return
        lexical = decimal_of(number)
        if not lexical:
            what = "the number is out of any clinical range"
            raise self._unusable(made, place, what, "Correct the value")
        made.said.append((row.prop, (lexical, DECIMAL, None)))
        if row.text_prop:
            unit = texts(value, "code") or texts(value, "unit")
            if unit:
                made.said.append((row.text_prop, text(unit)))

    def _reference(self, made: Projection, row: Row, value: Any, place: str) -> None:
        target = self._record.target(value, made.key)
        if target is None:
            shown = texts(value, "display")
            if shown and row.text_prop:
                made.add(row.text_prop, text(shown))
            return
        made.targets.append((row.prop, target))
        if row.keeps:
            made.known = True
        made.said.append((row.prop, node_of(target)))
        if not self._record.resolves(target):
            made.add(_UNRESOLVED, row.prop)
            made.left_out.append(f"{place} points to a resource not supplied")

    def _concept(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if isinstance(value, dict):
            found = self._coded.concept(row, value)
            if found.unsure:
                raise self._without_system(made, place)
            made.take(found, place)

    def _coding(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if isinstance(value, dict):
            made.take(self._coded.coding(row, value), place)

    def _site(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if isinstance(value, dict):
            made.take(self._coded.site(row, value), place)

    def _coding_site(self, made: Projection, row: Row, value: Any, place: str) -> None:
        self._site(made, row, {"coding": [value]}, place)

    def _child(self, made: Projection, row: Row, value: Any, place: str) -> None:
        """A part with facts of its own, as a record that says which record it belongs to."""
        if not isinstance(value, dict):
            return
        table = self._types.get(row.child)
        if table is not None:
            key = f"{made.key}/{row.path[-1].name}-{len(made.children) + 1}"
            part = self._projected(key, table, value)
            made.add(row.prop, part.node)
            made.known = made.known or part.known
            made.targets += part.targets
            made.left_out += part.left_out
            made.children.append(part)

    def _medication(self, made: Projection, row: Row, value: Any, place: str) -> None:
        """A medication by reference: its own code, or the words shown with the reference."""
        target = self._record.target(value, made.key) or ""
        found = self._record.by_key.get(target)
        if found is not None:
            for concept in items(found.get("code")):
                self._concept(made, row, concept, place)
            return
        if target:
            made.left_out.append(f"{place} points to a resource not supplied")
        self._coded.words(made, row.text_prop, texts(value, "display"))

    def _attachment(self, made: Projection, row: Row, value: Any, place: str) -> None:
        """The text of an attachment, also of one that points to a Binary of the record."""
        if not isinstance(value, dict):
            return
        held = self._record.target({"reference": value.get("url")}, made.key) or ""
        binary = self._record.by_key.get(held, {})
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


def _unmapped(name: str) -> str:
    shown = name if _ELEMENT.fullmatch(name) else "of an unknown name"
    return f"element {shown} is not mapped"


_READERS = {  # by the kind of value; no bound methods, which would keep a record from being freed
    "text": Projector._text,
    "code": Projector._code,
    "boolean": Projector._boolean,
    "date": Projector._date,
    "quantity": Projector._quantity,
    "reference": Projector._reference,
    "CodeableConcept": Projector._concept,
    "Coding": Projector._coding,
    "site": Projector._site,
    "codingsite": Projector._coding_site,
    "child": Projector._child,
    "medication": Projector._medication,
    "attachment": Projector._attachment,
    "narrative": Projector._narrative,
}
