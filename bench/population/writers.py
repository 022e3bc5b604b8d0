"""Patients → a bulk export: by type with its manifest, or Bundles one a line; lines shuffled.

A line goes to a file by chance and waits there among a few others, so that what belongs to one
patient lies apart while memory stays flat.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Protocol

from bench.population.templates import Line, bundle

_WAITING = {"lines": 4_096, "bundles": 256}
_LINES_A_FILE = 40_000
_MOST_FILES = 8


class Writer(Protocol):
    """Takes patients one after the other."""

    def add(self, lines: list[Line]) -> None:
        """Write one patient."""

    def close(self) -> None:
        """Write what is left."""


class _Shuffled:
    """Files of one type whose lines are written in an order that chance decides."""

    def __init__(self, folder: Path, name: str, files: int, kind: str, seed: int) -> None:
        self._chance = random.Random(f"{seed}/{name}")
        self._most = _WAITING[kind]
        self._waiting: list[bytes] = []
        self.counts = {f"{name}.{number:03d}.ndjson": 0 for number in range(files)}
        self._files: list[tuple[str, IO[bytes]]] = []
        self._open = contextlib.ExitStack()
        for file in self.counts:
            stream = self._open.enter_context((folder / file).open("wb"))
            self._files.append((file, stream))

    def add(self, raw: bytes) -> None:
        """Take a line; one that waited is written instead when many wait."""
        if len(self._waiting) < self._most:
            self._waiting.append(raw)
            return
        place = self._chance.randrange(self._most)
        self._waiting[place], raw = raw, self._waiting[place]
        self._write(raw)

    def close(self) -> None:
        """Write what still waits."""
        self._chance.shuffle(self._waiting)
        for raw in self._waiting:
            self._write(raw)
        self._open.close()

    def _write(self, raw: bytes) -> None:
        file, stream = self._chance.choice(self._files)
        stream.write(raw + b"\n")
        self.counts[file] += 1


class ByType:
    """NDJSON by type with the manifest of a bulk export. FHIR Bulk Data 2.0, §3.3."""

    def __init__(self, folder: Path, patients: int, seed: int) -> None:
        folder.mkdir(parents=True)
        self._folder, self._seed = folder, seed
        self._files = max(2, min(_MOST_FILES, patients // _LINES_A_FILE * 8))
        self._kinds: dict[str, _Shuffled] = {}
        self._written: set[str] = set()

    def add(self, lines: list[Line]) -> None:
        """Write the lines of one patient; what is shared only once."""
        for line in lines:
            if line.key in self._written:
                continue
            if line.key:
                self._written.add(line.key)
            kind = self._kinds.get(line.kind)
            if kind is None:
                files = 1 if line.key else self._files
                kind = _Shuffled(self._folder, line.kind, files, "lines", self._seed)
                self._kinds[line.kind] = kind
            kind.add(line.raw)

    def close(self) -> None:
        """Write what waits, then the manifest."""
        output = []
        for kind, shuffled in sorted(self._kinds.items()):
            shuffled.close()
            output += [
                {"type": kind, "url": f"https://ehr.example.org/export/{file}", "count": count}
                for file, count in shuffled.counts.items()
            ]
        manifest = {
            "transactionTime": "2026-07-01T00:00:00Z",
            "request": "https://ehr.example.org/fhir/$export",
            "requiresAccessToken": False,
            "output": output,
            "error": [],
        }
        text = json.dumps(manifest, indent=2) + "\n"
        (self._folder / "manifest.json").write_text(text, encoding="utf-8")


class Bundles:
    """NDJSON of Bundles, one a patient, entries in an order that chance decides."""

    def __init__(self, folder: Path, patients: int, seed: int) -> None:
        folder.mkdir(parents=True)
        files = max(2, min(_MOST_FILES, patients // _LINES_A_FILE * 8))
        self._chance = random.Random(seed)
        self._made = _Shuffled(folder, "bundles", files, "bundles", seed)

    def add(self, lines: Iterable[Line]) -> None:
        """Write one patient."""
        found = list(lines)
        self._chance.shuffle(found)
        self._made.add(bundle(found))

    def close(self) -> None:
        """Write what waits."""
        self._made.close()


LAYOUTS: dict[str, type[ByType] | type[Bundles]] = {"ndjson": ByType, "bundles": Bundles}
