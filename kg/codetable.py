"""Every code of one ICD-10-CM release: is it a code, may it be billed, since when.

In: the compact table written by `m816 codes build`. Out: `CodeFact`, or None for no such code.
Errors: `CodesError` if the table cannot be read. Only the form of a code is known here: a dot
after three characters, and a 7th character after X padding (tabular list, introduction).
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from kg.locations import ONTOLOGY

MAGIC = "m816 code table 1"
_FULL = re.compile(r"([A-Z][0-9A-Z]{2})\.([0-9A-Z]{3})([0-9A-Z])")
_WIDTH = 8
_ROW = _WIDTH + 2
_CLASSES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class CodesError(ValueError):
    """A code source that cannot be read, or that contradicts itself; the message is one line."""


class Standing(NamedTuple):
    """What many codes share: billable as printed, 7th characters, dates (None: not known)."""

    billable: bool
    seventh_characters: str
    valid_from: date | None
    valid_through: date | None


class CodeFact(NamedTuple):
    """One code: as asked for, its tabular code, its 7th character if any, and its standing."""

    notation: str
    tabular: str
    seventh: str
    billable: bool
    seventh_characters: str
    valid_from: date | None
    valid_through: date | None

    def in_force(self, on: date) -> bool:
        """Whether no known date speaks against the code on that day."""
        early = self.valid_from is not None and on < self.valid_from
        late = self.valid_through is not None and on > self.valid_through
        return not (early or late)


def compose(tabular: str, seventh: str) -> str:
    """Add a 7th character to a tabular code, padding with X."""
    body = tabular.replace(".", "").ljust(6, "X") + seventh
    return f"{body[:3]}.{body[3:]}"


def split(notation: str) -> tuple[str, str] | None:
    """Undo `compose`: the tabular code and the 7th character; None if it has not that form."""
    parts = _FULL.fullmatch(notation)
    if parts is None:
        return None
    rest = parts[2].rstrip("X")
    return (f"{parts[1]}.{rest}" if rest else parts[1]), parts[3]


@dataclass(frozen=True)
class CodeTable:
    """The table of one release; `effective_from` and `effective_through` date the release."""

    release: str
    source_sha256: str
    effective_from: date
    effective_through: date
    standings: dict[str, Standing]
    rows: str

    @classmethod
    def load(cls, path: Path | None = None) -> CodeTable:
        """Read a table; without a path, the one this installation ships."""
        try:
            if path is None:
                path = max((ONTOLOGY / "codes").glob("*.codes.gz"))
            text = gzip.decompress(path.read_bytes()).decode("ascii")
            head, _, rows = text.partition("\n\n")
            magic, release, source, first, last, *standings = head.split("\n")
            if magic != MAGIC or len(rows) % _ROW:
                raise ValueError("not a code table of this version")
            shared = dict(_standing(line) for line in standings)
            dates = date.fromisoformat(first), date.fromisoformat(last)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise CodesError(f"{path or 'code table'}: {error}") from error
        return cls(release, source, *dates, shared, rows)

    def lookup(self, notation: str) -> CodeFact | None:
        """Return what is known of a dotted code, composed with a 7th character or not."""
        standing = self._standing_of(notation)
        if standing is not None:
            return CodeFact(notation, notation, "", *standing)
        parts = split(notation)
        standing = self._standing_of(parts[0]) if parts else None
        if parts is None or standing is None or parts[1] not in standing.seventh_characters:
            return None
        _, seventh, first, last = standing
        return CodeFact(notation, *parts, True, seventh, first, last)

    def ancestors(self, notation: str) -> list[str]:
        """Return the tabular codes above a code, nearest first; empty if there is no such code."""
        fact = self.lookup(notation)
        if fact is None:
            return []
        above = [fact.tabular] if fact.seventh else []
        shorter = (fact.tabular[:end].rstrip(".") for end in range(len(fact.tabular) - 1, 2, -1))
        return above + [n for n in dict.fromkeys(shorter) if self._standing_of(n)]

    @cached_property
    def tabular_codes(self) -> list[str]:
        """All codes as printed in the tabular list, sorted."""
        return [self.rows[at : at + _WIDTH].rstrip() for at in range(0, len(self.rows), _ROW)]

    def _standing_of(self, tabular: str) -> Standing | None:
        low, high = 0, len(self.rows) // _ROW
        wanted = tabular.ljust(_WIDTH)
        while low < high:
            middle = (low + high) // 2
            if self.rows[middle * _ROW : middle * _ROW + _WIDTH] < wanted:
                low = middle + 1
            else:
                high = middle
        row = self.rows[low * _ROW : (low + 1) * _ROW]
        return self.standings[row[_WIDTH]] if row[:_WIDTH] == wanted else None


def table_bytes(head: tuple[str, str, date, date], codes: Iterable[tuple[str, Standing]]) -> bytes:
    """Return the compressed table: release, digest, dates; then each tabular code's standing.

    The bytes depend on the input alone. CodesError if the standings outnumber their letters.
    """
    listed = sorted(codes)
    shared = sorted({standing for _, standing in listed}, key=_written)
    if len(shared) > len(_CLASSES):
        raise CodesError(f"{len(shared)} kinds of code are more than the table can letter")
    letters = dict(zip(shared, _CLASSES, strict=False))
    lines = [MAGIC, *map(str, head), *(f"{letters[s]} {_written(s)}" for s in shared), ""]
    rows = "".join(f"{n.ljust(_WIDTH)}{letters[standing]}\n" for n, standing in listed)
    text = "\n".join(lines) + "\n" + rows
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(text.encode("ascii"))
    return packed.getvalue()


def _written(standing: Standing) -> str:
    billable, seventh, first, last = standing
    return f"{int(billable)} {seventh or '-'} {first or '-'} {last or '-'}"


def _standing(line: str) -> tuple[str, Standing]:
    letter, billable, seventh, first, last = line.split(" ")
    dates = [None if d == "-" else date.fromisoformat(d) for d in (first, last)]
    return letter, Standing(billable == "1", seventh.replace("-", ""), dates[0], dates[1])
