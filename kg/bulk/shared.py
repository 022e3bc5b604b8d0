"""What no single patient owns → a store on disk, from which a record takes what it refers to.

People, their roles, drugs, places, attachments: by ``Type/id``, and roles also by the person they
are of, since the reference runs that way. FHIR R4 §2.3, §8.5 (PractitionerRole).
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from kg.bulk.partition import Item
from kg.bulk.peek import target_key
from kg.fhir.episodes import SHARED

_TABLES = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;
CREATE TABLE held (key TEXT, raw BLOB, file TEXT);
CREATE TABLE role (practitioner TEXT, key TEXT);
CREATE TABLE possible (kind TEXT);
"""
_INDEXES = "CREATE INDEX held_key ON held (key); CREATE INDEX role_of ON role (practitioner);"
_MOST = 10_000
_ADDRESS = re.compile(rb'"(?:reference|url)"\s*:\s*"([^"]*)"')
_DECODER = msgspec.json.Decoder(float_hook=str)  # a number of any size will do


def store(path: Path, found: Iterable[Item]) -> None:
    """Make the store of these items; it has its name only when it is whole."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(part)) as made:
        made.executescript(_TABLES)
        for item in found:
            made.execute("INSERT INTO held VALUES (?, ?, ?)", (item.key, item.raw, item.file))
            if person := target_key(item.also):
                made.execute("INSERT INTO role VALUES (?, ?)", (person, item.key))
            if item.possible:
                made.execute("INSERT INTO possible VALUES (?)", (item.note,))
        made.executescript(_INDEXES)
        made.commit()
    part.replace(path)


class Shared:
    """The store, read by many processes at once; without a path there is nothing in it.

    ``possible``: the types of which some line could bring whoever refers to it into scope.
    """

    def __init__(self, path: Path | None) -> None:
        self._open = None
        self.possible: frozenset[bytes] = frozenset()
        if path is not None:
            self._open = sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)
            rows = self._open.execute("SELECT DISTINCT kind FROM possible")
            self.possible = frozenset(kind.encode() for (kind,) in rows)

    def lines(self, key: str) -> list[tuple[str, bytes]]:
        """The lines stored for a key, each once, in an order that nothing else decides."""
        if self._open is None:
            return []
        sql = "SELECT DISTINCT raw, min(file) FROM held WHERE key = ? GROUP BY raw ORDER BY raw"
        return [(file, raw) for raw, file in self._open.execute(sql, (key,))]

    def roles(self, key: str) -> list[str]:
        """The keys of the roles of a person."""
        if self._open is None:
            return []
        sql = "SELECT DISTINCT key FROM role WHERE practitioner = ? ORDER BY key LIMIT ?"
        return [name for (name,) in self._open.execute(sql, (key, _MOST))]


def references(lines: bytes) -> set[str]:
    """``Type/id`` of every shared thing that some of the lines refer to, anywhere in them."""
    found = set(_ADDRESS.findall(lines))
    if b"\\" in lines and (b"\\u" in lines or any(b"\\" in address for address in found)):
        found = _unescaped(lines)
    keys = {target_key(address.decode()) for address in found}
    return {key for key in keys if key.partition("/")[0] in SHARED}


def _unescaped(lines: bytes) -> set[bytes]:
    """The addresses in lines that write characters in more than one way."""
    queue: list[Any] = _DECODER.decode_lines(lines)
    found = set()
    for item in queue:
        values = item.values() if isinstance(item, dict) else item
        queue += [value for value in values if isinstance(value, dict | list)]
        if isinstance(item, dict):
            named = (item.get(name) for name in ("reference", "url"))
            found |= {address.encode() for address in named if isinstance(address, str)}
    return found
