"""The FHIR mapping table (``ontology/terms/fhir-*.ttl``) compiled: which path yields which fact."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from kg.codesystems import CodeSystems, code_systems
from kg.knowledge import Knowledge
from kg.namespaces import M816

_INFRASTRUCTURE = {"resourceType", "id", "meta", "text", "language", "implicitRules", "contained"}


@dataclass(frozen=True)
class Row:
    """One path of one resource type: its value kind and the properties it yields."""

    path: tuple[str, ...]
    kind: str
    prop: str
    text_prop: str
    dates: bool
    values: dict[str, str] = field(hash=False, default_factory=dict)
    otherwise: str = ""
    decides: bool = False
    keeps: bool = False
    child: str = ""


@dataclass
class TypeRow:
    """One resource type: the record class it becomes, and when a record is worth keeping."""

    record_class: str
    kept_always: bool
    rows: list[Row] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)

    @functools.cached_property
    def looked_at(self) -> frozenset[str]:
        """The elements that a row reads or that are passed over knowingly."""
        return frozenset({row.path[0] for row in self.rows} | self.ignored | _INFRASTRUCTURE)


@dataclass
class Mapping:
    """The whole table."""

    types: dict[str, TypeRow] = field(default_factory=dict)
    systems: CodeSystems = field(default_factory=CodeSystems)


@functools.lru_cache(maxsize=8)
def mapping(knowledge: Knowledge) -> Mapping:
    """Compile the mapping rows of the knowledge."""
    table = Mapping(systems=code_systems(knowledge))
    for iri in knowledge.subjects("FhirType"):
        table.types[knowledge.text(iri, "fhirType")] = TypeRow(
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
        tuple(knowledge.text(iri, "path").split(".")),
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
