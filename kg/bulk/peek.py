"""The bytes of one line → what it is and whose: type, id, patient; the rest is skipped, not built.

The decoder checks all of the JSON syntax on its way but keeps a handful of strings, at seven times
the speed of decoding. FHIR R4 §2.3 (References), §2.36 (Bundle).
"""

from __future__ import annotations

import functools
import re

import msgspec

from kg.errors import InputError, UnreadableInput, UnusableRecord
from kg.fhir.references import opaque

_KIND = re.compile(r"[A-Z][A-Za-z]{2,40}")
_TAIL = re.compile(r"(?:^|/)([A-Z][A-Za-z]{2,40})/([^/?#]+)$")
_URN = "urn:uuid:"


class _Reference(msgspec.Struct):
    reference: str | None = None


class _Resource(msgspec.Struct):
    resourceType: str = ""
    id: str | None = None
    subject: _Reference | None = None
    patient: _Reference | None = None
    beneficiary: _Reference | None = None
    practitioner: _Reference | None = None


class _Entry(msgspec.Struct):
    fullUrl: str | None = None
    resource: _Resource | None = None


class _Bundle(msgspec.Struct):
    resourceType: str = ""
    entry: list[_Entry] = []


class _Typed(msgspec.Struct):
    resourceType: str = ""


class Look(msgspec.Struct):
    """What a line is: its type, its key ``Type/id``, and the references that say whose it is."""

    kind: str
    key: str
    about: str = ""
    practitioner: str = ""


_RESOURCE = msgspec.json.Decoder(_Resource)
_BUNDLE = msgspec.json.Decoder(_Bundle)
_TYPED = msgspec.json.Decoder(_Typed)


def look(line: bytes) -> Look | InputError:
    """Look at one line of NDJSON; the error carries no file, the caller knows it."""
    try:
        if not line.isascii():
            line.decode()
        found = _RESOURCE.decode(line)
    except UnicodeDecodeError:
        return UnreadableInput("", "", "the text is not UTF-8", "Save it as UTF-8")
    except msgspec.ValidationError:
        return _oddly_typed(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return _broken(error)
    if not _KIND.fullmatch(found.resourceType):
        return _untyped()
    whose = address(found.subject) or address(found.patient) or address(found.beneficiary)
    key = f"{found.resourceType}/{opaque(found.id)}" if found.id else ""
    return Look(found.resourceType, key, whose, address(found.practitioner))


def _broken(error: Exception) -> InputError:
    if "truncated" in str(error):
        return UnreadableInput("", "", "the line is truncated", "Export it again")
    return UnreadableInput("", "", "the line is not valid JSON", "Export it again as JSON")


def _untyped() -> InputError:
    return UnusableRecord(
        "", "", "resourceType is missing or wrong", "Give a FHIR R4 resource a line"
    )


def _oddly_typed(line: bytes) -> Look | InputError:
    """A line whose JSON is sound while a string or reference we look for is something else."""
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return _broken(error)
    kind = found.get("resourceType") if isinstance(found, dict) else None
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        return _untyped()
    whose = [_loose(found.get(name)) for name in ("subject", "patient", "beneficiary")]
    name = found.get("id")
    key = f"{kind}/{opaque(name)}" if isinstance(name, str) and name else ""
    return Look(kind, key, next(filter(None, whose), ""), _loose(found.get("practitioner")))


def _loose(reference: object) -> str:
    text = reference.get("reference") if isinstance(reference, dict) else None
    return text if isinstance(text, str) else ""


def address(reference: _Reference | None) -> str:
    """The address in a reference, or empty."""
    return (reference.reference if reference else None) or ""


@functools.lru_cache(maxsize=65536)  # the lines of a patient say it again and again
def patient_key(reference: str) -> str:
    """``Patient/id`` of a reference to a patient, relative, absolute or a URN; else empty."""
    if reference.startswith(_URN):
        return f"Patient/{opaque(reference.removeprefix(_URN))}"
    key = target_key(reference)
    return key if key.startswith("Patient/") else ""


def target_key(reference: str) -> str:
    """``Type/id`` of a literal reference, relative or absolute; empty for any other."""
    found = _TAIL.search(reference.split("/_history/")[0].split("?")[0])
    return f"{found[1]}/{opaque(found[2])}" if found else ""


def sole_patient(raw: bytes) -> str:
    """The key of the one patient of a Bundle; empty unless that is beyond doubt."""
    try:
        if not raw.isascii():
            raw.decode()
        found = _BUNDLE.decode(raw)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        return ""
    if found.resourceType != "Bundle":
        return ""
    entries = found.entry
    held = [entry for entry in entries if entry.resource is not None]
    patients = [e for e in held if e.resource and e.resource.resourceType == "Patient"]
    if len(patients) != 1 or patients[0].resource is None or not patients[0].resource.id:
        return ""
    if any(e.resource and e.resource.resourceType == "Bundle" for e in held):
        return ""
    name = patients[0].resource.id
    known = {"", f"Patient/{name}", patients[0].fullUrl or ""}
    about = {
        address(reference)
        for entry in held
        if (one := entry.resource) is not None
        for reference in (one.subject, one.patient, one.beneficiary)
    }
    unkinded = any(e.resource and not _KIND.fullmatch(e.resource.resourceType) for e in held)
    return "" if about - known or unkinded else f"Patient/{opaque(name)}"
