"""What a run is and how far it is: the manifest of its folder, and what may go on in it.

A folder belongs to one run: the same input, rules and options. Its parts are there whole or not at
all, so that a run that ended in any way is taken up where it was.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kg import __version__
from kg.bulk.shard import Options
from kg.bulk.sources import Survey
from kg.bulk.whole import written
from kg.errors import UnusableRecord
from kg.knowledge import default

FORMAT = "m816-bulk/2"
_PART = re.compile(r"manifest\.json\.\d+\.part")
_SAID = {
    "format": "made by another version of this command",
    "input": "of another input, or the input has changed",
    "rules": "of other rules",
    "options": "of other options",
}


class Done(msgspec.Struct):
    """One finished shard: what went in, what came out, and the hash of its rows."""

    shard: int
    lines: int = 0
    repeated: int = 0
    records: int = 0
    rows: int = 0
    counts: dict[str, int] = {}
    skipped: int = 0
    audited: int = 0
    differing: list[str] = []
    bytes: int = 0
    sha256: str = ""


class Manifest(msgspec.Struct):
    """The run: its format, input, rules, options, number of shards, and those that are done."""

    format: str
    input: dict[str, Any]
    rules: dict[str, str]
    options: dict[str, Any]
    shards: int
    complete: bool = False
    done: list[Done] = []


def manifest_of(found: Survey, options: Options, limit: int, shards: int) -> Manifest:
    """The manifest of a run that has not begun; its input is known by names, sizes and times."""
    digest = hashlib.sha256()
    for source in found.sources:
        changed = (found.root / source.name).stat().st_mtime_ns
        digest.update(f"{source.name}\0{source.size}\0{changed}\n".encode())
    size = sum(source.size for source in found.sources)
    return Manifest(
        FORMAT,
        {"files": len(found.sources), "bytes": size, "sha256": digest.hexdigest()},
        {"version": __version__, "sha256": default().sha256},
        {**msgspec.json.decode(msgspec.json.encode(options)), "limit": limit},
        shards,
    )


class Folder:
    """The folder of a run: a file of rows a shard, the manifest, and work in progress."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.verdicts = path / "verdicts"
        self.work = path / "work"
        self._manifest = path / "manifest.json"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """See to it that no other run works here as long as this one does, however it ends."""
        if not self._manifest.exists() and not self._just_begun():
            raise self._refusal("not empty and holds no run")
        self.path.mkdir(parents=True, exist_ok=True)
        self.work.mkdir(mode=0o700, exist_ok=True)  # what is in it are records
        with (self.work / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise self._refusal("in use by a run that has not ended") from None
            yield

    def _just_begun(self) -> bool:
        """Whether there is nothing but what a run leaves that ended as it began."""
        ours = {self.work.name, f"{self.work.name}/lock", self.verdicts.name}
        left = (path.relative_to(self.path).as_posix() for path in self.path.rglob("*"))
        return all(name in ours or _PART.fullmatch(name) for name in left)

    def claim(self, wanted: Manifest) -> Manifest:
        """Begin the run here or go on with it; ``UnusableRecord`` when the folder is another's."""
        self.verdicts.mkdir(exist_ok=True)
        if not self._manifest.exists():
            self.write(wanted)
            return wanted
        try:
            known = msgspec.json.decode(self._manifest.read_bytes(), type=Manifest)
        except (msgspec.MsgspecError, OSError):
            raise self._refusal("not one we can read the manifest of") from None
        for name, said in _SAID.items():
            if getattr(known, name) != getattr(wanted, name):
                raise self._refusal(f"that of a run {said}")
        return known

    def clear(self) -> None:
        """The run is complete: leave nothing but its results."""
        shutil.rmtree(self.work, ignore_errors=True)
        for part in (*self.path.glob("*.part"), *self.verdicts.glob("*.part")):
            part.unlink(missing_ok=True)

    def _refusal(self, what: str) -> UnusableRecord:
        return UnusableRecord(str(self.path), "", f"the folder is {what}", "Name another one")

    def write(self, manifest: Manifest) -> None:
        """Put the manifest in place of what it was."""
        with written(self._manifest) as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")

    def rows(self, shard: int) -> Path:
        """The file with the rows of a shard."""
        return self.verdicts / f"{shard:06d}.ndjson"

    def note(self, shard: int) -> Path:
        """The note that a shard is done, as long as the run is not."""
        return self.work / f"shard-{shard:06d}.json"

    def trail(self, shard: int) -> Path:
        """Where the worker of a shard says which record it has begun."""
        return self.work / f"trail-{shard:06d}"

    def reading(self, part: int) -> Path:
        """Where the reader of a range says which line it has begun."""
        return self.work / f"reading-{part:06d}"

    def done(self, shard: int) -> Done | None:
        """The note of a shard that is done and whose rows are all there."""
        try:
            found = msgspec.json.decode(self.note(shard).read_bytes(), type=Done)
            whole = self.rows(shard).stat().st_size == found.bytes
        except (OSError, msgspec.MsgspecError):
            return None
        return found if whole else None
