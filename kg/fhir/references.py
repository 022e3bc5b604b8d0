"""References between the resources of one input: absolute, relative, ``urn:uuid:``, contained.

FHIR R4 §2.3 (References between Resources).
"""

from __future__ import annotations

import datetime
import hashlib
import operator
import re
from collections import Counter
from typing import Any

from kg.fhir.decode import Json
from kg.fhir.values import items, texts

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_KIND = re.compile(r"[A-Z][A-Za-z]{2,40}")
_BY_NAME = operator.itemgetter(0, 1)
_DIGITS = re.compile(r"(\d+)")
_LONG = 10
_Version = tuple[datetime.datetime, int]


def opaque(identifier: str) -> str:
    """A resource id as it may be shown; anything that is no FHIR id becomes a short hash."""
    if _ID.fullmatch(identifier):
        return identifier
    return "x" + hashlib.sha256(identifier.encode()).hexdigest()[:12]


class Record:
    """The resources of one input, addressable by every form of reference.

    ``by_key`` gives each resource by its key, ``Type/id``, in the order of the keys, so that the
    order of the input decides nothing; contained resources are ``Type/id.contained``. Of several
    versions of a resource the newest is there, and its key among the ``superseded``; where
    ``meta.lastUpdated`` does not say which that is, all are, and the key among the ``unclear``.
    """

    def __init__(self, found: list[tuple[str, Json]]) -> None:
        self.by_key: dict[str, Json] = {}
        self._by_kind: dict[str, list[tuple[str, Json]]] = {}
        self._alias: dict[str, str] = {}
        self._container: dict[str, str] = {}
        self._targets: dict[str, str] = {}
        self.superseded: list[str] = []
        self.unclear: list[str] = []
        named = [(_name(number, resource), resource) for number, (_, resource) in enumerate(found)]
        times = Counter(name for name, _ in named)
        ties = {name for name, count in times.items() if count > 1}
        if ties:
            named = self._newest(named, ties)
        order = [(_natural(n), repr(each) if n in ties else "", n, each) for n, each in named]
        for _, _, name, resource in sorted(order, key=_BY_NAME):
            self._add(name, resource)

    def _newest(self, named: list[tuple[str, Json]], ties: set[str]) -> list[tuple[str, Json]]:
        """Without what a newer version of the same resource replaces."""
        versions: dict[str, list[_Version | None]] = {}
        for name, resource in named:
            if name in ties:
                versions.setdefault(name, []).append(_version(resource))
        newest = {}
        for name, found in versions.items():
            known = [version for version in found if version is not None]
            if len(known) == len(found) and min(known) < max(known):
                newest[name] = max(known)
        self.superseded += newest
        kept = []
        for name, resource in named:
            if name in newest and _version(resource) != newest[name]:
                self._alias.setdefault(str(resource.get("__fullUrl")), name)
            else:
                kept.append((name, resource))
        return kept

    def _add(self, name: str, resource: Json) -> None:
        kind, key = resource["resourceType"], name
        full_url = resource.pop("__fullUrl", None)
        if key in self.by_key and resource == self.by_key[key]:
            self._alias.setdefault(str(full_url), key)
            return
        while key in self.by_key:
            key += "-again"
        if key != name:
            self.unclear.append(name)
        self.by_key[key] = resource
        self._by_kind.setdefault(kind, []).append((key, resource))
        self._alias.setdefault(key, key)
        self._alias.setdefault(f"{kind}/{texts(resource, 'id')}", key)
        if isinstance(full_url, str):
            self._alias.setdefault(full_url, key)
        if "contained" in resource:
            for inner in items(resource["contained"]):
                self._add_contained(key, inner)

    def _add_contained(self, parent: str, inner: Json) -> None:
        kind, name = texts(inner, "resourceType"), texts(inner, "id")
        if _KIND.fullmatch(kind):
            key = f"{kind}/{parent.split('/')[1]}.{opaque(name)}"[:130]
            if key not in self.by_key:
                self.by_key[key] = inner
                self._by_kind.setdefault(kind, []).append((key, inner))
            self._alias[f"{parent}#{name}"] = key
            self._container[key] = parent

    def of_type(self, kind: str) -> list[tuple[str, Json]]:
        """The resources of that type in key order, with their keys."""
        return self._by_kind.get(kind, [])

    def target(self, reference: Any, within: str) -> str | None:
        """The key a Reference points to: of a resource here, or of one not supplied.

        None when the reference carries no usable address (identifier or display only).
        """
        address = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(address, str) or not address:
            return None
        if address.startswith("#"):
            holder = self._container.get(within, within)
            inner = f"Contained/{opaque(address)}"
            return holder if address == "#" else self._alias.get(holder + address, inner)
        found = self._targets.get(address)  # the same few addresses come again and again
        if found is None:
            found = self._targets[address] = self._target(address)
        return found or _unknown(address, texts(reference, "type"))

    def _target(self, address: str) -> str:
        """The key of a literal address; empty if it does not say what it is of."""
        address = address.split("/_history/")[0]
        if address in self._alias:
            return self._alias[address]
        tail = address.split("?")[0].rsplit("/", 2)
        if len(tail) >= 2 and _KIND.fullmatch(tail[-2]):
            key = f"{tail[-2]}/{opaque(tail[-1])}"
            return self._alias.get(key, key)
        return ""

    def container(self, key: str) -> str:
        """The key of the resource that contains this one, or empty."""
        return self._container.get(key, "")

    def resolves(self, key: str) -> bool:
        """True when the resource with that key was supplied."""
        return key in self.by_key


def _version(resource: Json) -> _Version | None:
    """When a version of a resource was made, and its number; None where that is not said."""
    meta = resource.get("meta")
    told = meta if isinstance(meta, dict) else {}
    try:
        made = datetime.datetime.fromisoformat(texts(told, "lastUpdated"))
    except ValueError:
        return None
    number = texts(told, "versionId")
    if made.tzinfo is None:
        return None
    return made, int(number) if number.isdecimal() and len(number) < _LONG else 0


def _name(number: int, resource: Json) -> str:
    """``Type/id``; without an id the last part of its address, else its number in the input."""
    name = resource.get("id")
    if not isinstance(name, str) or not name:
        name = texts(resource, "__fullUrl").rsplit("/", 1)[-1].split(":")[-1]
    return f"{resource['resourceType']}/{opaque(name) if name else f'entry-{number + 1}'}"


def _unknown(address: str, kind: str) -> str:
    """A key for what an address of no known form points to. ``kind``: its type, if it is said."""
    address = address.split("/_history/")[0]
    kinds = (kind, address.split("?")[0].rsplit("/", 2)[0])
    kind = next(filter(_KIND.fullmatch, kinds), "Resource")
    return f"{kind}/{opaque(address.removeprefix('urn:uuid:'))}"


def _natural(key: str) -> list[Any]:
    """An order in which c2 comes before c10: text and numbers, always in turn."""
    parts: list[Any] = _DIGITS.split(key)
    for at in range(1, len(parts), 2):
        parts[at] = int(parts[at])
    return parts
