"""Ranges of the input → what every line of them is: whose, of which type, and possible or not.

Lines come in blocks. Of most lines of most blocks a glance is all that is needed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import msgspec

from kg.bulk.partition import BLANK, UNREAD, Item, sampled
from kg.bulk.peek import (
    Look,
    careful,
    glance,
    look,
    patient_key,
    sole,
    sole_patient,
    target_key,
    typed,
    untyped,
)
from kg.bulk.scope import Scope
from kg.bulk.sources import Range, blocks, statements
from kg.errors import InputError, UnreadableInput, UnusableRecord
from kg.fhir.decode import MAX_BYTES, inflate
from kg.fhir.episodes import SHARED

Sight = Callable[[bytes], Look]
_OWN = frozenset({"Patient", "Bundle"})  # whatever they refer to
_TERM = rb"(?:<[^>]*>|_:[^\s<>\"]+)"
_LITERAL = rb'"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?'
_QUAD = re.compile(
    rb"\s*%s\s*<[^>]*>\s*(?:%s|%s)\s*(%s)?\s*\.\s*(?:#.*)?" % (_TERM, _TERM, _LITERAL, _TERM)
)
_GRAPH = re.compile(rb"(<[^<>\s]*>)\s*\.?\s*")
Watch = Callable[[str, int], bool]
_Read = Callable[[str, int, bytes], list[Item | str]]


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
    """Says of every line of a range what it is; line numbers count from its beginning.

    ``watch`` is told file and line before each is read, and says whether it may be.
    """

    def __init__(
        self,
        root: Path,
        part: Range,
        scope: Scope,
        audit: float = 0.0,
        watch: Watch | None = None,
    ) -> None:
        self._root, self._part, self._scope, self._audit = root, part, scope, audit
        self._watch = watch

    def __iter__(self) -> Iterator[Item | str]:
        """What every line is, in order."""
        if self._part.kind == "whole":
            return map(self._whole, self._part.names)
        return self._graphs() if self._part.kind == "graphs" else chain.from_iterable(self._read())

    def line(self, file: str, number: int, line: bytes) -> Item | str:
        """What one line of a file is, wherever it was read."""
        return self._items(file, number, [line], {0}, careful)[0]

    def _read(self) -> Iterator[list[Item | str]]:
        """What the lines are, block by block."""
        name, number = self._part.names[0], 1
        read = self._quads if self._part.kind == "quads" else self._resources
        for block in blocks(self._root, self._part):
            if isinstance(block, InputError):
                made: list[Item | str] = [bad(self._key(name, number), name, number, block)]
            else:
                first = number == 1 and not self._part.start
                whole = block.removeprefix(b"\xef\xbb\xbf") if first else block
                if self._watch is None:
                    made = read(name, number, whole)
                else:
                    made = self._one_by_one(read, name, number, whole)
            yield made
            number += len(made)

    def _one_by_one(self, read: _Read, name: str, number: int, block: bytes) -> list[Item | str]:
        """The same of a block whose lines are watched."""
        made: list[Item | str] = []
        for place, line in enumerate(_split(block), start=number):
            made += (
                read(name, place, line) if self._may(name, place) else [self._fatal(name, place)]
            )
        return made

    def _may(self, name: str, number: int) -> bool:
        return self._watch is None or self._watch(name, number)

    def _fatal(self, name: str, number: int) -> Item:
        error = UnreadableInput("", "", "reading it ends the process", "Look at it")
        return bad(self._key(name, number), name, number, error)

    def _key(self, name: str, number: int, raw: bytes = b"") -> str:
        """A key for what is a record of its own; sorts as it stands in the input.

        Where its line is not known, its bytes tell it from others.
        """
        own = "" if number else hashlib.sha256(raw).hexdigest()[:16]
        return f"{name}#{self._part.number:06d}:{number:012d}{own}"

    def _resources(self, file: str, number: int, block: bytes) -> list[Item | str]:
        sight = glance if _utf8(block) else careful
        return self._items(file, number, _split(block), self._scope.candidates(block), sight)

    def _items(
        self, file: str, number: int, lines: list[bytes], doubted: set[int], sight: Sight
    ) -> list[Item | str]:
        """What the lines are. ``doubted``: which of them, from 0 on, may be possible."""
        made: list[Item | str] = []
        scope, coded = self._scope, self._scope.coded
        for at, line in enumerate(lines):
            try:
                found = sight(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                again = look(line)
                if isinstance(again, InputError):
                    made.append(self._unread(file, number + at, line, again))
                    continue
                found = again
            kind, subject = found.resourceType, found.subject
            possible = at in doubted and scope.possible(line, "" if kind == "Bundle" else kind)
            owner = patient_key((subject and subject.reference) or found.about())
            if owner and kind not in _OWN and (kind in coded or typed(kind)):
                made.append(Item(owner, "resource", file, number + at, line, kind, possible))
            else:
                made.append(self._other(file, number + at, line, found, possible))
        return made

    def _unread(self, file: str, number: int, line: bytes, error: InputError) -> Item | str:
        blank = not line or line.isspace()
        return BLANK if blank else bad(self._key(file, number, line), file, number, error)

    def _other(
        self, file: str, number: int, line: bytes, found: Look, possible: bool
    ) -> Item | str:
        """What a line is that names no patient as its own."""
        kind, key = found.resourceType, found.key()
        if kind == "Bundle":
            patient = "" if possible else sole(found)
            own = self._key(file, number, line)
            return document(own, file, number, line, patient, self._audit)
        if not typed(kind):
            return bad(self._key(file, number, line), file, number, untyped())
        if kind == "Patient" and key:
            return Item(key, "resource", file, number, line, kind, possible)
        if kind in SHARED and key:
            also = found.practitioner.reference if found.practitioner else None
            return Item(key, "shared", file, number, line, kind, possible, also or "")
        wrong = self._wrong(found)
        if not wrong:
            return UNREAD
        error = UnusableRecord("", "", wrong, "Mend the export")
        return bad(self._key(file, number, line), file, number, error)

    def _wrong(self, found: Look) -> str:
        """What is wrong with a line that is nobody's; empty if no rule would read it."""
        about, kind = found.about(), found.resourceType
        if any(entry.resource and entry.resource.resourceType for entry in found.entry):
            return "it holds resources and its type is not Bundle"
        if kind not in self._scope.coded or target_key(about):
            return ""
        if about:
            return "it names its patient by a reference that cannot be followed"
        return "it has no id" if kind in SHARED | {"Patient"} else "it names no patient"

    def _quads(self, file: str, number: int, block: bytes) -> list[Item | str]:
        return [self._quad(file, at, line) for at, line in enumerate(_split(block), start=number)]

    def _quad(self, file: str, number: int, line: bytes) -> Item | str:
        if not line or line.isspace() or line.lstrip().startswith(b"#"):
            return BLANK
        found = _QUAD.fullmatch(line)
        if found is None:
            error = UnreadableInput("", "", "the RDF has a syntax error", "Correct it")
            named = _GRAPH.fullmatch(line, max(line.rfind(b"<"), 0))  # it spoils its graph
            key = _graph_key(file, named[1]) if named else self._key(file, number, line)
            return bad(key, file, number, error)
        return Item(_graph_key(file, found[1] or b""), "graph", file, number, line + b"\n")

    def _graphs(self) -> Iterator[Item | str]:
        name = self._part.names[0]
        graph = ""
        if not self._may(name, 0):
            yield self._fatal(name, 0)
            return
        try:
            for graph, statement in statements(self._root, self._part):
                yield Item(f"{name}#{graph}", "graph", name, 0, statement)
        except InputError as error:  # it may spoil the graph before it, too
            told = f"{error.remedy}, and the graph before it; what follows was not read"
            place = UnreadableInput("", error.place, error.what, told)
            yield bad(f"{name}#{graph}", name, 0, place)

    def _whole(self, name: str) -> Item | str:
        key = self._key(name, 0)
        if not self._may(name, 0):
            return self._fatal(name, 0)
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


def _graph_key(file: str, graph: bytes) -> str:
    """A named graph is one wherever its lines stand; others are those of their file."""
    name = graph.decode(errors="replace")
    return name if name.startswith("<") else f"{file}#{name}"


def _split(block: bytes) -> list[bytes]:
    """The lines of a block without their ends."""
    found = block.removesuffix(b"\n").split(b"\n")
    return [line.rstrip(b"\r") for line in found] if b"\r" in block else found


def _utf8(block: bytes) -> bool:
    try:
        return block.isascii() or bool(block.decode())
    except UnicodeDecodeError:
        return False
