"""Records and what may be done to them that means nothing, and what a verdict says of one.

A variation takes the resources of a record and gives others that tell the same. What a verdict says
is compared without the names of cases, records and nodes, for those are what a variation changes.
"""

from __future__ import annotations

import copy
import functools
import gzip
import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from kg.case import Case
from kg.inputs import read
from kg.knowledge import default
from kg.pyshacl_engine import engine
from kg.verdict import Verdict, judge_case

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "records"
# The order of these tells something: of names, of the parts of a document, of what is counted.
ORDERED = {"name", "given", "line", "section", "contained", "entry", "parameter"}
ELSEWHERE = re.compile(r"[A-Z]\w+/[\w.-]+")
# These tell their order by a number of their own, if they tell one.
NUMBERED = {"diagnosis", "item"}


def _samples() -> list[Path]:
    """The records of this project, and the real ones of the folder that M816_SAMPLES names."""
    folders = [FOLDER, Path(os.environ.get("M816_SAMPLES") or FOLDER)]
    found = {path for folder in folders for path in folder.rglob("*") if _is_record(path)}
    return sorted(found, key=lambda path: path.name)


def _is_record(path: Path) -> bool:
    return path.name.endswith((".json", ".ndjson", ".json.gz"))


SAMPLES = _samples()


@functools.cache
def resources(path: Path) -> tuple[Json, ...]:
    """The resources of a record; those of a Bundle with the address they are known by."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    if path.suffix == ".ndjson":
        return tuple(json.loads(line) for line in text.splitlines())
    found = json.loads(text)
    if found["resourceType"] != "Bundle":
        return (found,)
    for entry in found["entry"]:
        if "fullUrl" in entry:
            entry["resource"]["fullUrl"] = entry["fullUrl"]  # put back by bundle()
    return tuple(entry["resource"] for entry in found["entry"])


def bundle(parts: Iterable[Json]) -> bytes:
    """The resources as one Bundle."""
    entries: list[Json] = []
    for part in map(dict, parts):
        url = part.pop("fullUrl", None)
        entries.append(({"fullUrl": url} if url else {}) | {"resource": part})
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def cases(raw: bytes, name: str = "record.json") -> list[Case]:
    """The cases of an input that can be read."""
    found = read(name, raw, default())
    assert found.error is None, found.error
    return found.cases


def judged(found: Iterable[Case]) -> list[Verdict]:
    """The verdict of each case, by the reference engine."""
    return [judge_case(case, default(), engine(default())) for case in found]


def substance(found: Verdict) -> str:
    """What a verdict says, without names of things: decision, codes, rules with their outcomes."""
    told = found.json()
    findings = Counter((each.rule, each.outcome, each.message) for each in found.findings)
    asked = Counter((each.to, each.stem, tuple(each.options)) for each in found.questions)
    codes = told["codes"] | {"submitted": sorted(told["codes"]["submitted"])}
    context = {k: v for k, v in told["context"].items() if k != "codesFrom"}
    parts = [told["verdict"], told["axes"], codes, context]
    return json.dumps([*parts, sorted(map(str, findings.items())), sorted(map(str, asked.items()))])


def told(raw: bytes, name: str = "record.json") -> list[str]:
    """What is said of the cases of an input, in any order."""
    return sorted(map(substance, judged(cases(raw, name))))


@functools.cache
def usual(path: Path) -> list[str]:
    """What is said of a record as it is."""
    return told(bundle(resources(path)))


def changed(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """The value with every part replaced by what ``change`` makes of it, from below."""
    if isinstance(value, dict):
        value = {name: changed(item, change, name) for name, item in value.items()}
    elif isinstance(value, list):
        value = [changed(item, change, key) for item in value]
    return change(key, value)


def renamed(parts: Iterable[Json], name: Callable[[int], str]) -> list[Json]:
    """Every resource under another id and address, references following, also to none given."""
    known = list(parts)
    ids: dict[str, str] = {}
    for number, part in enumerate(known):
        new, kind = name(number), part["resourceType"]
        ids[f"{kind}/{part.get('id', '')}"] = f"{kind}/{new}"
        if url := part.get("fullUrl", ""):
            ids[url] = (
                f"urn:uuid:{new}" if url.startswith("urn:") else f"https://x.org/{kind}/{new}"
            )

    def change(key: str, value: Any) -> Any:
        if key not in ("reference", "fullUrl") or not isinstance(value, str):
            return value
        if value not in ids and ELSEWHERE.fullmatch(value):
            return f"{value}-{name(len(known))}"
        return ids.get(value, value)

    made = [changed(part, change) for part in known]
    for number, part in enumerate(made):
        if "id" in part:
            part["id"] = name(number)
    return made


def shuffled(parts: Iterable[Json], chance: random.Random) -> list[Json]:
    """The resources in another order, and lists within whose order tells nothing."""

    def change(key: str, value: Any) -> Any:
        if not isinstance(value, list) or key in ORDERED or not _free(key, value):
            return value
        return chance.sample(value, len(value))

    made = [changed(part, change) for part in parts]
    return chance.sample(made, len(made))


def _free(key: str, value: list[Any]) -> bool:
    """Whether what tells its order by number does so in every part."""
    if key not in NUMBERED:
        return True
    return all(isinstance(part, dict) and ("sequence" in part or "rank" in part) for part in value)


def with_extras(parts: Iterable[Json], chance: random.Random) -> list[Json]:
    """With elements and resources that no rule can be about."""
    made = copy.deepcopy(list(parts))
    for part in made:
        part.setdefault("meta", {})["lastUpdated"] = "2031-01-01T00:00:00Z"
        extension = {"url": f"https://x.org/{chance.randrange(99)}", "valueBoolean": True}
        part["extension"] = [*part.get("extension", []), extension]
    patient = next((part for part in made if part["resourceType"] == "Patient"), None)
    if patient is not None:
        subject = {"reference": patient.get("fullUrl") or f"Patient/{patient['id']}"}
        for extra in _unrelated(subject):
            made.insert(chance.randrange(len(made)), extra)
    return made


def _unrelated(subject: Json) -> Iterator[Json]:
    """Resources of the patient about something else altogether."""
    coded = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    pulse: Json = {"resourceType": "Observation", "id": "x-pulse", "status": "final", "code": coded}
    yield pulse | {"subject": subject, "valueQuantity": {"value": 71, "unit": "/min"}}
    allergy: Json = {"resourceType": "AllergyIntolerance", "id": "x-allergy"}
    yield allergy | {"patient": subject, "code": {"text": "Birch pollen"}}
    flu = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "140"}]}
    given: Json = {"resourceType": "Immunization", "id": "x-flu", "status": "completed"}
    yield given | {"vaccineCode": flu, "patient": subject}
