"""Histories that have nothing to do with any rule: composed visits, and visits of real samples.

What is taken from a sample that is wholly out of scope is out of scope too: fewer resources hold
no code and no word that all of them do not hold.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec

from bench.population.templates import MARK, OUTSIDE, TABLES, Line, Template

_TABLE = TABLES["visits"]
_ME = MARK.decode()
_STAFF, _PLACES = 40, 5
_CM = "http://hl7.org/fhir/sid/icd-10-cm"
_CODES = "http://terminology.hl7.org/CodeSystem"
_FIRST = date(2019, 1, 7)
_MOST_VISITS = 60

Json = dict[str, Any]


def visited(chance: random.Random) -> Template:
    """One composed history of one visit or many, a few kilobytes as a rule."""
    visits = min(_MOST_VISITS, max(1, round(chance.lognormvariate(0.9, 0.8))))
    made = [_patient(chance)]
    day = _FIRST + timedelta(days=chance.randrange(700))
    staff: set[int] = set()
    for number in range(1, visits + 1):
        doctor = chance.randrange(_STAFF)
        staff.add(doctor)
        made += _visit(chance, number, day.isoformat(), f"Practitioner/t-staff-{doctor}")
        day += timedelta(days=chance.randrange(5, 200))
    lines = [_line(item) for item in made]
    lines += [one for doctor in sorted(staff) for one in _doctor(doctor)]
    return Template(tuple(lines), "", (OUTSIDE,), "composed")


def sampled(samples: list[Template], chance: random.Random) -> Template:
    """Some visits of a real sample that is out of scope."""
    whole = chance.choice(samples)
    visits = [one for one in whole.lines if one.kind == "Encounter"]
    ids = {_id(one) for one in chance.sample(visits, min(len(visits), chance.randint(1, 4)))}
    kept = [
        one
        for one in whole.lines
        if one.kind == "Patient" or one.key or _id(one) in ids or _visit_of(one) in ids
    ]
    return Template(tuple(kept), whole.record, (OUTSIDE,), "reference", f"{len(ids)}-visits")


def padding(template: Template, chance: random.Random, count: int) -> tuple[Line, ...]:
    """That many measurements of the template's patient, which decide nothing."""
    me = next(_id(one) for one in template.lines if one.kind == "Patient")
    days = sorted(chance.randrange(2_000) for _ in range(count))
    made = (
        _measured(chance, f"{_ME}-pad-{number}", (_FIRST + timedelta(days=day)).isoformat(), me)
        for number, day in enumerate(days, start=1)
    )
    return tuple(map(_line, made))


def _line(item: Json) -> Line:
    return Line(item["resourceType"], msgspec.json.encode(item))


def _id(one: Line) -> str:
    name: str = msgspec.json.decode(one.raw)["id"]
    return name


def _visit_of(one: Line) -> str:
    """The id of the encounter that a line is of, if it says so."""
    resource = msgspec.json.decode(one.raw)
    items = resource.get("item") or [{}]
    linked = resource.get("encounter") or (items[0].get("encounter") or [{}])[0]
    linked = linked[0] if isinstance(linked, list) else linked
    return str(linked.get("reference", "")).rpartition("/")[2]


def _patient(chance: random.Random) -> Json:
    born = date(1935, 1, 1) + timedelta(days=chance.randrange(25_000))
    return {
        "resourceType": "Patient",
        "id": f"{_ME}-me",
        "identifier": [{"system": "urn:example:numbers", "value": "number"}],
        "name": [{"use": "official", "family": "name", "given": ["Kit"]}],
        "gender": chance.choice(["female", "male"]),
        "birthDate": born.isoformat(),
    }


def _doctor(number: int) -> list[Line]:
    """A person and a role, the same for all patients."""
    name = f"t-staff-{number}"
    person = {"resourceType": "Practitioner", "id": name, "name": [{"family": f"Staff {number}"}]}
    role = {
        "resourceType": "PractitionerRole",
        "id": f"{name}-role",
        "practitioner": {"reference": f"Practitioner/{name}"},
        "location": [{"reference": f"Location/t-place-{number % _PLACES}"}],
        "specialty": [{"text": "Family Medicine"}],
    }
    place = {"resourceType": "Location", "id": f"t-place-{number % _PLACES}", "name": "Clinic"}
    shared = [_line(item) for item in (person, role, place)]
    return [replace(one, key=f"{one.kind}/{_id(one)}") for one in shared]


def _about(name: str, kind: str, me: str = f"{_ME}-me") -> Json:
    return {"resourceType": kind, "id": name, "subject": {"reference": f"Patient/{me}"}}


def _coded(system: str, code: str, text: str = "") -> Json:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def _measured(chance: random.Random, name: str, day: str, me: str = f"{_ME}-me") -> Json:
    code, text, unit, low, high = chance.choice(_TABLE["measured"])
    value = round(chance.uniform(low, high), 1)
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {
        **_about(name, "Observation", me),
        "status": "final",
        "category": [_coded(f"{_CODES}/observation-category", "vital-signs")],
        "code": _coded("http://loinc.org", code, text),
        "effectiveDateTime": f"{day}T09:10:00-05:00",
        "valueQuantity": quantity,
    }


def _visit(chance: random.Random, number: int, day: str, doctor: str) -> list[Json]:
    """An encounter with a diagnosis, a claim, measurements, perhaps a drug or a vaccination."""
    name = f"{_ME}-v{number}"
    here = {"encounter": {"reference": f"Encounter/{name}"}}
    code, text = chance.choice(_TABLE["diagnoses"])
    made = [
        {
            **_about(name, "Encounter"),
            "status": "finished",
            "class": {"system": f"{_CODES}/v3-ActCode", "code": "AMB"},
            "participant": [{"individual": {"reference": doctor}}],
            "period": {"start": f"{day}T09:00:00-05:00", "end": f"{day}T09:30:00-05:00"},
            "reasonCode": [{"text": chance.choice(_TABLE["reasons"])}],
        },
        {
            **_about(f"{name}-dx", "Condition"),
            **here,
            "clinicalStatus": _coded(f"{_CODES}/condition-clinical", "active"),
            "verificationStatus": _coded(f"{_CODES}/condition-ver-status", "confirmed"),
            "category": [_coded(f"{_CODES}/condition-category", "encounter-diagnosis")],
            "code": _coded(_CM, code, text),
            "recordedDate": day,
            "asserter": {"reference": doctor},
        },
        _claim(name, day, doctor),
    ]
    for place in range(chance.randint(1, 6)):
        made.append({**_measured(chance, f"{name}-m{place}", day), **here})
    if chance.random() < 0.4:
        drug = {"status": "active", "intent": "order", "authoredOn": day}
        words = {"medicationCodeableConcept": {"text": chance.choice(_TABLE["drugs"])}}
        made.append({**_about(f"{name}-rx", "MedicationRequest"), **here, **drug, **words})
    if chance.random() < 0.2:
        given = {"status": "completed", "occurrenceDateTime": day, **here}
        about = {"patient": {"reference": f"Patient/{_ME}-me"}}
        what = {"vaccineCode": {"text": chance.choice(_TABLE["vaccines"])}}
        made.append({"resourceType": "Immunization", "id": f"{name}-vx", **about, **given, **what})
    return made


def _claim(name: str, day: str, doctor: str) -> Json:
    return {
        "resourceType": "Claim",
        "id": f"{name}-claim",
        "status": "active",
        "type": _coded(f"{_CODES}/claim-type", "professional"),
        "use": "claim",
        "patient": {"reference": f"Patient/{_ME}-me"},
        "billablePeriod": {"start": day, "end": day},
        "provider": {"reference": doctor},
        "diagnosis": [{"sequence": 1, "diagnosisReference": {"reference": f"Condition/{name}-dx"}}],
        "item": [{"sequence": 1, "encounter": [{"reference": f"Encounter/{name}"}]}],
    }
