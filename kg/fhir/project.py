"""One FHIR resource → the triples of its record, by the mapping table; says what it left out."""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pyoxigraph import Literal, NamedNode, Triple

from kg.codesystems import code_triples, denoted, dotted
from kg.errors import UnusableRecord
from kg.fhir.decode import MAX_EXPONENT, Json
from kg.fhir.mapping import Mapping, Row
from kg.fhir.references import Record
from kg.lexicon import Lexicon
from kg.namespaces import M816, RECORD, TYPE, XSD, m816
from kg.sites import is_region, site_nodes, site_triples
from kg.wording import mentions

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T.*)?")
_EXPRESSION = re.compile(r"(\w+)\s*(?:\|[^|]*\|)?\s*:\s*(.*)")
_DECIMAL = NamedNode(XSD + "decimal")
_XDATE = NamedNode(XSD + "date")
INFRASTRUCTURE = {"resourceType", "id", "meta", "text", "language", "implicitRules", "contained"}


@dataclass
class Projection:
    """The record of one resource: its node, triples, date, what it points to, what it lacks."""

    key: str
    node: NamedNode
    triples: list[Triple] = field(default_factory=list)
    date: str = ""
    targets: list[tuple[str, str]] = field(default_factory=list)
    known: bool = False
    excluded: bool = False
    left_out: list[str] = field(default_factory=list)

    def add(self, prop: str, value: NamedNode | Literal) -> None:
        """State one fact about the record."""
        self.excluded = self.excluded or value == m816("notEvidence")
        self.triples.append(Triple(self.node, NamedNode(prop), value))

    def undetermined(self, prop: str, basis: str) -> None:
        """Say that the record cannot tell a property, and why (``m816:`` basis term)."""
        self.add(M816 + "undetermined", NamedNode(prop))
        self.add(M816 + "undeterminedBecause", NamedNode(basis))


def node_of(key: str) -> NamedNode:
    """The IRI of the record with that key."""
    return NamedNode(RECORD + key)


@dataclass
class Projector:
    """Turns resources into records; one per input file."""

    mapping: Mapping
    lexicon: Lexicon
    record: Record
    file: str
    known_terms: Any

    def project(self, key: str, resource: Json) -> Projection | None:
        """The record of a resource, or None when its type is not in the mapping table."""
        kind = resource["resourceType"]
        table = self.mapping.types.get(kind)
        if table is None:
            return None
        made = Projection(key, node_of(key))
        made.add(TYPE.value, NamedNode(table.record_class))
        made.add(M816 + "source", Literal(key))
        used: set[str] = set()
        for row in table.rows:
            used.add(row.path[0])
            for place, value in _at(resource, row.path, kind):
                self._emit(made, row, value, f"{key} {place}")
        if made.date:
            made.add(M816 + "recordDate", Literal(made.date, datatype=_XDATE))
        made.known = made.known or table.kept_always
        unread = set(resource) - used - INFRASTRUCTURE - table.ignored
        made.left_out += [f"element {name} is not mapped" for name in sorted(unread)]
        return made

    def _emit(self, made: Projection, row: Row, value: Any, place: str) -> None:
        handler = getattr(self, "_" + row.kind.lower(), None)
        if handler is None or value is None:
            return
        handler(made, row, value, place)

    def _text(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if isinstance(value, str) and value.strip():
            made.add(row.prop, Literal(value))
            made.known = made.known or bool(mentions(value, self.lexicon))

    def _code(self, made: Projection, row: Row, value: Any, place: str) -> None:
        meant = row.values.get(str(value), row.otherwise)
        if meant:
            made.add(row.prop, NamedNode(meant))
        elif not row.values:
            made.add(row.prop, Literal(str(value)))

    def _boolean(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if value is True:
            made.add(row.prop, NamedNode(row.otherwise))

    def _date(self, made: Projection, row: Row, value: Any, place: str) -> None:
        day = day_of(value, self.file, place)
        made.add(row.prop, Literal(day, datatype=_XDATE))
        if row.dates and not made.date:
            made.date = day

    def _quantity(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if not isinstance(value, dict) or not isinstance(value.get("value"), int | float | object):
            return
        number = value.get("value")
        if number is None or isinstance(number, bool | str | dict | list):
            return
        lexical = self._lexical(number, place)
        made.add(row.prop, Literal(lexical, datatype=_DECIMAL))
        unit = value.get("code") or value.get("unit")
        if isinstance(unit, str):
            made.add(row.text_prop, Literal(unit))

    def _lexical(self, number: Any, place: str) -> str:
        text = str(number)
        digits = text.upper().partition("E")[2]
        if (digits and abs(int(digits)) > MAX_EXPONENT) or len(text) > 64:
            raise UnusableRecord(
                self.file, place, "the number is out of any clinical range", "Correct the value"
            )
        return format(number, "f") if digits else text

    def _reference(self, made: Projection, row: Row, value: Any, place: str) -> None:
        target = self.record.target(value, made.key)
        if target is None:
            text = value.get("display") if isinstance(value, dict) else None
            if isinstance(text, str) and row.text_prop:
                made.add(row.text_prop, Literal(text))
            return
        made.targets.append((row.prop, target))
        made.known = made.known or row.keeps
        made.add(row.prop, node_of(target))
        if not self.record.resolves(target):
            made.add(M816 + "unresolved", NamedNode(row.prop))
            made.left_out.append(f"{place.split(' ')[-1]} points to a resource not supplied")

    def _codeableconcept(self, made: Projection, row: Row, value: Any, place: str) -> None:
        for concept in value if isinstance(value, list) else [value]:
            if isinstance(concept, dict):
                self._concept(made, row, concept, place)

    def _concept(self, made: Projection, row: Row, concept: Json, place: str) -> None:
        text = concept.get("text")
        displays = []
        for coding in _list(concept.get("coding")):
            self._coding(made, row, coding, place)
            if isinstance(coding, dict) and isinstance(coding.get("display"), str):
                displays.append((coding.get("system"), coding["display"]))
        if not isinstance(text, str) or not text.strip():
            outside = [
                shown
                for system, shown in displays
                if not row.decides or not _classifies(self.mapping, system)
            ]
            text = "; ".join(outside)
        if text and row.text_prop:
            self._text(made, row_with(row, row.text_prop), text, place)

    def _coding(self, made: Projection, row: Row, coding: Any, place: str) -> None:
        if not isinstance(coding, dict) or not isinstance(coding.get("code"), str):
            return
        system, code = coding.get("system"), coding["code"].strip()
        known = self.mapping.systems.by_uri.get(str(system))
        if known is not None and known.judged:
            code = dotted(code)
        if code in row.values:
            made.add(row.prop, NamedNode(row.values[code]))
            return
        if row.otherwise:
            made.add(row.prop, NamedNode(row.otherwise))
            return
        if not isinstance(system, str):
            made.left_out.append(f"{place.split(' ')[-1]} has a code without a system")
            return
        iri = self.mapping.systems.iri(system, code)
        made.add(row.prop, NamedNode(iri))
        if known is not None:
            made.triples += code_triples(known, code)
        meant = bool(known is not None and denoted(known, code))
        made.known = made.known or meant or iri in self.known_terms

    def _site(self, made: Projection, row: Row, value: Any, place: str) -> None:
        for concept in value if isinstance(value, list) else [value]:
            if not isinstance(concept, dict):
                continue
            for region, sides in self._regions(concept):
                for triple in site_triples(region, sides):
                    made.triples.append(triple)
                for site in site_nodes(region, sides):
                    made.add(row.prop, site)
                    made.known = True
            text = concept.get("text")
            if isinstance(text, str) and row.text_prop:
                made.add(row.text_prop, Literal(text))

    def _regions(self, concept: Json) -> list[tuple[str, frozenset[str]]]:
        """Regions and sides of a bodySite: codes first (also post-coordinated), else its words."""
        coded: list[tuple[str, frozenset[str]]] = []
        sides: set[str] = set()
        for coding in _list(concept.get("coding")):
            system, code = str(coding.get("system")), str(coding.get("code", ""))
            whole = _EXPRESSION.fullmatch(code)
            base, refinement = (whole[1], whole[2]) if whole else (code, "")
            meant = self.known_terms.texts(self.mapping.systems.iri(system, base), "meansRegion")
            own = {
                side
                for value in re.findall(r"=\s*(\w+)", refinement)
                for side in self.known_terms.texts(
                    self.mapping.systems.iri(system, value), "denotes"
                )
            } | set(self.known_terms.texts(self.mapping.systems.iri(system, base), "side"))
            coded += [(region, frozenset(own)) for region in meant]
            sides |= own
            shown = coding.get("display")
            if not meant and isinstance(shown, str) and not concept.get("text"):
                concept = {**concept, "text": shown}
        said = self._said_regions(str(concept.get("text") or ""))
        if not coded:
            return [(region, own or frozenset(sides)) for region, own in said]
        spoken = frozenset(side for _, own in said for side in own)
        return [(region, own or spoken) for region, own in coded]

    def _said_regions(self, text: str) -> list[tuple[str, frozenset[str]]]:
        return [
            (mention.concept, mention.sides)
            for mention in mentions(text, self.lexicon)
            if is_region(self.known_terms, mention.concept)
        ]

    def _codingsite(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if isinstance(value, dict):
            self._site(made, row, {"coding": [value]}, place)

    def _medication(self, made: Projection, row: Row, value: Any, place: str) -> None:
        """A medication by reference: its own code, or the words shown with the reference."""
        target = self.record.target(value, made.key)
        found = self.record.by_key.get(target or "")
        if found is not None:
            self._codeableconcept(made, row, found.get("code"), place)
        elif isinstance(value, dict) and isinstance(value.get("display"), str):
            self._text(made, row_with(row, row.text_prop), value["display"], place)

    def _attachment(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            return
        kind = str(value.get("contentType", "")).split(";")[0].strip()
        data = value.get("data")
        if kind.startswith("text/plain") and isinstance(data, str):
            try:
                text = base64.b64decode(data, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                made.left_out.append("an attachment is not readable text")
            else:
                self._text(made, row, text.replace("\x00", " "), place)
                return
        made.add(M816 + "narrative", m816("notMachineReadable"))
        made.known = True
        made.left_out.append(f"an attachment of type {kind or 'unknown'} is not read")

    def _narrative(self, made: Projection, row: Row, value: Any, place: str) -> None:
        if isinstance(value, dict) and isinstance(value.get("div"), str):
            text = re.sub(r"<[^>]+>", " ", value["div"])
            self._text(made, row, text, place)


def row_with(row: Row, prop: str) -> Row:
    """The same row yielding another property."""
    return Row(row.path, row.kind, prop, row.text_prop, row.dates, row.values, row.otherwise)


def _classifies(mapping: Mapping, system: Any) -> bool:
    known = mapping.systems.by_uri.get(str(system))
    return known is not None and known.classification


def day_of(value: Any, file: str, place: str) -> str:
    """The day of a FHIR date or dateTime; a year or month counts from its first day.

    Raises ``UnusableRecord`` for a date that does not exist or lies outside 1850 to 2150.
    """
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match:
        year, month, day = (int(part or 1) for part in match.groups())
        try:
            found = datetime.date(year, month, day)
        except ValueError:
            found = None
        if found and 1850 <= year <= 2150:
            return found.isoformat()
    raise UnusableRecord(file, place, "the date does not exist", "Correct it in the source system")


def _list(value: Any) -> list[Any]:
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, dict)]


def _at(value: Any, path: tuple[str, ...], place: str) -> Iterator[tuple[str, Any]]:
    """The values at a path, lists flattened, each with its concrete FHIRPath."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _at(item, path, f"{place}[{number}]")
    elif not path:
        yield place, value
    elif isinstance(value, dict):
        name = path[0]
        if name.startswith("extension("):
            for item in _list(value.get("extension")):
                if item.get("url") == name[10:-1].replace("|", "."):
                    yield from _at(item, path[1:], f"{place}.extension")
        elif name in value:
            yield from _at(value[name], path[1:], f"{place}.{name}")
