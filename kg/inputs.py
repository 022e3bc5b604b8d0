"""Paths and standard input → cases, one input after another; a bad one never stops the rest."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import RdfFormat

from kg.case import Case, format_of, from_rdf
from kg.errors import InputError, UnreadableInput, UnusableRecord
from kg.fhir import decode
from kg.fhir.read import cases as fhir_cases
from kg.knowledge import Knowledge

_QUAD = re.compile(rb"(?:<[^>]*>|_:\S+)\s+<[^>]*>\s+.+\s(?:<[^>]*>|_:\S+)\s*\.\s*")
_JSON = (".json", ".ndjson", ".jsonl")


@dataclass
class Input:
    """One input read: its name and hash, its cases, or the error that kept it from being read."""

    file: str
    sha256: str = ""
    cases: list[Case] = field(default_factory=list)
    error: InputError | None = None


def inputs(paths: Iterable[str], knowledge: Knowledge, profile: str = "") -> Iterator[Input]:
    """Read every path in order: files, folders (their records, sorted), ``-`` for stdin."""
    for path in paths:
        if path == "-":
            yield read("stdin", sys.stdin.buffer.read(decode.MAX_BYTES + 1), knowledge, profile)
        elif Path(path).is_dir():
            files = sorted(p for p in Path(path).rglob("*") if p.is_file() and _readable(p))
            if not files:
                error = UnusableRecord(path, "", "the folder holds no record", "Check the folder")
                yield Input(path, error=error)
            for file in files:
                yield _of_file(file, knowledge, profile)
        else:
            yield _of_file(Path(path), knowledge, profile)


def _readable(path: Path) -> bool:
    name = path.name.removesuffix(".gz")
    return format_of(name) is not None or name.endswith(_JSON)


def _of_file(path: Path, knowledge: Knowledge, profile: str) -> Input:
    try:
        with path.open("rb") as stream:
            raw = stream.read(decode.MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        return Input(str(path), error=UnreadableInput(str(path), "", reason, "Check the path"))
    return read(str(path), raw, knowledge, profile)


def read(name: str, raw: bytes, knowledge: Knowledge, profile: str = "") -> Input:
    """Read one input from its bytes; RDF by the file name or its first characters, else FHIR."""
    made = Input(name, hashlib.sha256(raw).hexdigest())
    try:
        plain = decode.inflate(raw, name)
        syntax = format_of(name.removesuffix(".gz")) or _guess(plain)
        if syntax is not None:
            made.cases = from_rdf(plain, syntax, name)
        else:
            made.cases = fhir_cases(plain, name, knowledge, profile)
    except InputError as error:
        made.error = error
    except RecursionError:
        made.error = UnreadableInput(
            name, "", "it is nested too deeply", "FHIR records nest a few levels only"
        )
    return made


def _guess(raw: bytes) -> RdfFormat | None:
    """The RDF syntax by the first characters; a first line of four terms is N-Quads."""
    start = raw[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    line = start.splitlines()[0] if start else b""
    if _QUAD.fullmatch(line):
        return format_of("case.nq")
    if (
        start[:10]
        .lower()
        .startswith((b"@prefix", b"@base", b"prefix ", b"base ", b"#", b"<", b"_:"))
    ):
        return format_of("case.trig")
    if start.startswith((b"{", b"[")) and (b'"@context"' in start or b'"@graph"' in start):
        return format_of("case.jsonld")
    return None
