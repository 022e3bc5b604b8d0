"""Bytes of JSON or NDJSON → FHIR resources, with numbers kept as recorded (``-2.50`` stays so).

FHIR R4 4.0.1 §2.6.1 (Resource), §2.36 (Bundle), Bulk Data 2.0 (NDJSON).
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from kg.errors import UnreadableInput, UnusableRecord

Json = dict[str, Any]
MAX_BYTES = 100 * 1024 * 1024
MAX_EXPONENT = 30
_KIND = re.compile(r"[A-Z][A-Za-z]{2,40}")
_GZIP_MAGIC = b"\x1f\x8b"


def _number(text: str) -> Decimal:
    """A JSON number as recorded; one beyond any exponent becomes infinite, to be refused later."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("Infinity")


_DECODER = msgspec.json.Decoder(float_hook=_number)


def inflate(raw: bytes, file: str) -> bytes:
    """Gunzip when the bytes are gzip; refuse more than ``MAX_BYTES`` either way."""
    if raw[:2] == _GZIP_MAGIC:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
                raw = stream.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise UnreadableInput(
                file, "", "the gzip data is damaged or truncated", "Export the file again"
            ) from None
    if len(raw) > MAX_BYTES:
        raise UnreadableInput(
            file,
            "",
            f"the input is larger than {MAX_BYTES // 2**20} MiB",
            "Split it into one file a patient or one resource a line",
        )
    return raw


def resources(raw: bytes, file: str) -> list[tuple[str, Json]]:
    """All resources of a document as (place, resource); bundles are opened, also nested ones.

    Raises ``UnreadableInput`` when the bytes are not JSON, ``UnusableRecord`` when the JSON is
    not FHIR. A line of NDJSON is a document of its own and its place is ``line n``.
    """
    raw = inflate(raw, file)
    found: list[tuple[str, Json]] = []
    deletes = False
    for place, document in _documents(raw, file):
        deletes = deletes or _deletes(document)
        found += _opened(document, place, file, depth=0)
    if not found and deletes:
        what = "it only says what was deleted, which is not applied"
        raise UnusableRecord(file, "", what, "Delete it from the export")
    if not found:
        raise UnusableRecord(file, "", "there is no resource in it", "Check the export")
    return found


def _deletes(document: Any) -> bool:
    """Whether an entry of a Bundle is a deletion. FHIR Bulk Data 2.0, §3.3 (deleted)."""
    entries = document.get("entry") if isinstance(document, dict) else None
    listed = entries if isinstance(entries, list) else []
    requests = [e.get("request") for e in listed if isinstance(e, dict)]
    return any(isinstance(r, dict) and r.get("method") == "DELETE" for r in requests)


def of_lines(lines: list[bytes], file: str) -> list[Json]:
    """The resource on each line, none of them a Bundle; raises as ``resources`` does."""
    whole = b"\n".join(lines)
    try:
        _check_nul(whole, file)
        found = _DECODER.decode_lines(whole)
    except (UnreadableInput, msgspec.DecodeError, RecursionError):
        found = []
    if len(found) != len(lines):  # one by one, to tell what is wrong with which
        found = []
        for line in lines:
            _check_nul(line, file)
            found.append(_decoded(line, file, ""))
    for document in found:
        _kind_of(document, "", file)
    return found


def _documents(raw: bytes, file: str) -> Iterator[tuple[str, Any]]:
    text = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise UnreadableInput(file, "", "the file is empty", "Export the record again")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        spot = len(raw) - len(text) + error.start
        raise UnreadableInput(
            file, f"byte {spot}", "the text is not UTF-8", "Save it as UTF-8"
        ) from None
    _check_nul(text, file, len(raw) - len(text))
    ends = [end for end in (text.find(b"\n"), text.find(b"\r")) if end >= 0]
    if ends and _is_object(text[: min(ends)]):
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield f"line {number}", _decoded(line, file, f"line {number}")
    else:
        yield "", _decoded(text, file, "")


def _check_nul(text: bytes, file: str, before: int = 0) -> None:
    """Refuse a text with NUL characters. ``before``: how many bytes were before it."""
    spot = text.find(b"\x00")
    if spot < 0 and text.rfind(b"\\u0000") >= 0:  # from its end it is searched twice as fast
        spot = text.find(b"\\u0000")
    if spot >= 0:
        place, what = f"byte {before + spot}", "it contains NUL characters"
        raise UnreadableInput(file, place, what, "Remove them; FHIR forbids them")


def _is_object(line: bytes) -> bool:
    """True when the first line is a whole JSON object, the mark of NDJSON."""
    line = line.strip()
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return False
    try:
        return isinstance(_DECODER.decode(line), dict)
    except (msgspec.DecodeError, RecursionError):
        return True


def _decoded(text: bytes, file: str, place: str) -> Any:
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise UnreadableInput(
            file, place, "the JSON is nested too deeply", "FHIR records nest a few levels only"
        ) from None
    except msgspec.DecodeError as error:
        what = str(error)
        where = what[what.find("(byte") + 1 : -1] if "(byte" in what else "the end"
        spot = f"{place}, {where}" if place else where
        reason = "the document is not valid JSON"
        if "truncated" in what:
            reason = "the document is truncated"
        elif "out of range" in what:
            spot, reason = place, "it holds a number of thousands of digits"
        raise UnreadableInput(file, spot, reason, "Export the record again as JSON") from None


def _kind_of(document: Any, place: str, file: str) -> str:
    if not isinstance(document, dict):
        raise UnusableRecord(
            file, place, "the JSON is no FHIR resource", "Give a resource or a Bundle"
        )
    kind = document.get("resourceType")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise UnusableRecord(
            file, place, "resourceType is missing or wrong", "Give a FHIR R4 resource or Bundle"
        )
    return kind


def _opened(document: Any, place: str, file: str, depth: int) -> list[tuple[str, Json]]:
    kind = _kind_of(document, place, file)
    if kind != "Bundle":
        return [(place or kind, document)]
    if depth > 3:
        raise UnusableRecord(file, place, "bundles are nested too deeply", "Flatten the Bundle")
    entries = document.get("entry")
    if not isinstance(entries, list) or not entries:
        raise UnusableRecord(file, place or "Bundle", "the Bundle is empty", "Check the export")
    return _entries(entries, place, file, depth)


def _entries(entries: list[Any], place: str, file: str, depth: int) -> list[tuple[str, Json]]:
    found: list[tuple[str, Json]] = []
    within = f"{place}, " if place else ""
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if resource is None:
            continue
        opened = _opened(resource, f"{within}Bundle.entry[{number}]", file, depth + 1)
        if len(opened) == 1 and isinstance(full_url := entry.get("fullUrl"), str):
            opened[0][1]["__fullUrl"] = full_url
        found += opened
    return found
