"""Ranges of the input → pieces on disk in which what belongs to one patient has one place.

Every range becomes pieces of bounded size, sorted by bucket; a bucket is the patients whose keys
hash alike, and is read from all pieces. So memory stays flat, any order of lines and files does,
ranges are read in parallel, and a piece once named is whole. What no single patient owns (people,
drugs, places) goes to a bucket of its own and from there into a store on disk.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import struct
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec

from kg.bulk.peek import look, patient_key, sole, sole_patient
from kg.bulk.scope import Scope
from kg.bulk.sources import Range, blocks, statements
from kg.bulk.whole import written
from kg.errors import InputError, UnreadableInput, UnusableRecord
from kg.fhir.decode import MAX_BYTES, inflate
from kg.fhir.episodes import SHARED

SHARED_BUCKET = -1
GROUPED = ("resource", "record", "outside", "graph", "bad")
BLANK, UNREAD = "blank", "unread"
_HELD = 32 * 2**20
_WHOLE = 10**6
_TERM = rb"(?:<[^>]*>|_:[^\s<>\"]+)"
_LITERAL = rb'"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?'
_QUAD = re.compile(
    rb"\s*%s\s*<[^>]*>\s*(?:%s|%s)\s*(%s)?\s*\.\s*(?:#.*)?" % (_TERM, _TERM, _LITERAL, _TERM)
)
_PACK = msgspec.msgpack.Encoder()
_PLACE = struct.Struct("<QQ")


class Item(msgspec.Struct, array_like=True, gc=False):
    """A line with what is known of it. ``key``: whose it is, a patient or a record of its own.

    ``what``: ``resource``, ``record`` (a document), ``outside`` (a document out of scope, its bytes
    replaced by their hash), ``graph`` (a statement), ``shared`` or ``bad``. ``note``: the resource
    type, the patient of a document out of scope, or what is wrong with a ``bad`` one.
    """

    key: str
    what: str
    file: str
    line: int
    raw: bytes
    note: str = ""
    possible: bool = True
    also: str = ""


_ITEMS = msgspec.msgpack.Decoder(list[Item])


class Piece(msgspec.Struct):
    """One piece: which range it is of, its number there, its counts and its size."""

    part: int
    number: int
    counts: dict[str, int]
    size: int
    last: bool


@functools.lru_cache(maxsize=65536)
def bucket_of(key: str, buckets: int) -> int:
    """The bucket of a key, the same on every machine and in every process."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) % buckets


def sampled(key: str, share: float) -> bool:
    """Whether a record is in the audit: by its hash, so that every run takes the same."""
    return share > 0 and bucket_of(key, _WHOLE) < share * _WHOLE


def document(key: str, file: str, number: int, raw: bytes, patient: str, audit: float) -> Item:
    """A record of its own: a Bundle on a line, or a whole file, whose bytes may be gzipped.

    ``patient``: whose it is if it is out of scope beyond doubt, else empty.
    """
    if not patient or sampled(key, audit):
        return Item(key, "record", file, number, raw, patient, possible=not patient)
    digest = hashlib.sha256(raw).hexdigest().encode()
    return Item(key, "outside", file, number, digest, patient, possible=False)


def bad(key: str, file: str, number: int, error: InputError) -> Item:
    """A line that cannot be read, with the reason."""
    place = f", {error.place}" if error.place else ""
    return Item(key, "bad", file, number, b"", f"{error.what}{place}. {error.remedy}.")


class Reader:
    """Says of every line of a range what it is; line numbers count from its beginning."""

    def __init__(self, root: Path, part: Range, scope: Scope, audit: float = 0.0) -> None:
        self._root, self._part, self._scope, self._audit = root, part, scope, audit

    def __iter__(self) -> Iterator[Item | str]:
        """What every line is, in order."""
        if self._part.kind == "whole":
            return map(self._whole, self._part.names)
        return self._graphs() if self._part.kind == "graphs" else chain.from_iterable(self._read())

    def line(self, file: str, number: int, line: bytes) -> Item | str:
        """What one line of a file is, wherever it was read."""
        return self._resource(file, number, line, doubtful=True, sound=line.isascii())

    def _read(self) -> Iterator[list[Item | str]]:
        """What the lines are, block by block."""
        name, number = self._part.names[0], 1
        read = self._quads if self._part.kind == "quads" else self._resources
        for block in blocks(self._root, self._part):
            if isinstance(block, InputError):
                made: list[Item | str] = [bad(self._key(name, number), name, number, block)]
            elif number == 1 and not self._part.start:
                made = read(name, number, block.removeprefix(b"\xef\xbb\xbf"))
            else:
                made = read(name, number, block)
            yield made
            number += len(made)

    def _key(self, name: str, number: int) -> str:
        """A key for what is a record of its own; sorts as it stands in the input."""
        return f"{name}#{self._part.number:06d}:{number:012d}"

    def _resources(self, file: str, number: int, block: bytes) -> list[Item | str]:
        doubted, sound, read = self._scope.candidates(block), _utf8(block), self._resource
        return [
            read(file, number + at, line, doubtful=at in doubted, sound=sound)
            for at, line in enumerate(_split(block))
        ]

    def _resource(
        self, file: str, number: int, line: bytes, *, doubtful: bool, sound: bool
    ) -> Item | str:
        """``doubtful``: it may be possible. ``sound``: it is known to be UTF-8."""
        found, scope = look(line, sound=sound), self._scope
        if isinstance(found, InputError):
            if not line or line.isspace():
                return BLANK
            return bad(self._key(file, number), file, number, found)
        kind = found.resourceType
        if kind == "Bundle":
            patient = "" if doubtful and scope.possible(line) else sole(found)
            return document(self._key(file, number), file, number, line, patient, self._audit)
        possible = doubtful and scope.possible(line, kind)
        about = found.about()
        owner = found.key() if kind == "Patient" else patient_key(about)
        if owner:
            return Item(owner, "resource", file, number, line, kind, possible)
        if kind in SHARED and (key := found.key()):
            also = found.practitioner.reference if found.practitioner else None
            return Item(key, "shared", file, number, line, kind, possible, also or "")
        if kind not in scope.coded or about:
            return UNREAD
        what = "it has no id" if kind in SHARED | {"Patient"} else "it names no patient"
        error = UnusableRecord("", "", what, "Give it one")
        return bad(self._key(file, number), file, number, error)

    def _quads(self, file: str, number: int, block: bytes) -> list[Item | str]:
        return [self._quad(file, at, line) for at, line in enumerate(_split(block), start=number)]

    def _quad(self, file: str, number: int, line: bytes) -> Item | str:
        if not line or line.isspace() or line.lstrip().startswith(b"#"):
            return BLANK
        found = _QUAD.fullmatch(line)
        if found is None:
            error = UnreadableInput("", "", "the RDF has a syntax error", "Correct it")
            return bad(self._key(file, number), file, number, error)
        graph = (found[1] or b"").decode(errors="replace")
        return Item(f"{file}#{graph}", "graph", file, number, line + b"\n")

    def _graphs(self) -> Iterator[Item | str]:
        name = self._part.names[0]
        number, graph = 0, ""
        try:
            for graph, statement in statements(self._root, self._part):
                number += 1
                yield Item(f"{name}#{graph}", "graph", name, number, statement)
        except InputError as error:  # it spoils the graph it stands in
            yield bad(f"{name}#{graph}", name, 0, error)

    def _whole(self, name: str) -> Item | str:
        key = self._key(name, 0)
        try:
            with (self._root / name).open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
            plain = inflate(raw, name)
        except InputError as error:
            return bad(key, name, 0, error)
        except OSError as error:
            reason = (error.strerror or "it cannot be opened").lower()
            return bad(key, name, 0, UnreadableInput("", "", reason, "Check the file"))
        patient = "" if self._scope.possible(plain) else sole_patient(plain)
        return document(key, name, 0, raw, patient, self._audit)


def _split(block: bytes) -> list[bytes]:
    """The lines of a block without their ends."""
    found = block.removesuffix(b"\n").split(b"\n")
    return [line.rstrip(b"\r") for line in found] if b"\r" in block else found


def _utf8(block: bytes) -> bool:
    try:
        return block.isascii() or bool(block.decode())
    except UnicodeDecodeError:
        return False


def spread(found: Reader, folder: Path, part: Range, buckets: int) -> list[Piece]:
    """Write the pieces of a range; the last one written says that the range is done."""
    made: list[Piece] = []
    held: dict[int, list[Item]] = {}
    counts: Counter[str] = Counter()
    size = 0
    for item in found:
        counts["lines"] += 1
        counts[item if isinstance(item, str) else item.what] += 1
        if isinstance(item, str):
            continue
        shared = item.what == "shared"
        bucket = SHARED_BUCKET if shared else bucket_of(item.key, buckets)
        held.setdefault(bucket, []).append(item)
        size += len(item.raw) + 200
        if size >= _HELD:
            made.append(_piece(folder, (part.number, len(made)), held, buckets, counts))
            held, counts, size = {}, Counter(), 0
    made.append(_piece(folder, (part.number, len(made)), held, buckets, counts, last=True))
    return made


def _piece(
    folder: Path,
    name: tuple[int, int],
    held: dict[int, list[Item]],
    buckets: int,
    counts: Counter[str],
    *,
    last: bool = False,
) -> Piece:
    """Write one piece: its buckets, then where each begins and how long it is."""
    path = folder / f"{name[0]:06d}-{name[1]:06d}"
    places, at = [], 0
    with written(path.with_suffix(".piece"), durable=False) as stream:
        for bucket in range(SHARED_BUCKET, buckets):
            packed = _PACK.encode(held[bucket]) if bucket in held else b""
            stream.write(packed)
            places.append(_PLACE.pack(at, len(packed)))
            at += len(packed)
        stream.write(b"".join(places))
    made = Piece(*name, dict(counts), at + len(places) * _PLACE.size, last)
    with written(path.with_suffix(".json"), durable=False) as stream:
        stream.write(msgspec.json.encode(made))
    return made


def pieces(folder: Path, part: int) -> list[Piece]:
    """The pieces of a range that is done, none if it is not."""
    found = [
        msgspec.json.decode(path.read_bytes(), type=Piece)
        for path in sorted(folder.glob(f"{part:06d}-*.json"))
    ]
    whole = found and found[-1].last and len(found) == found[-1].number + 1
    sound = whole and all(_size(folder, piece) == piece.size for piece in found)
    return found if sound else []


def _size(folder: Path, piece: Piece) -> int:
    path = folder / f"{piece.part:06d}-{piece.number:06d}.piece"
    return path.stat().st_size if path.exists() else -1


def read_bucket(folder: Path, bucket: int, buckets: int, starts: dict[int, int]) -> Iterator[Item]:
    """All items of a bucket. ``starts``: how many lines of its file lie before a range."""
    for path in sorted(folder.glob("*.piece")):
        with path.open("rb") as stream:
            stream.seek((bucket - SHARED_BUCKET - buckets - 1) * _PLACE.size, os.SEEK_END)
            at, length = _PLACE.unpack(stream.read(_PLACE.size))
            stream.seek(at)
            found = _ITEMS.decode(stream.read(length)) if length else []
        before = starts.get(int(path.name.split("-")[0]), 0)
        for item in found:
            item.line += before if item.line else 0
            yield item
