"""FHIR data types → plain values: days, decimals, codes, attachments, narratives.

FHIR R4 §2.24 (Data Types). Nothing here knows the mapping table.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import datetime
import functools
import html
import re
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from kg.fhir.decode import MAX_EXPONENT, Json

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
_DAY = len("2026-01-01")
NO_SUCH_DAY = ("the date does not exist", "Correct it in the source system")
_MEDIA = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_BLOCK = re.compile(r"</?(?:p|div|br|li|ul|ol|tr|t[dh]|table|h[1-6]|dt|dd)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
_MAX_DIGITS = 64
_TOO_LARGE = 10**_MAX_DIGITS
_DIGITS = frozenset("0123456789")


def items(value: Any) -> list[Json]:
    """The objects of a value that may be one, several or something else entirely."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, dict)]


def texts(value: Any, name: str) -> str:
    """The string of that name, or empty when the structure is not as expected."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


class Step(NamedTuple):
    """One part of a path: the name of an element, and for an extension the url it must have."""

    name: str
    url: str = ""


def values_at(value: Any, path: tuple[Step, ...], place: str) -> list[tuple[str, Any]]:
    """The values at a path, lists flattened, each with its concrete FHIRPath."""
    found = _flat(place, value)
    for name, url in path:
        reached: list[tuple[str, Any]] = []
        for where, each in found:
            if isinstance(each, dict) and name in each:
                if url:
                    extended = (item for item in items(each[name]) if item.get("url") == url)
                    reached += [(f"{where}.{name}", item) for item in extended]
                else:
                    reached += _flat(f"{where}.{name}", each[name])
        found = reached
    return found


def _flat(place: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, list):
        return [(place, value)]
    found: list[tuple[str, Any]] = []
    queue: list[tuple[str, Any]] = [(place, value)]
    while queue:
        where, each = queue.pop()
        if isinstance(each, list):
            queue += [(f"{where}[{n}]", item) for n, item in enumerate(each)][::-1]
        else:
            found.append((where, each))
    return found


def code_of(coding: Any) -> str:
    """The code of a Coding, without spaces, fit for an IRI; empty when there is none."""
    return _quoted(texts(coding, "code"), ":=+*.,;@!$'()~/-")


def system_of(coding: Any) -> str:
    """The system of a Coding, fit for an IRI; empty when it has none."""
    return _quoted(texts(coding, "system"), ":/?=&+.,;@!$'()~*-")


@functools.lru_cache(maxsize=4096)
def _quoted(words: str, safe: str) -> str:
    return quote("".join(words.split()), safe=safe)


def day_of(value: Any) -> str:
    """The day of a FHIR date or dateTime; a year or month counts from its first day.

    Empty for a date that does not exist or lies outside 1850 to 2150.
    """
    day, _, time = value.partition("T") if isinstance(value, str) else ("", "", "")
    return _day(day) if len(day) <= _DAY and "\n" not in time else ""


@functools.lru_cache(maxsize=4096)
def _day(text: str) -> str:
    match = _DATE.fullmatch(text)
    if match:
        year, month, day = (int(part or 1) for part in match.groups())
        try:
            found = datetime.date(year, month, day)
        except ValueError:
            found = None
        if found and 1850 <= year <= 2150:
            return found.isoformat()
    return ""


def decimal_of(number: int | float | Decimal) -> str:
    """The lexical form of a number as recorded; empty for what no measurement reaches."""
    if isinstance(number, int) and abs(number) >= _TOO_LARGE:  # too long even to be written
        return ""
    text = str(number)
    if text[-1] not in _DIGITS or len(text) > _MAX_DIGITS:  # infinite, or no number
        return ""
    if "E" not in text and "e" not in text:
        return text
    _, _, exponent = text.lower().partition("e")
    return format(number, "f") if abs(int(exponent)) <= MAX_EXPONENT else ""


def media_type(attachment: Json) -> str:
    """The media type of an attachment without its parameters, or ``unknown``."""
    kind = texts(attachment, "contentType").split(";")[0].strip().lower()
    return kind if _MEDIA.fullmatch(kind) else "unknown"


def attached_text(attachment: Json) -> str | None:
    """The text of a ``text/plain`` attachment by its charset, or None when it cannot be read."""
    named = re.search(r"charset\s*=\s*\"?([\w.:-]+)", texts(attachment, "contentType"))
    try:
        charset = codecs.lookup(named[1] if named else "utf-8").name
        data = base64.b64decode("".join(texts(attachment, "data").split()), validate=True)
        return data.decode(charset).replace("\x00", " ")
    except (binascii.Error, LookupError, ValueError):
        return None


def narrative_text(div: str) -> str:
    """The words of an XHTML narrative; blocks and cells become lines of their own."""
    return html.unescape(_TAG.sub("", _BLOCK.sub("\n", div))).replace("\xa0", " ")
