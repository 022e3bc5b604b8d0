"""The rows of a finished run → what people read of it; made from the rows alone, at any time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kg.bulk.whole import written


def finish(out: Path) -> None:
    """Write what is derived from the rows: ``errors.ndjson``, the rows that are no verdicts."""
    with written(out / "errors.ndjson") as stream:
        for row in rows(out):
            if "error" in row:
                stream.write(msgspec.json.encode(row) + b"\n")


def rows(out: Path) -> Iterator[dict[str, Any]]:
    """All rows of a run, shard after shard; nothing but one line is held in memory."""
    for path in sorted((out / "verdicts").glob("*.ndjson")):
        with path.open("rb") as stream:
            for line in stream:
                yield msgspec.json.decode(line)
