"""The FHIR mapping table (``ontology/terms/fhir-*.ttl``) compiled: which path yields which fact."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from kg.knowledge import Knowledge
from kg.namespaces import M816


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


@dataclass
class TypeRow:
    """One resource type: the record class it becomes, and when a record is worth keeping."""

    record_class: str
    kept_always: bool
    rows: list[Row] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)


@dataclass
class CodeSystem:
    """A code system: its IRIs, whether it is a classification, its prefix meanings."""

    iri: str
    base: str
    classification: bool
    judged: bool
    prefixes: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Mapping:
    """The whole table."""

    types: dict[str, TypeRow] = field(default_factory=dict)
    systems: dict[str, CodeSystem] = field(default_factory=dict)

    def iri(self, system: str, code: str) -> str:
        """The IRI of a concept; codes of systems we do not know keep their system in it."""
        known = self.systems.get(system)
        return (known.base if known else f"urn:m816:code:{system}#") + code


@functools.lru_cache(maxsize=8)
def mapping(knowledge: Knowledge) -> Mapping:
    """Compile the mapping rows of the knowledge."""
    table = Mapping()
    for iri in knowledge.subjects("FhirType"):
        table.types[knowledge.text(iri, "fhirType")] = TypeRow(
            knowledge.text(iri, "recordClass"),
            knowledge.text(iri, "keptAlways") == "true",
            ignored=set(knowledge.texts(iri, "ignoresElement")),
        )
    for iri in knowledge.subjects("FhirPath"):
        table.types[knowledge.text(iri, "onType")].rows.append(_row(knowledge, iri))
    for iri in knowledge.subjects("CodeSystem"):
        prefixes: dict[str, list[str]] = {}
        for row in sorted(s for p, s in knowledge.into.get(iri, ()) if p == M816 + "ofSystem"):
            for prefix in knowledge.texts(row, "prefix"):
                prefixes.setdefault(prefix, []).extend(knowledge.texts(row, "denotes"))
        system = CodeSystem(
            iri,
            knowledge.text(iri, "iriBase"),
            knowledge.text(iri, "isClassification") == "true",
            knowledge.text(iri, "isJudged") == "true",
            prefixes,
        )
        for uri in knowledge.texts(iri, "systemUri"):
            table.systems[uri] = system
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
        knowledge.text(iri, "decides") == "true",
        knowledge.text(iri, "keepsRecord") == "true",
    )


def denoted(system: CodeSystem, code: str) -> list[str]:
    """What the longest fitting code prefix of the table denotes, or nothing."""
    for size in range(len(code), 0, -1):
        if code[:size] in system.prefixes:
            return system.prefixes[code[:size]]
    return []
