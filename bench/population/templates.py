"""A record, composed or a sample → a template: its lines with a mark for the patient's own name.

A template becomes a patient by putting a name in place of the mark: every id and every reference
then is the patient's own, as in an export. People and places stay those of the template, shared by
all patients made of it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from kg.fhir.decode import resources
from kg.fhir.references import Record
from kg.inputs import read
from kg.knowledge import default
from kg.pyshacl_engine import engine
from kg.verdict import judge_case

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "tests" / "records"
TABLES = tomllib.loads(Path(__file__).with_name("population.toml").read_text(encoding="utf-8"))
MARK = b"@@MARK@@"
SHARED = frozenset({"Practitioner", "PractitionerRole", "Organization", "Location", "Medication"})
OUTSIDE = "out-of-scope"
_ADDRESS = re.compile(r"(urn:uuid:|Binary/)")
_KEPT = 37  # of an id, so that it has not more than 64 characters with a mark before it
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
_NAME = re.compile(rb'"(family|value)":"[^"\\]*"')


@dataclass(frozen=True)
class Line:
    """A resource on a line: its type, its bytes, and its key if no single patient owns it."""

    kind: str
    raw: bytes
    key: str = ""


@dataclass(frozen=True)
class Template:
    """Lines, and what is known of the patient they make: verdicts, and who says so."""

    lines: tuple[Line, ...]
    record: str
    verdicts: tuple[str, ...]
    known_by: str
    change: str = ""

    @property
    def inside(self) -> bool:
        """Whether some case is in scope."""
        return any(verdict != OUTSIDE for verdict in self.verdicts)

    @property
    def size(self) -> int:
        """Bytes of all lines."""
        return sum(len(line.raw) for line in self.lines)


def composed() -> list[Template]:
    """The composed records with the verdicts written by hand, and changed ones with theirs."""
    written = tomllib.loads((RECORDS / "expected.toml").read_text(encoding="utf-8"))["record"]
    verdicts: dict[str, list[str]] = {}
    for expected in written:
        verdicts.setdefault(expected["file"], []).append(expected["verdict"])
    found = []
    for name, known in sorted(verdicts.items()):
        lines = lines_of(RECORDS / name)
        found.append(Template(lines, name, tuple(sorted(known)), "written"))
    return found + [made for template in found for made in changed(template)]


def changed(template: Template) -> Iterator[Template]:
    """The template with each change that its verdict follows from."""
    for change in TABLES["change"]:
        find, put = change["find"].encode(), change["put"].encode()
        holding = {line.kind for line in template.lines if find in line.raw}
        if template.verdicts == (change["of"],) and {"Condition", "Claim"} <= holding:
            lines = tuple(replace(x, raw=x.raw.replace(find, put)) for x in template.lines)
            yield replace(template, lines=lines, verdicts=(change["gives"],), change=change["name"])


def samples(folder: Path | None) -> list[Template]:
    """The records of a folder with the verdicts that the reference engine gives them."""
    found = []
    for path in sorted(folder.rglob("*.json*")) if folder else ():
        knowledge = default()
        made = read(path.name, path.read_bytes(), knowledge)
        judged = [judge_case(case, knowledge, engine(knowledge)) for case in made.cases]
        verdicts = tuple(sorted(verdict.decision.verdict for verdict in judged))
        found.append(Template(lines_of(path), path.name, verdicts, "reference"))
    return found


def lines_of(path: Path) -> tuple[Line, ...]:
    """The resources of a record with ids of their own and literal references, contained ones in."""
    found = Record(resources(path.read_bytes(), path.name))
    slug = hashlib.blake2b(path.name.encode(), digest_size=4).hexdigest()
    return tuple(
        _line(_named(resource, found, key, slug), key, slug)
        for key, resource in found.by_key.items()
        if not found.container(key)
    )


def patient(template: Template, name: str) -> list[Line]:
    """The lines of the patient of that name."""
    mark = name.encode()
    return [
        line if line.key else replace(line, raw=line.raw.replace(MARK, mark))
        for line in template.lines
    ]


def bundle(lines: Iterable[Line]) -> bytes:
    """The lines of a patient as a Bundle on one line."""
    entries = b",".join(b'{"resource":%s}' % line.raw for line in lines)
    return b'{"resourceType":"Bundle","type":"collection","entry":[%s]}' % entries


def _line(resource: dict[str, Any], key: str, slug: str) -> Line:
    """A resource as a line of that key."""
    kind = key.split("/")[0]
    named = _new(key, slug)
    raw = _ENCODE({**resource, "id": named.split("/")[1]})
    return Line(kind, _anonymous(raw) if kind == "Patient" else raw, _shared(kind, named))


def _shared(kind: str, key: str) -> str:
    return key if kind in SHARED else ""


def _anonymous(raw: bytes) -> bytes:
    """A Patient whose names and numbers are the patient's mark as well."""
    return _NAME.sub(rb'"\1":"%s"' % MARK, raw)


def _new(key: str, slug: str) -> str:
    """The key of a resource of the patient, or of the template where it is shared."""
    kind, _, name = key.partition("/")
    mark = f"t-{slug}" if kind in SHARED else MARK.decode()
    return f"{kind}/{mark}-{name[-_KEPT:]}"


def _named(value: Any, found: Record, key: str, slug: str) -> Any:
    """The value with every literal reference and attachment address pointing to the new keys."""
    if isinstance(value, list):
        return [_named(item, found, key, slug) for item in value]
    if not isinstance(value, dict):
        return value
    made = {name: _named(item, found, key, slug) for name, item in value.items()}
    made.pop("__fullUrl", None)
    address = value.get("reference")
    if isinstance(address, str) and not address.startswith("#"):
        made["reference"] = _new(found.target(value, key) or "", slug)
    elif isinstance(value.get("url"), str) and _ADDRESS.match(value["url"]):
        made["url"] = _new(found.target({"reference": value["url"]}, key) or "", slug)
    return made
