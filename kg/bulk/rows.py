"""What became of a record or a line → its row: a verdict, or an error with file and line.

A row carries no identifier but the case id. ``input`` says what it was made of: the file, with the
line where one line is the whole record, or all files that lines of the patient stand in; the hash
is that of the file or line, or of the patient's lines, each once, in the order of their bytes.
"""

from __future__ import annotations

import hashlib
from itertools import groupby
from typing import Any

from kg.bulk.partition import Item
from kg.errors import InputError, UnreadableInput, UnusableRecord
from kg.verdict import Verdict

Row = dict[str, Any]
FAULTS = (InputError, MemoryError, RecursionError)


def row_of(made: Verdict) -> Row:
    """The verdict as JSON; one out of scope says only that, however it was found out."""
    row = made.json()
    if row["verdict"] == "out-of-scope":
        row["context"] = {**row["context"], "profile": None}
        row["findings"], row["notMapped"] = [], []
    return row


def outside(row: Row, members: list[Item]) -> Row:
    """The row of a record whose bytes alone show that it is out of scope."""
    first = members[0]
    if first.what in ("outside", "record"):
        digest = first.raw.decode() if first.what == "outside" else hash_of([first.raw])
        return {**row, "case": first.note, "input": {"file": placed(first), "sha256": digest}}
    source = {"file": files_of(members), "sha256": hash_of(distinct(members))}
    return {**row, "case": first.key, "input": source}


def unreadable(item: Item) -> Row:
    """The row of a line that cannot be read."""
    place = {"file": item.file, "line": item.line or None}
    return {"error": "unreadable", "case": None, "input": place, "what": item.note}


def refused(key: str, members: list[Item], error: InputError) -> Row:
    """The row of a record that cannot be read as one, or not be used."""
    place = f"{error.place}: " if error.place else ""
    what = f"{place}{error.what}. {error.remedy}."
    kinds = {UnreadableInput: "unreadable", UnusableRecord: "unusable"}
    kind = kinds.get(type(error), "could-not-be-judged")
    return {"error": kind, "case": _shown(key, members), "input": _where(members), "what": what}


def fault(key: str, members: list[Item], error: Exception) -> Row:
    """The row of a record or case that raised one of ``FAULTS``."""
    if isinstance(error, InputError):
        return refused(key, members, error)
    much = (
        "it took too much memory" if isinstance(error, MemoryError) else "it is nested too deeply"
    )
    return could_not(key, members, much)


def could_not(key: str, members: list[Item], what: str) -> Row:
    """The row of a record on which judging itself gave up."""
    place = _where(members)
    case = _shown(key, members)
    return {"error": "could-not-be-judged", "case": case, "input": place, "what": what}


def distinct(members: list[Item]) -> list[bytes]:
    """The lines of a record, each once, in an order that is theirs alone."""
    return [raw for raw, _ in groupby(sorted([item.raw for item in members]))]


def hash_of(lines: list[bytes]) -> str:
    """The hash of a record that stands on several lines."""
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def files_of(members: list[Item]) -> str:
    """The files that lines of a record stand in."""
    return ", ".join(sorted({item.file for item in members}))


def placed(item: Item) -> str:
    """Where a record of its own stands: the file, or the file and the line."""
    return f"{item.file}, line {item.line}" if item.line else item.file


def _shown(key: str, members: list[Item]) -> str | None:
    """The key if it is a patient's; those of documents and graphs hold the names of files."""
    return key if members[0].what == "resource" else None


def _where(members: list[Item]) -> Row:
    """The files, and the line if it is one; of a graph in one file, the first of its lines."""
    places = {(item.file, item.line) for item in members}
    graph = members[0].what == "graph" and len({file for file, _ in places}) == 1
    line = min(places)[1] if graph or len(places) == 1 else 0
    return {"file": files_of(members), "line": line or None}
