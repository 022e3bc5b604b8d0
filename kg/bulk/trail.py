"""What a process begins, written down, so that whoever outlives it knows what ended it."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec


class Trail:
    """A file whose first line is what was begun last, as JSON; to be closed."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def __enter__(self) -> Trail:
        """Nothing has begun."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the file, which stays."""
        os.close(self._file)

    def begin(self, what: Any) -> None:
        """Say what begins; a longer line before it may leave its end behind this one."""
        os.pwrite(self._file, msgspec.json.encode(what) + b"\n", 0)


def last_begun(path: Path) -> Any:
    """What the process that left the trail was at; None if at nothing. The trail is gone then."""
    try:
        line = path.read_bytes().split(b"\n")[0]
        path.unlink()
        return msgspec.json.decode(line) if line else None
    except (OSError, msgspec.DecodeError):
        return None
