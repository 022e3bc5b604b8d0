"""A derived case graph to read from: values by subject and property, and words for its nodes."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Triple

from kg.facts import Facts, Index, row, text_of
from kg.knowledge import Knowledge
from kg.namespaces import ICD, M816, RECORD, TYPE

_NONE: Index = {}


class View:
    """Read access to one derived graph, with the knowledge for labels."""

    def __init__(self, graph: Facts | Iterable[Triple], knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.facts = graph if isinstance(graph, Facts) else Facts(map(row, graph))
        self._shown: dict[str, str] = {}
        self._codes: dict[str, str] = {}

    def iris(self, subject: str, prop: str) -> list[str]:
        """Sorted values of a property (full IRI) as strings."""
        found = self.facts.sp.get(prop, _NONE).get(subject)
        if not found:
            return []
        if len(found) == 1:
            return [text_of(found[0])]
        return sorted({text_of(value) for value in found})

    def values(self, subject: str, name: str) -> list[str]:
        """Sorted values of an m816 property as strings."""
        return self.iris(subject, M816 + name)

    def value(self, subject: str, name: str) -> str:
        """The first value of an m816 property, or empty."""
        found = self.facts.sp.get(M816 + name, _NONE).get(subject)
        if not found:
            return ""
        return text_of(found[0]) if len(found) == 1 else min(map(text_of, found))

    def of_type(self, name: str) -> list[str]:
        """All nodes of an m816 class."""
        return self._into(TYPE.value, M816 + name)

    def subjects(self, name: str, value: str) -> list[str]:
        """All subjects with that m816 property and value."""
        return self._into(M816 + name, value)

    def _into(self, prop: str, value: str) -> list[str]:
        return sorted({text_of(node) for node in self.facts.po[prop].get(value, ())})

    def shown(self, node: str) -> str:
        """A node as people read it: a code, a record's id, a site in words, a label."""
        found = self._shown.get(node)
        if found is None:
            found = self._shown[node] = self._as_shown(node)
        return found

    def _as_shown(self, node: str) -> str:
        if node.startswith(ICD):
            return node.removeprefix(ICD)
        source = self.value(node, "source") or self.value(node, "notation")
        if source:
            return source
        region = self.value(node, "region")
        if region:
            side = self.value(node, "side")
            words = f"{self.knowledge.label(side)} " if side else ""
            return words + self.knowledge.label(region)
        code = self.value(node, "code")
        if code and node.startswith(RECORD):
            return self.shown(code)
        if node.startswith(f"{RECORD}case/"):
            return node.removeprefix(f"{RECORD}case/")
        if node.startswith(RECORD):
            return node.removeprefix(RECORD)
        return self.knowledge.label(node) if node in self.knowledge else node

    def shown_code(self, node: str) -> str:
        """The code of a submitted or expected code node, as printed on a claim."""
        found = self._codes.get(node)
        if found is None:
            code = self.value(node, "code")
            found = self.value(code, "notation") or code.rsplit("/", 1)[-1].rsplit("#", 1)[-1]
            self._codes[node] = found
        return found

    def record_of(self, node: str) -> str:
        """The record a node is or comes from, as ``Type/id``."""
        return (self.value(node, "source") or self.shown(node)).split(" ")[0]

    def date_of(self, node: str, otherwise: str) -> str:
        """The date of a record, else the given one."""
        return self.value(node, "recordDate") or otherwise
