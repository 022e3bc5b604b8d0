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
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from kg.errors import UnusableRecord
from kg.fhir.decode import MAX_EXPONENT, Json

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T.*)?")
_MEDIA = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_BLOCK = re.compile(r"</?(?:p|div|br|li|ul|ol|tr|t[dh]|table|h[1-6]|dt|dd)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
_MAX_DIGITS = 64


def items(value: Any) -> list[Json]:
    """The objects of a value that may be one, several or something else entirely."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, dict)]


def texts(value: Any, *names: str) -> str:
    """The string below those names, or empty when the structure is not as expected."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def values_at(value: Any, path: tuple[str, ...], place: str) -> Iterator[tuple[str, Any]]:
    """The values at a path, lists flattened, each with its concrete FHIRPath."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from values_at(item, path, f"{place}[{number}]")
    elif not path:
        yield place, value
    elif isinstance(value, dict):
        name = path[0]
        if name.startswith("extension("):
            for item in items(value.get("extension")):
                if item.get("url") == name[10:-1].replace("|", "."):
                    yield from values_at(item, path[1:], f"{place}.extension")
        elif name in value:
            yield from values_at(value[name], path[1:], f"{place}.{name}")


def code_of(coding: Any) -> str:
    """The code of a Coding, without spaces, fit for an IRI; empty when there is none."""
    return _quoted(texts(coding, "code"), ":=+*.,;@!$'()~/-")


def system_of(coding: Any) -> str:
    """The system of a Coding, fit for an IRI; empty when it has none."""
    return _quoted(texts(coding, "system"), ":/?=&+.,;@!$'()~*-")


@functools.lru_cache(maxsize=4096)
def _quoted(words: str, safe: str) -> str:
    return quote("".join(words.split()), safe=safe)


def day_of(value: Any, file: str, place: str) -> str:
    """The day of a FHIR date or dateTime; a year or month counts from its first day.

    Raises ``UnusableRecord`` for a date that does not exist or lies outside 1850 to 2150.
    """
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match:
        year, month, day = (int(part or 1) for part in match.groups())
        try:
            found = datetime.date(year, month, day)
        except ValueError:
            found = None
        if found and 1850 <= year <= 2150:
            return found.isoformat()
    raise UnusableRecord(file, place, "the date does not exist", "Correct it in the source system")


def decimal_of(number: int | float | Decimal, file: str, place: str) -> str:
    """The lexical form of a number as recorded; refuses what no measurement reaches."""
    small = not isinstance(number, int) or abs(number) < 10**_MAX_DIGITS
    text = str(number) if small else ""
    digits = text.upper().partition("E")[2]
    finite = isinstance(number, int) or math.isfinite(number)  # a Decimal may overflow in abs()
    if not text or not finite or len(text) > _MAX_DIGITS or abs(int(digits or 0)) > MAX_EXPONENT:
        raise UnusableRecord(
            file, place, "the number is out of any clinical range", "Correct the value"
        )
    return format(number, "f") if digits else text


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
