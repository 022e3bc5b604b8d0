"""The composed records as one hospital: every id made its own, as Bundles or as NDJSON by type."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import msgspec

from kg.fhir.decode import resources
from kg.fhir.references import Record

RECORDS = Path(__file__).parents[1] / "records"
FILES = sorted(path for pattern in ("*.json", "*.ndjson") for path in RECORDS.glob(pattern))
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode


@functools.cache
def record(path: Path, mark: str) -> list[dict[str, Any]]:
    """The resources of a record as an export gives them: ids of their own, literal references."""
    found = Record(resources(path.read_bytes(), path.name))
    made = []
    for key, resource in found.by_key.items():
        if found.container(key):
            continue
        copy = _pointed(resource, found, key, mark)
        copy["id"] = f"{mark}-{key.split('/')[1]}"
        made.append(copy)
    return made


def _pointed(value: Any, found: Record, key: str, mark: str) -> Any:
    if isinstance(value, list):
        return [_pointed(item, found, key, mark) for item in value]
    if not isinstance(value, dict):
        return value
    made = {name: _pointed(item, found, key, mark) for name, item in value.items()}
    address = value.get("reference")
    if isinstance(address, str) and not address.startswith("#"):
        target = found.target(value, key) or ""
        kind, _, name = target.partition("/")
        made["reference"] = f"{kind}/{mark}-{name}"
    elif isinstance(value.get("url"), str) and re.match(r"(urn:uuid:|Binary/)", value["url"]):
        target = found.target({"reference": value["url"]}, key) or ""
        kind, _, name = target.partition("/")
        made["url"] = f"{kind}/{mark}-{name}"
    return made


def population() -> dict[str, list[dict[str, Any]]]:
    """All composed records, by a mark that each of their ids begins with."""
    return {f"r{number}": record(path, f"r{number}") for number, path in enumerate(FILES)}


def line(resource: dict[str, Any]) -> bytes:
    """A resource as a line, its numbers as they were."""
    return _ENCODE(resource)


def bundle(found: list[dict[str, Any]]) -> bytes:
    """A record as a Bundle on one line."""
    entries = [{"resource": resource} for resource in found]
    return _ENCODE({"resourceType": "Bundle", "type": "collection", "entry": entries})


def write_bundles(folder: Path, found: dict[str, list[dict[str, Any]]]) -> None:
    """One Bundle a file."""
    folder.mkdir(parents=True)
    for mark, record in found.items():
        (folder / f"{mark}.json").write_bytes(bundle(record))


def write_bundle_lines(file: Path, found: dict[str, list[dict[str, Any]]]) -> None:
    """One Bundle a line."""
    file.write_bytes(b"".join(bundle(record) + b"\n" for record in found.values()))


def write_by_type(folder: Path, found: dict[str, list[dict[str, Any]]]) -> None:
    """A file a type, as a bulk export gives them."""
    folder.mkdir(parents=True)
    kinds: dict[str, list[bytes]] = {}
    for record in found.values():
        for resource in record:
            kinds.setdefault(resource["resourceType"], []).append(line(resource))
    for kind, lines in kinds.items():
        (folder / f"{kind}.ndjson").write_bytes(b"\n".join(lines) + b"\n")
