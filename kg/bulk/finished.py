"""The folder of a finished run → its rows again, one at a time, with what the results need of them.

Only a complete run has results. Every file of rows is held against the hash that the manifest has
of it, so that nothing is counted that was changed afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kg.bulk.manifest import Folder, Manifest
from kg.bulk.run import Totals
from kg.errors import UnusableRecord


class Finding(msgspec.Struct):
    """A finding without its words and its evidence."""

    rule: str
    outcome: str
    severity: str
    axis: str
    authority: str
    certainty: str
    owner: str
    obligation: str = ""
    focus: str = ""
    message: str = ""
    basis: list[str] = []


class Question(msgspec.Struct):
    """A question without its indicators."""

    to: str
    stem: str
    options: list[str]
    rules: list[str]


class Place(msgspec.Struct):
    """Where a row comes from."""

    file: str
    line: int | None = None
    sha256: str = ""


class Context(msgspec.Struct):
    """What kind of feed a case is from, and who pays."""

    profile: str | None = None
    payer: str | None = None


class Code(msgspec.Struct):
    """An expected code without its reasons."""

    code: str


class Codes(msgspec.Struct):
    """The codes that were submitted, and those that the record leads to."""

    submitted: list[str] = []
    expected: list[Code] = []


class Row(msgspec.Struct):
    """One row: a verdict, or an ``error``."""

    input: Place
    case: str | None = None
    verdict: str = ""
    error: str = ""
    what: str = ""
    rules: dict[str, str] = {}
    engine: dict[str, str] = {}
    axes: dict[str, str] = {}
    context: Context = msgspec.field(default_factory=Context)
    codes: Codes = msgspec.field(default_factory=Codes)
    findings: list[Finding] = []
    questions: list[Question] = []


_ROW = msgspec.json.Decoder(Row)


class Finished:
    """A finished run; ``UnusableRecord`` when the folder holds none, or its rows were changed."""

    def __init__(self, path: Path) -> None:
        self.folder = Folder(path)
        try:
            raw = (path / "manifest.json").read_bytes()
            self.manifest = msgspec.json.decode(raw, type=Manifest)
            totals = (path / "run.json").read_bytes() if self.manifest.complete else b""
            self.totals = msgspec.json.decode(totals, type=Totals)
        except (OSError, msgspec.MsgspecError):
            raise self._refusal("the folder holds no finished run") from None

    @property
    def run(self) -> str:
        """A name of the run: what it read, by which rules, with which options."""
        known = (self.manifest.input, self.manifest.rules, self.manifest.options)
        return hashlib.sha256(msgspec.json.encode(known, order="sorted")).hexdigest()[:16]

    def rows(self) -> Iterator[tuple[bytes, Row]]:
        """Every row as its line and as what the results need of it, in the order of the files."""
        for done in self.manifest.done:
            digest = hashlib.sha256()
            try:
                with self.folder.rows(done.shard).open("rb") as stream:
                    for line in stream:
                        digest.update(line)
                        yield line, _ROW.decode(line)
            except (OSError, msgspec.MsgspecError):
                raise self._refusal(f"the rows of shard {done.shard} cannot be read") from None
            if digest.hexdigest() != done.sha256:
                raise self._refusal(f"the rows of shard {done.shard} were changed")

    def _refusal(self, what: str) -> UnusableRecord:
        path = str(self.folder.path)
        return UnusableRecord(path, "", what, "Run the same command again in another folder")
