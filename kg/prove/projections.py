"""Listings of FHIR → checks: a resource and its record, an element's codes, the codes of a place.

In: entries of the listings, composed from FHIR R4. Out: ``Check``s on the reader with some tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from pyoxigraph import Literal, NamedNode

from kg.facts import triple as as_triple
from kg.fhir.bodysites import regions
from kg.fhir.mapping import mapping
from kg.fhir.project import Projector
from kg.fhir.projection import Projection
from kg.fhir.references import Record
from kg.namespaces import M816, RECORD, TYPE
from kg.prove.checks import Check, World, term

_CONCEPT = "code:urn:s#"
_GIVEN = "points to a resource not supplied"


def resources(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """A FHIR resource, the facts of its record, and what of it is said to be unread.

    In the resource ``concept:x`` stands for a CodeableConcept with a code and the text x,
    ``reference:x`` for a Reference; in the facts ``*x`` is the IRI of that code.
    """
    resource = {"id": "r", **_expanded(json.loads(entry["resource"]))}
    kind = resource["resourceType"]
    pairs = {tuple(fact.replace(" *", f" {_CONCEPT}", 1).split(" ", 1)) for fact in entry["facts"]}
    expected = (pairs, entry.get("unread", []), entry.get("known", True))
    keys = frozenset(f"type {name}" for name in (kind, *entry.get("parts", ())))
    yield Check(f"{listing}: {kind}, {entry['source']}", keys, _record(resource), expected)


def codes_of(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """The codes of one element of the standard, and what each is turned into."""
    kind, prop = entry["type"], entry["property"]
    for code, meaning in entry["codes"].items():
        value: Any = {"coding": [{"code": code}]} if entry["concept"] else code
        for name in reversed(entry["element"].split(".")):
            value = {name: value}
        resource = {"resourceType": kind, "id": "r", **value}
        ask = _said_of(resource, prop)
        keys = frozenset({f"type {kind}"})
        yield Check(f"{listing}: {kind}.{entry['element']} {code}", keys, ask, {meaning} - {""})


def _expanded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _expanded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_expanded(each) for each in value]
    kind, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    if kind == "concept":
        return {"coding": [{"system": "urn:s", "code": name}], "text": name}
    return {"reference": name} if kind == "reference" else value


def _record(resource: dict[str, Any]) -> Callable[[World], object]:
    def ask(world: World) -> object:
        made = _projected(resource, world)
        return made and (
            set(_shown(made)),
            [x for x in made.left_out if _GIVEN not in x],
            made.known,
        )

    return ask


def _said_of(resource: dict[str, Any], prop: str) -> Callable[[World], object]:
    def ask(world: World) -> object:
        made = _projected(resource, world)
        return made and {shown for name, shown in _shown(made) if name == prop}

    return ask


def _projected(resource: dict[str, Any], world: World) -> Projection | None:
    record = Record([("", dict(resource))])
    table = mapping(world.knowledge)
    projector = Projector(table, world.lexicon, record, "", world.knowledge)
    return projector.project(f"{resource['resourceType']}/r", resource)


def _shown(made: Projection) -> Iterator[tuple[str, str]]:
    """The facts of a record and its parts, terms and properties by their short names."""
    nodes = {part.node: part.key.rsplit("/", 1)[-1] for part in made.children}
    for triple in map(as_triple, made.rows):
        subject, found = triple.subject, triple.object
        assert isinstance(subject, NamedNode)
        assert isinstance(found, NamedNode | Literal)
        name = "a" if triple.predicate == TYPE else triple.predicate.value.removeprefix(M816)
        if (subject.value == made.node or subject.value in nodes) and name not in (
            "source",
            "unresolved",
        ):
            place = f"{nodes[subject.value]}." if subject.value in nodes else ""
            shown = nodes.get(found.value, found.value.strip())
            yield place + name, shown.removeprefix(M816).removeprefix(RECORD)


def places(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """Codes of a body site, and the region and sides each stands for."""
    expected = [(term(entry["region"]), frozenset(term(s) for s in entry.get("sides", ())))]
    for code in entry["codes"]:
        yield Check(
            f"{listing}: {code}",
            frozenset({"codes", *_nodes(entry, code)}),
            _place(entry["system"], code),
            expected,
        )


def _nodes(entry: dict[str, Any], code: str) -> Iterator[str]:
    for part in code.replace(":", " ").replace("=", " ").split():
        yield f"node {entry['base']}{part}"


def _place(system: str, code: str) -> Callable[[World], object]:
    def ask(world: World) -> object:
        concept = {"coding": [{"system": system, "code": code}]}
        return regions(concept, mapping(world.knowledge), world.lexicon, world.knowledge)

    return ask
