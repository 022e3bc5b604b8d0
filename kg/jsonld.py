"""Triples → a JSON-LD 1.1 document with compact terms, and the context that explains them.

In: triples in the order to be kept, and prefixes. Out: the same bytes for the same triples. The
context says of each property what all its values have in common (a language, a datatype, being
things), so that values are plain strings. Source: JSON-LD 1.1, sections 4.2 to 4.3.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.namespaces import M816, RDF, TYPE, XSD

Term = NamedNode | BlankNode | Literal
_FIRST, _REST, _NIL = RDF + "first", RDF + "rest", NamedNode(RDF + "nil")
_RESERVED = {"id", "type"}


class Writer:
    """The context and the nodes of one document."""

    def __init__(self, triples: Iterable[Triple], prefixes: Mapping[str, str]) -> None:
        self._said: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
        pointed: Counter[str] = Counter()
        for triple in triples:
            assert not isinstance(triple.subject, Triple)
            assert not isinstance(triple.object, Triple)
            self._said[str(triple.subject)][triple.predicate.value].append(triple.object)
            pointed[str(triple.object)] += 1
        self._inside = {n for n in self._said if n.startswith("_:") and pointed[n] == 1}
        longest = sorted(prefixes.items(), key=lambda pair: -len(pair[1]))
        self._bases = [(base, f"{prefix}:") for prefix, base in longest]
        self._names, self._kinds = self._terms()
        self.context: dict[str, Any] = {"@version": 1.1, "id": "@id", "type": "@type"}
        self.context |= dict(sorted(prefixes.items()))
        for iri, name in sorted(self._names.items(), key=lambda pair: pair[1]):
            self.context[name] = {"@id": self._short(iri), **self._kinds[iri]}

    def _terms(self) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """The compact name of each property, and what all its values have in common."""
        values: dict[str, list[Term]] = defaultdict(list)
        for said in self._said.values():
            for iri, found in said.items():
                values[iri] += found
        values.pop(TYPE.value, None)
        names: dict[str, str] = {}
        for iri in sorted(values, key=lambda each: (not each.startswith(M816), each)):
            local = re.split(r"[/#]", iri)[-1]
            taken = local in _RESERVED or local in names.values()
            names[iri] = self._short(iri) if taken else local
        return names, {iri: _kind(found) for iri, found in values.items()}

    def _short(self, iri: str) -> str:
        for base, prefix in self._bases:
            if iri.startswith(base):
                return prefix + iri[len(base) :]
        return iri

    def nodes(self) -> list[dict[str, Any]]:
        """Everything that has a name or is pointed at more than once, with what is inside it."""
        return [self._node(name) for name in self._said if name not in self._inside]

    def _node(self, name: str) -> dict[str, Any]:
        node: dict[str, Any] = {}
        if name not in self._inside:
            node["id"] = name if name.startswith("_:") else self._short(name[1:-1])
        for iri, values in self._said[name].items():
            if iri == TYPE.value:
                written = [self._short(value.value) for value in values]
                node["type"] = written[0] if len(written) == 1 else written
                continue
            found = [self._value(value, self._kinds[iri]) for value in values]
            node[self._names[iri]] = found[0] if len(found) == 1 else found
        return node

    def _value(self, value: Term, kind: Mapping[str, str]) -> Any:
        if isinstance(value, Literal):
            own = _kind([value])
            return value.value if own == kind else {"@value": value.value, **own}
        if (members := self._members(value)) is not None:
            return {"@list": [self._value(member, {"": ""}) for member in members]}
        if str(value) in self._inside:
            return self._node(str(value))
        iri = str(value) if isinstance(value, BlankNode) else self._short(value.value)
        return iri if kind == {"@type": "@id"} else {"id": iri}

    def _members(self, node: Term) -> list[Term] | None:
        """The members of a list that nothing else points into; None for what is no such list."""
        found: list[Term] = []
        while node != _NIL:
            said = self._said.get(str(node), {})
            if str(node) not in self._inside or set(said) != {_FIRST, _REST}:
                return None
            found += said[_FIRST]
            (node,) = said[_REST]
        return found


def _kind(values: list[Term]) -> dict[str, str]:
    """What the context can say of all these values at once; nothing if they differ."""
    if not any(isinstance(value, Literal) for value in values):
        return {"@type": "@id"}
    kinds = {
        (value.datatype.value, value.language) if isinstance(value, Literal) else None
        for value in values
    }
    if len(kinds) > 1 or (only := kinds.pop()) is None or only == (XSD + "string", None):
        return {}
    datatype, language = only
    return {"@language": language} if language else {"@type": datatype}


def document(triples: Iterable[Triple], prefixes: Mapping[str, str]) -> tuple[bytes, bytes]:
    """The document, one node a line, and its context as a document of its own."""
    writer = Writer(triples, prefixes)
    context = json.dumps(writer.context, ensure_ascii=False, indent=1)
    lines = (json.dumps(node, ensure_ascii=False) for node in writer.nodes())
    whole = f'{{"@context": {context},\n"@graph": [\n' + ",\n".join(lines) + "\n]}\n"
    return whole.encode(), f'{{"@context": {context}}}\n'.encode()
