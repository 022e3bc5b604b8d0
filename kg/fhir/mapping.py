"""The FHIR mapping table (``ontology/terms/fhir-*.ttl``) compiled: which path yields which fact."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from kg.codesystems import CodeSystems, code_systems
from kg.fhir.kept import Kept
from kg.fhir.values import Step
from kg.knowledge import Knowledge
from kg.namespaces import M816

_INFRASTRUCTURE = {"resourceType", "id", "meta", "text", "language", "implicitRules", "contained"}
_PERIOD = frozenset({M816 + "periodStart", M816 + "periodEnd"})


@dataclass(frozen=True, eq=False)
class Row:
    """One path of one resource type: its value kind and the properties it yields."""

    path: tuple[Step, ...]
    kind: str
    prop: str
    text_prop: str
    dates: bool
    values: dict[str, str] = field(default_factory=dict)
    otherwise: str = ""
    decides: bool = False
    keeps: bool = False
    child: str = ""


Read = Callable[..., None]


class Plan(NamedTuple):
    """How resources with the same elements are read.

    ``rows``: those that may find something; each after what reads its values, and with the element,
    if that is the whole path, and its FHIRPath. ``unread``: what no row looks at. ``checked``:
    whether there may be a diagnosis or both ends of a period.
    """

    rows: tuple[tuple[Read, Row, str, str], ...]
    unread: tuple[str, ...]
    checked: bool


@dataclass(eq=False)
class TypeRow:
    """One resource type: the record class it becomes, and when a record is worth keeping."""

    kind: str
    record_class: str
    kept_always: bool
    rows: list[Row] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)
    _plans: Kept[tuple[str, ...], Plan] = field(default_factory=Kept)

    def plan(self, elements: tuple[str, ...], readers: dict[str, Read]) -> Plan:
        """How to read a resource that has those elements; few combinations ever occur.

        ``readers``: what reads a value, by the kind of value; rows of no such kind read nothing.
        """
        found = self._plans.get(elements)
        if found is None:
            found = self._planned(frozenset(elements), readers)
            self._plans.keep(elements, found, sum(map(len, elements)))
        return found

    @functools.cached_property
    def _looked_at(self) -> frozenset[str]:
        """The elements that a row reads or that are passed over knowingly."""
        read = {row.path[0].name for row in self.rows if not row.path[0].url}
        return frozenset(read | self.ignored | _INFRASTRUCTURE)

    def _planned(self, elements: frozenset[str], readers: dict[str, Read]) -> Plan:
        rows: list[tuple[Read, Row, str, str]] = []
        for row in self.rows:
            first, read = row.path[0], readers.get(row.kind)
            if read is not None and first.name in elements:
                whole = first.name if len(row.path) == 1 and not first.url else ""
                rows.append((read, row, whole, f"{self.kind}.{whole}"))
        props = {prop for _, row, _, _ in rows for prop in (row.prop, row.text_prop)}
        checked = "diagnosis" in elements or props >= _PERIOD
        return Plan(tuple(rows), tuple(sorted(elements - self._looked_at)), checked)


@dataclass(eq=False)
class Mapping:
    """The whole table."""

    types: dict[str, TypeRow] = field(default_factory=dict)
    systems: CodeSystems = field(default_factory=CodeSystems)


@functools.lru_cache(maxsize=8)
def mapping(knowledge: Knowledge) -> Mapping:
    """Compile the mapping rows of the knowledge."""
    table = Mapping(systems=code_systems(knowledge))
    for iri in knowledge.subjects("FhirType"):
        kind = knowledge.text(iri, "fhirType")
        table.types[kind] = TypeRow(
            kind,
            knowledge.text(iri, "recordClass"),
            knowledge.text(iri, "keptAlways") == "true",
            ignored=set(knowledge.texts(iri, "ignoresElement")),
        )
    for iri in knowledge.subjects("FhirPath"):
        table.types[knowledge.text(iri, "onType")].rows.append(_row(knowledge, iri))
    return table


def _row(knowledge: Knowledge, iri: str) -> Row:
    values = {
        knowledge.text(value, "fhirCode"): knowledge.text(value, "means")
        for predicate, value in knowledge.into.get(iri, ())
        if predicate == M816 + "valueOf"
    }
    return Row(
        tuple(map(_step, knowledge.text(iri, "path").split("."))),
        knowledge.text(iri, "valueKind"),
        knowledge.text(iri, "yields"),
        knowledge.text(iri, "yieldsText"),
        knowledge.text(iri, "datesRecord") == "true",
        values,
        knowledge.text(iri, "otherwiseMeans"),
        knowledge.text(iri, "decidesCode") == "true",
        knowledge.text(iri, "keepsRecord") == "true",
        knowledge.text(iri, "childType"),
    )


def _step(name: str) -> Step:
    """One part of a path; an extension's url is written with ``|`` for its dots."""
    element, bracket, url = name.partition("(")
    return Step(element, url.removesuffix(")").replace("|", ".")) if bracket else Step(element)
