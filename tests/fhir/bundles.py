"""Composes FHIR R4 records for the tests of this folder, with planted identifiers to look for."""

from __future__ import annotations

import base64
import json
from typing import Any

from kg.case import Case
from kg.errors import InputError
from kg.inputs import Input, read
from kg.knowledge import default
from kg.namespaces import ICD, M816, RECORD, value
from kg.pyshacl_engine import engine
from kg.verdict import Verdict, judge_case

Json = dict[str, Any]
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
_CONDITION = "http://terminology.hl7.org/CodeSystem/condition-"
WORDS = "Localized osteoporosis of left hip, cause undetermined"
PLANTED = ("Quimby", "Zenobia", "MRN-778812", "1978-03-02", "Thornhill", "555-0199")


def ref(key: str) -> Json:
    """A reference."""
    return {"reference": key}


def coded(*codings: tuple[str | None, str], text: str | None = None) -> Json:
    """A CodeableConcept of (system, code) pairs."""
    made: Json = {"coding": [{"system": s, "code": c} if s else {"code": c} for s, c in codings]}
    return made | ({"text": text} if text else {})


class Bundle:
    """One patient at one encounter; add what the test is about."""

    def __init__(self, kind: str | None = "AMB", start: str = "2026-05-04", end: str = "") -> None:
        self.resources: list[Json] = []
        self.start = start
        self.add(
            "Patient",
            id="p1",
            identifier=[{"system": "urn:x", "value": "MRN-778812"}],
            name=[{"family": "Quimby", "given": ["Zenobia"]}],
            telecom=[{"value": "555-0199"}],
            address=[{"city": "Thornhill"}],
            gender="male",
            birthDate="1978-03-02",
        )
        encounter = self.add(
            "Encounter",
            id="e1",
            status="finished",
            subject=ref("Patient/p1"),
            period={"start": start, "end": end or start},
        )
        if kind:
            encounter["class"] = {"code": kind}

    def add(self, kind: str, **elements: Any) -> Json:
        """Any resource; an id is made up if none is given."""
        given = {name: item for name, item in elements.items() if item is not None}
        made = {"resourceType": kind, **given}
        made.setdefault("id", f"{kind[:4].lower()}{len(self.resources)}")
        self.resources.append(made)
        return made

    def condition(self, words: str = "", code: str = "", **elements: Any) -> Json:
        """A confirmed active encounter diagnosis."""
        concept = coded((ICD10CM, code)) if code else {}
        made: Json = {
            "subject": ref("Patient/p1"),
            "encounter": ref("Encounter/e1"),
            "clinicalStatus": coded((_CONDITION + "clinical", "active")),
            "verificationStatus": coded((_CONDITION + "ver-status", "confirmed")),
            "category": [coded((_CONDITION + "category", "encounter-diagnosis"))],
            "recordedDate": self.start,
            "code": concept | ({"text": words} if words else {}),
        }
        return self.add("Condition", **{**made, **elements})

    def claim(self, *codes: str, **elements: Any) -> Json:
        """An active professional claim for the encounter."""
        made: Json = {
            "status": "active",
            "use": "claim",
            "type": coded(("urn:type", "professional")),
            "patient": ref("Patient/p1"),
            "created": self.start,
            "diagnosis": [
                {"sequence": n, "diagnosisCodeableConcept": coded((ICD10CM, code))}
                for n, code in enumerate(codes, start=1)
            ],
            "item": [{"sequence": 1, "encounter": [ref("Encounter/e1")]}],
        }
        return self.add("Claim", **{**made, **elements})

    def report(self, title: str = "MRI left hip", conclusion: str = "", **elements: Any) -> Json:
        """A final report three days before the encounter."""
        made: Json = {
            "status": "final",
            "code": {"text": title},
            "subject": ref("Patient/p1"),
            "effectiveDateTime": "2026-05-01",
            "conclusion": conclusion or "Diffuse marrow edema of the left femoral head",
        }
        return self.add("DiagnosticReport", **{**made, **elements})

    def observation(self, loinc: str, value: Any, **elements: Any) -> Json:
        """A final measurement."""
        made: Json = {
            "status": "final",
            "code": coded((LOINC, loinc)),
            "subject": ref("Patient/p1"),
            "effectiveDateTime": "2026-05-01",
            "valueQuantity": {"value": value},
        }
        return self.add("Observation", **{**made, **elements})

    def bundle(self) -> Json:
        """The Bundle."""
        return {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": resource} for resource in self.resources],
        }

    def raw(self) -> bytes:
        """The Bundle as bytes."""
        return json.dumps(self.bundle()).encode()


def documented(icd: str = "M81.6", **elements: Any) -> Bundle:
    """A fully documented localized case."""
    made = Bundle()
    condition = made.condition(WORDS, icd)
    condition.update(elements)
    made.report()
    made.add(
        "ServiceRequest",
        status="active",
        intent="order",
        subject=ref("Patient/p1"),
        encounter=ref("Encounter/e1"),
        authoredOn="2026-05-04",
        code={"text": "Physical therapy"},
        reasonReference=[ref(f"Condition/{condition['id']}")],
    )
    return made


def attachment(text: str, kind: str = "text/plain") -> Json:
    """An Attachment with data."""
    return {"contentType": kind, "data": base64.b64encode(text.encode()).decode()}


def judged(found: Input) -> list[Verdict]:
    """The verdicts of what was read; the reading error if there was one."""
    if found.error is not None:
        raise found.error
    knowledge = default()
    return [judge_case(case, knowledge, engine(knowledge), file=found.file) for case in found.cases]


def cases(bundle: Bundle | bytes, name: str = "record.json") -> list[Case]:
    """The cases of a record; the reading error if there was one."""
    found = read(name, bundle if isinstance(bundle, bytes) else bundle.raw(), default())
    if found.error is not None:
        raise found.error
    return found.cases


def case_of(bundle: Bundle) -> Case:
    """The one case of a record."""
    (one,) = cases(bundle)
    return one


def only(bundle: Bundle) -> Verdict:
    """The one judged case of a record."""
    (one,) = judged(read("record.json", bundle.raw(), default()))
    return one


def verdict(bundle: Bundle) -> str:
    """The verdict word of a record with one case."""
    return only(bundle).decision.verdict


def facts(case: Case, key: str, name: str) -> set[str]:
    """The values of a property of a record, without namespaces."""
    return {
        value(t.object).removeprefix(M816).removeprefix(ICD).removeprefix(RECORD)
        for t in case.triples
        if value(t.subject) == RECORD + key and t.predicate.value == M816 + name
    }


def refused(raw: bytes, name: str = "record.json") -> InputError:
    """The one clear message an input is refused with: its file first, one line, no case read."""
    found = read(name, raw, default())
    assert found.error is not None
    assert found.cases == []
    message = str(found.error)
    assert message.startswith(name)
    assert "\n" not in message
    assert message.endswith(".")
    return found.error
