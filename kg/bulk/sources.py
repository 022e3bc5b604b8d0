"""A file or folder → the sources in it and their lines, in blocks; no file is loaded whole.

FHIR Bulk Data 2.0 (NDJSON, one type a file, with or without the manifest of the export), NDJSON of
Bundles, folders of records, N-Quads and TriG with one graph a case; any of them gzipped.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from itertools import pairwise
from pathlib import Path
from typing import IO, cast

import msgspec
from pyoxigraph import RdfFormat, parse, serialize

from kg.case import format_of
from kg.errors import InputError, UnreadableInput, UnusableRecord
from kg.fhir.decode import MAX_BYTES
from kg.namespaces import RECORD

RANGE = 32 * 2**20
_LINES = (".ndjson", ".jsonl")
_GRAPHS = {RdfFormat.N_QUADS: "quads", RdfFormat.TRIG: "graphs"}
_BLOCK = 2**20
_Stream = BufferedReader | gzip.GzipFile


class Source(msgspec.Struct, frozen=True):
    """One file: its name from the root on, and how it is read.

    By ``lines`` of JSON, by ``quads`` (N-Quads, a line each), as ``graphs`` (TriG) or ``whole``.
    """

    name: str
    kind: str
    size: int


class Range(msgspec.Struct, frozen=True):
    """A part of a source: the lines whose first byte lies in it, or several whole files."""

    number: int
    kind: str
    names: list[str]
    start: int = 0
    end: int = 0


@dataclass
class Survey:
    """What an input holds: its root, its sources by name, what is wrong with it, and how many files
    are of no kind that is read."""

    root: Path
    sources: list[Source] = field(default_factory=list)
    missing: list[InputError] = field(default_factory=list)
    ignored: int = 0


def survey(path: Path) -> Survey:
    """Look at a file or a folder; ``UnusableRecord`` when there is nothing to read in it."""
    found = Survey(path if path.is_dir() else path.parent)
    listed: set[str] = set()
    for file in _files(path, found):
        name, kind = file.relative_to(found.root).as_posix(), _kind(file)
        try:
            name.encode()
            size = file.stat().st_size
        except (OSError, UnicodeEncodeError) as error:
            found.missing.append(_unread(name, error))
            continue
        exported = _exported(file) if kind == "whole" else None
        if exported is not None:
            listed |= exported
        elif kind:
            found.sources.append(Source(name, kind, size))
        else:
            found.ignored += 1
    here = {Path(source.name).name.removesuffix(".gz") for source in found.sources}
    found.missing += [
        UnreadableInput(name, "", "the export lists it, but it is not there", "Fetch it")
        for name in sorted(listed - here)
    ]
    if not found.sources:
        nothing = UnusableRecord(str(path), "", "there is no record in it", "Check the folder")
        raise found.missing[0] if found.missing else nothing
    return found


def _files(path: Path, found: Survey) -> list[Path]:
    """Every file below a folder, through links, each folder once; what cannot be read is noted."""
    if not path.is_dir():
        return [path]
    files, seen = [], set()

    def note(error: OSError) -> None:
        found.missing.append(_unread(os.path.relpath(error.filename, path), error))

    for folder, inner, names in os.walk(path, onerror=note, followlinks=True):
        inner.sort()
        place = os.path.realpath(folder)
        if place in seen:
            inner.clear()
        else:
            seen.add(place)
            files += [Path(folder, name) for name in names]
    return sorted(files)


def _unread(name: str, error: Exception) -> InputError:
    """Why a file or folder is not read."""
    if isinstance(error, OSError):
        reason = (error.strerror or "it cannot be opened").lower()
        return UnreadableInput(name, "", reason, "Check the path")
    shown = os.fsencode(name).decode(errors="backslashreplace")
    return UnreadableInput(shown, "", "its name is not UTF-8", "Rename it")


def _kind(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_LINES):
        return "lines"
    syntax = format_of(name)
    if syntax in _GRAPHS:
        return _GRAPHS[syntax]
    return "whole" if syntax is not None or name.endswith(".json") else ""


def _exported(path: Path) -> set[str] | None:
    """The files that the manifest of a bulk export lists, as far as their addresses name files.

    None when it is no such manifest. FHIR Bulk Data 2.0, §3.3 (output, deleted, error).
    """
    if path.suffix != ".json":
        return None
    try:
        with path.open("rb") as stream:
            start = stream.read(4096)
            if b'"transactionTime"' not in start or b'"resourceType"' in start:
                return None
            told = json.loads(start + stream.read(MAX_BYTES))
        every = [item for part in ("output", "deleted", "error") for item in told.get(part, ())]
        names = {str(item["url"]).split("?")[0].rsplit("/", 1)[-1] for item in every}
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return None
    return {name.removesuffix(".gz") for name in names if _kind(Path(name))}


def ranges(found: Survey, size: int = RANGE) -> list[Range]:
    """The input in parts of about that size; whole files are put together up to it."""
    made: list[Range] = []
    gathered: list[str] = []
    weight = 0
    for source in found.sources:
        if source.kind == "whole":
            gathered.append(source.name)
            weight += source.size * (8 if source.name.endswith(".gz") else 1)
            if weight >= size:
                made.append(Range(len(made), "whole", gathered))
                gathered, weight = [], 0
        elif source.kind == "graphs" or source.name.endswith(".gz"):
            made.append(Range(len(made), source.kind, [source.name], 0, source.size))
        else:
            for start in range(0, max(source.size, 1), size):
                end = min(start + size, source.size)
                made.append(Range(len(made), source.kind, [source.name], start, end))
    if gathered:
        made.append(Range(len(made), "whole", gathered))
    return made


def starts_of(parts: list[Range], counts: Mapping[int, int]) -> dict[int, int]:
    """How many lines of its file lie before a range. ``counts``: how many lie in each."""
    starts: dict[int, int] = {}
    for before, part in pairwise(parts):
        if part.kind in ("lines", "quads") and part.names == before.names:
            starts[part.number] = starts.get(before.number, 0) + counts.get(before.number, 0)
    return starts


def blocks(root: Path, part: Range) -> Iterator[bytes | InputError]:
    """The lines of a range of a file, whole, many at a time, or why the rest of it cannot be read.

    A line longer than any record may be is an error of its own; it is not held in memory.
    """
    name = part.names[0]
    try:
        with (root / name).open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
            stream.seek(max(part.start - 1, 0))
            if packed and part.start:
                return
            if packed:
                with gzip.GzipFile(fileobj=stream) as plain:
                    yield from _blocks(plain, name, None)
            else:
                if part.start and not _skip(stream):
                    return
                yield from _blocks(stream, name, part.end)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield UnreadableInput(name, "", "the gzip data is damaged or truncated", "Export it again")
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        yield UnreadableInput(name, "", reason, "Check the file")


def _blocks(stream: _Stream, name: str, end: int | None) -> Iterator[bytes | InputError]:
    """What is read is given at once but for a line begun: what cannot be read costs no other."""
    begun, most = bytearray(), min(_BLOCK, MAX_BYTES)
    while chunk := stream.read1(most if end is None else max(min(most, end - stream.tell()), 0)):
        first = chunk.find(b"\n")
        if len(begun) + (first if first >= 0 else len(chunk)) > MAX_BYTES:
            yield _too_long(name)
            begun.clear()
            if first < 0 and not _skip(stream):
                return
            chunk = chunk[first + 1 :] if first >= 0 else b""
        whole = chunk.rfind(b"\n") + 1
        if whole:
            yield b"".join((begun, chunk[:whole]))
            begun.clear()
        begun += chunk[whole:]
    if begun:
        begun += stream.readline(MAX_BYTES + 1 - len(begun))
        long = len(begun) > MAX_BYTES and not begun.endswith(b"\n")
        yield _too_long(name) if long else bytes(begun)


def _too_long(name: str) -> InputError:
    what = f"the line is longer than {MAX_BYTES // 2**20} MiB"
    return UnreadableInput(name, "", what, "Write one resource a line")


def _skip(stream: _Stream) -> bool:
    """Read up to the end of the line; False when the file ends before."""
    while True:
        block = stream.readline(_BLOCK)
        if block.endswith(b"\n"):
            return True
        if not block:
            return False


def statements(root: Path, part: Range) -> Iterator[tuple[str, bytes]]:
    """The statements of a TriG file as N-Quads lines, each with the name of its graph."""
    name = part.names[0]
    syntax = format_of(name.lower().removesuffix(".gz"))
    try:
        with (root / name).open("rb") as file:
            packed = name.lower().endswith(".gz")
            stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
            for quad in parse(stream, syntax, base_iri=RECORD):
                yield str(quad.graph_name), serialize([quad], format=RdfFormat.N_QUADS) or b""
    except SyntaxError as error:
        line = f"line {error.lineno}" if error.lineno else ""
        raise UnreadableInput(name, line, "the RDF has a syntax error", "Correct it") from None
    except (ValueError, OSError, EOFError, zlib.error):
        raise UnreadableInput(name, "", "the RDF cannot be read", "Save it as UTF-8") from None
