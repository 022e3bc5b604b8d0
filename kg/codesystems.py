"""Code systems and what their codes say by themselves: system, notation, meaning of a prefix."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kg.expressions import text
from kg.facts import Row
from kg.knowledge import Knowledge
from kg.namespaces import M816

_DOTTED = re.compile(r"([A-Za-z]\d[0-9A-Za-z])\.?([0-9A-Za-z]{0,4})")


@dataclass(eq=False)
class CodeSystem:
    """A code system: its IRIs, whether it classifies and is judged, its prefix meanings."""

    iri: str
    base: str
    classification: bool
    judged: bool
    prefixes: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class CodeSystems:
    """All code systems by FHIR system URI."""

    by_uri: dict[str, CodeSystem] = field(default_factory=dict)

    def iri(self, uri: str, code: str) -> str:
        """The IRI of a concept; codes of systems we do not know keep their system in it."""
        known = self.by_uri.get(uri)
        return (known.base if known else f"urn:m816:code:{uri}#") + code

    def of_iri(self, iri: str) -> CodeSystem | None:
        """The system whose concepts' IRIs start that way, or None."""
        return next((s for s in self.by_uri.values() if iri.startswith(s.base)), None)

    def has(self, iri: str) -> bool:
        """Whether an IRI is a concept of a system that is known."""
        return iri.startswith(self._bases)

    @functools.cached_property
    def _bases(self) -> tuple[str, ...]:
        return tuple(system.base for system in self.by_uri.values())


@functools.lru_cache(maxsize=8)
def code_systems(knowledge: Knowledge) -> CodeSystems:
    """Compile the code systems and prefix rows of the knowledge."""
    found = CodeSystems()
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
            found.by_uri[uri] = system
    return found


@functools.lru_cache(maxsize=4096)
def denoted(system: CodeSystem, code: str) -> list[str]:
    """What the longest fitting code prefix of the table denotes, or nothing."""
    for size in range(len(code), 0, -1):
        if code[:size] in system.prefixes:
            return system.prefixes[code[:size]]
    return []


def code_rows(system: CodeSystem, code: str) -> Iterator[Row]:
    """Facts every code node carries: notation, system, and what its prefix denotes."""
    node = system.base + code
    yield node, M816 + "notation", text(code)
    yield node, M816 + "codeSystem", system.iri
    for concept in denoted(system, code):
        yield node, M816 + "denotes", concept


def dotted(code: str) -> str:
    """A code in the printed form of ICD-10-CM (capital, dot after three); others unchanged."""
    match = _DOTTED.fullmatch(code.strip())
    if not match:
        return code
    head, tail = match[1].upper(), match[2].upper()
    return f"{head}.{tail}" if tail else head
