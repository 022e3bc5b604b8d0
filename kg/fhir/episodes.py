"""What each case is about: one patient at one encounter, or one claim without an encounter.

Decides which codes count as submitted (the first level that has any), which Conditions document
the encounter, and which records are evidence only. FHIR R4 §8.11 (Encounter), §13.1 (Claim).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kg.fhir.decode import Json
from kg.fhir.mapping import Mapping
from kg.fhir.references import Record
from kg.fhir.values import code_of, items, texts

Coding = tuple[str, str]
Owners = dict[str, str | None]
_UNKNOWN = "Patient/unknown"
SHARED = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "Location", "Medication", "Binary"}
)
_ABOUT = ("subject", "patient", "beneficiary")
_VOID = frozenset({"cancelled", "entered-in-error"})
_MAX_SEQUENCE = 1_000_000
_LEVELS = ("claim", "encounter-diagnosis-list", "encounter-diagnosis", "problem-list-item")


@dataclass
class Submission:
    """One submitted code: system and code, where it stands, and the Condition it points to."""

    system: str
    code: str
    source: str
    place: str
    sequence: int
    condition: str | None = None


@dataclass
class Episode:
    """One encounter (or claim, or patient without either) and what belongs to it."""

    key: str
    patient: str
    encounter: str | None = None
    level: str = ""
    codes_from: str = ""
    submitted: list[Submission] = field(default_factory=list)
    documented: list[str] = field(default_factory=list)


class _Conditions(NamedTuple):
    """The Conditions of a patient, the encounter each names, and the active problems."""

    all: list[tuple[str, Json]]
    met: dict[str, str | None]
    problems: list[tuple[str, Json]]


def episodes(record: Record, mapping: Mapping, owners: Owners) -> Iterator[Episode]:
    """All episodes of a record, patient by patient, encounters before claims before the rest."""
    patients = dict.fromkeys(key for key, _ in record.of_type("Patient"))
    patients |= dict.fromkeys(filter(None, owners.values()))
    for patient in patients or (_UNKNOWN,):
        yield from _of_patient(record, mapping, owners, patient)


def owners(record: Record) -> Owners:
    """The patient each resource is about; None when it may be anybody's."""
    several = len(record.of_type("Patient")) > 1
    return {key: _owner(record, key, each, several) for key, each in record.by_key.items()}


def _owner(record: Record, key: str, resource: Json, several: bool) -> str | None:
    """The patient a resource is about, by subject, patient or beneficiary.

    A clinical resource that names none is the one patient's, or among several nobody's.
    """
    if resource["resourceType"] == "Patient":
        return key
    for name in _ABOUT:
        if name in resource and (target := record.target(resource[name], key)):
            return target
    holder = record.container(key)
    if holder:
        return _owner(record, holder, record.by_key[holder], several)
    return _UNKNOWN if several and resource["resourceType"] not in SHARED else None


def _mine(record: Record, kind: str, owners: Owners, patient: str) -> list[tuple[str, Json]]:
    return [each for each in record.of_type(kind) if owners[each[0]] in (None, patient)]


def _of_patient(
    record: Record, mapping: Mapping, owners: Owners, patient: str
) -> Iterator[Episode]:
    found = _mine(record, "Condition", owners, patient)
    named = {key: record.target(condition.get("encounter"), key) for key, condition in found}
    conditions = _Conditions(found, named, [item for item in found if _active_problem(item[1])])
    claims = [
        (key, claim) for key, claim in _mine(record, "Claim", owners, patient) if _counts(claim)
    ]
    met = _mine(record, "Encounter", owners, patient)
    void = {key for key, encounter in met if texts(encounter, "status") in _VOID}
    keys = [key for key, _ in met] + [key for key in named.values() if key]
    encounters = dict.fromkeys(key for key in keys if key not in void)
    only = next(iter(encounters)) if len(encounters) == 1 else None
    linked: dict[str, list[tuple[str, Json]]] = {key: [] for key in encounters}
    for key, claim in claims:
        for encounter in _claim_encounters(record, key, claim) or ([only] if only else [key]):
            linked.setdefault(encounter, []).append((key, claim))
    for key in linked:
        yield _episode(record, mapping, patient, key, linked[key], conditions, only)
    if not linked:
        yield _episode(record, mapping, patient, patient, [], conditions, patient)


def _counts(claim: Json) -> bool:
    """An active claim, not a preauthorisation, of professional or institutional type."""
    kinds = set(_codes(claim.get("type")))
    return (
        claim.get("status", "active") == "active"
        and claim.get("use", "claim") == "claim"
        and (not kinds or bool(kinds & {"professional", "institutional"}))
    )


def _claim_encounters(record: Record, key: str, claim: Json) -> list[str]:
    found: dict[str, None] = {}
    for item in items(claim.get("item")):
        for reference in items(item.get("encounter")):
            target = record.target(reference, key)
            if target:
                found[target] = None
    return list(found)


def _episode(
    record: Record,
    mapping: Mapping,
    patient: str,
    key: str,
    claims: list[tuple[str, Json]],
    conditions: _Conditions,
    only: str | None,
) -> Episode:
    made = Episode(key, patient, None if key.startswith(("Claim/", "Patient/")) else key)
    encounter = record.by_key.get(key) if made.encounter else None
    own = [(k, c) for k, c in conditions.all if _belongs(conditions, k, c, made.encounter, only)]
    claimed = _from_claims(record, mapping, claims)
    listed = _from_list(record, mapping, key, encounter)
    levels = (
        claimed,
        listed,
        _from_conditions(mapping, [c for c in own if not _is(c[1], "problem-list-item")]),
        _from_conditions(mapping, conditions.problems),
    )
    for name, found in zip(_LEVELS, levels, strict=True):
        if found:
            made.level, made.submitted, made.codes_from = name, found, found[0].source
            break
    pointed = [s.condition for s in claimed + listed if s.condition]
    pointed += _listed_conditions(record, key, encounter)
    made.documented = list(
        dict.fromkeys([k for k, _ in own] + [p for p in pointed if record.resolves(p)])
    )
    if made.level == _LEVELS[3]:
        made.documented += [s.source for s in made.submitted if s.source not in made.documented]
    elif not made.submitted and not made.documented:
        made.documented = [k for k, _ in conditions.problems]
    return made


def _belongs(
    conditions: _Conditions, key: str, condition: Json, encounter: str | None, only: str | None
) -> bool:
    """A Condition of this encounter; an unlinked one belongs where there is no other encounter."""
    if condition.get("encounter"):
        return conditions.met[key] == encounter
    if only is None or (encounter and encounter != only):
        return False
    return not _is(condition, "problem-list-item")


def _is(condition: Json, category: str) -> bool:
    return any(category in _codes(concept) for concept in items(condition.get("category")))


def _active_problem(condition: Json) -> bool:
    """Level 4: active, confirmed, on the problem list (or in no category and no encounter)."""
    status = _code(condition.get("clinicalStatus")) or "active"
    verified = _code(condition.get("verificationStatus")) or "confirmed"
    listed = _is(condition, "problem-list-item") or (
        not condition.get("category") and not condition.get("encounter")
    )
    return listed and status in {"active", "recurrence", "relapse"} and verified == "confirmed"


def _present(condition: Json) -> bool:
    """Neither refuted nor an error nor over; otherwise it is history, whatever it is coded."""
    return (
        _code(condition.get("verificationStatus")) not in {"refuted", "entered-in-error"}
        and _code(condition.get("clinicalStatus")) not in {"resolved", "inactive", "remission"}
        and not any(name.startswith("abatement") for name in condition)
    )


def _codes(concept: Any) -> list[str]:
    codings = items(concept.get("coding") if isinstance(concept, dict) else None)
    return [texts(coding, "code") for coding in codings if texts(coding, "code")]


def _code(concept: Any) -> str:
    return next(iter(_codes(concept)), "")


def _from_claims(
    record: Record, mapping: Mapping, claims: list[tuple[str, Json]]
) -> list[Submission]:
    """The diagnoses of the first claim (institutional before professional) that codes any."""
    for key, claim in sorted(
        claims, key=lambda item: "professional" in _codes(item[1].get("type"))
    ):
        found: list[Submission] = []
        ordered = enumerate(items(claim.get("diagnosis")), start=1)
        for number, entry in sorted(ordered, key=lambda pair: _sequence(pair[1], pair[0])):
            place = f"Claim.diagnosis[{number - 1}]"
            target = record.target(entry.get("diagnosisReference"), key)
            codings = _codings(mapping, entry.get("diagnosisCodeableConcept"))
            if not codings and target:
                codings = _codings(mapping, record.by_key.get(target, {}).get("code"))
            found += [
                Submission(system, code, key, place, _sequence(entry, number), target)
                for system, code in codings
            ]
        if found:
            return found
    return []


def _sequence(entry: Json, otherwise: int) -> int:
    number = entry.get("sequence", entry.get("rank"))
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number < _MAX_SEQUENCE:
        return number
    return otherwise


def _from_list(
    record: Record, mapping: Mapping, key: str, encounter: Json | None
) -> list[Submission]:
    found: list[Submission] = []
    ordered = enumerate(items((encounter or {}).get("diagnosis")), start=1)
    for number, entry in sorted(ordered, key=lambda pair: _sequence(pair[1], pair[0])):
        target = record.target(entry.get("condition"), key) or ""
        condition = record.by_key.get(target, {})
        place = f"Encounter.diagnosis[{number - 1}]"
        if _present(condition):
            found += [
                Submission(system, code, target, place, _sequence(entry, number), target)
                for system, code in _codings(mapping, condition.get("code"))
            ]
    return found


def _listed_conditions(record: Record, key: str, encounter: Json | None) -> list[str]:
    entries = items((encounter or {}).get("diagnosis"))
    targets = (record.target(entry.get("condition"), key) for entry in entries)
    return [target for target in targets if target and target.startswith("Condition/")]


def _from_conditions(mapping: Mapping, conditions: list[tuple[str, Json]]) -> list[Submission]:
    """Codes of Conditions, each once and in no sequence; those of history are never submitted."""
    found: dict[Coding, Submission] = {}
    for key, condition in conditions:
        if _present(condition):
            for system, code in _codings(mapping, condition.get("code")):
                submission = Submission(system, code, key, "Condition.code", 1, key)
                found.setdefault((system, code), submission)
    return list(found.values())


def _codings(mapping: Mapping, concept: Any) -> list[Coding]:
    """The classification codes of a concept; the national one alone when both stand there."""
    found: list[Coding] = []
    for coding in items(concept.get("coding") if isinstance(concept, dict) else None):
        system, code = texts(coding, "system"), code_of(coding)
        known = mapping.systems.by_uri.get(system)
        if code and known is not None and known.classification:
            found.append((system, code))
    judged = [item for item in found if mapping.systems.by_uri[item[0]].judged]
    return judged or found
