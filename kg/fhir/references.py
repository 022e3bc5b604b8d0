"""References between the resources of one input: absolute, relative, ``urn:uuid:``, contained.

FHIR R4 §2.3 (References between Resources).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from kg.fhir.decode import Json

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def opaque(identifier: str) -> str:
    """A resource id as it may be shown; anything that is no FHIR id becomes a short hash."""
    if _ID.fullmatch(identifier):
        return identifier
    return "x" + hashlib.sha256(identifier.encode()).hexdigest()[:12]


class Record:
    """The resources of one input, addressable by every form of reference.

    ``keys`` gives each resource's key, ``Type/id``; contained resources are ``Type/id.contained``.
    """

    def __init__(self, found: list[tuple[str, Json]]) -> None:
        self.by_key: dict[str, Json] = {}
        self.places: dict[str, str] = {}
        self._alias: dict[str, str] = {}
        for place, resource in found:
            self._add(place, resource)

    def _add(self, place: str, resource: Json) -> None:
        kind = resource["resourceType"]
        identifier = resource.get("id")
        name = opaque(identifier) if isinstance(identifier, str) and identifier else ""
        key = f"{kind}/{name or f'entry-{len(self.by_key) + 1}'}"
        full_url = resource.pop("__fullUrl", None)
        if key in self.by_key and resource == self.by_key[key]:
            return
        while key in self.by_key:
            key += "-again"
        self.by_key[key] = resource
        self.places[key] = place
        self._alias.setdefault(key, key)
        if isinstance(identifier, str):
            self._alias.setdefault(f"{kind}/{identifier}", key)
        if isinstance(full_url, str):
            self._alias.setdefault(full_url, key)
        self._add_contained(key, resource)

    def _add_contained(self, parent: str, resource: Json) -> None:
        for inner in resource.get("contained") or []:
            if isinstance(inner, dict) and isinstance(inner.get("resourceType"), str):
                inner_id = opaque(str(inner.get("id", "")))
                key = f"{inner['resourceType']}/{parent.split('/')[1]}.{inner_id}"[:130]
                self.by_key.setdefault(key, inner)
                self.places[key] = f"{parent}, contained"
                self._alias[f"{parent}#{inner.get('id')}"] = key

    def of_type(self, kind: str) -> Iterator[tuple[str, Json]]:
        """The resources of that type in input order, with their keys."""
        return ((key, item) for key, item in self.by_key.items() if item["resourceType"] == kind)

    def target(self, reference: Any, within: str) -> str | None:
        """The key a Reference points to: of a resource here, or of one not supplied.

        None when the reference carries no usable address (identifier or display only).
        """
        address = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(address, str) or not address:
            return None
        if address.startswith("#"):
            return self._alias.get(within + address, f"Contained/{opaque(address)}")
        address = address.split("/_history/")[0]
        if address in self._alias:
            return self._alias[address]
        tail = address.rsplit("/", 2)
        if len(tail) >= 2 and tail[-2].isalpha():
            key = f"{tail[-2]}/{opaque(tail[-1])}"
            return self._alias.get(key, key)
        kind = reference.get("type") if isinstance(reference.get("type"), str) else "Resource"
        return f"{kind}/{opaque(address.removeprefix('urn:uuid:'))}"

    def resolves(self, key: str) -> bool:
        """True when the resource with that key was supplied."""
        return key in self.by_key
