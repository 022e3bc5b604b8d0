"""Rows → Parquet, one row a finding, to be asked by whatever reads Parquet; needs pyarrow.

The case id is the only identifier in it, and no words of a message or of a record are.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import IO, Any

from kg.bulk.finished import Row

COLUMNS = (
    "run",
    "case",
    "verdict",
    "rule",
    "obligation",
    "outcome",
    "severity",
    "axis",
    "owner",
    "authority",
    "certainty",
    "codes_version",
    "rules_version",
    "input_sha256",
)
_GROUP = 1 << 15


def available() -> bool:
    """Whether pyarrow is installed."""
    return importlib.util.find_spec("pyarrow") is not None


def flat(run: str, row: Row) -> Iterator[tuple[str, ...]]:
    """The findings of a row, each as one value a column."""
    head = (run, row.case or "", row.verdict)
    known = (row.rules.get("codeRelease", ""), row.rules.get("version", ""), row.input.sha256)
    for f in row.findings:
        own = (f.rule, f.obligation, f.outcome, f.severity, f.axis, f.owner)
        yield (*head, *own, f.authority, f.certainty, *known)


class Findings:
    """Takes rows in any number and writes them to a stream; holds one group of them at most."""

    def __init__(self, stream: IO[bytes], run: str) -> None:
        import pyarrow
        import pyarrow.parquet

        self._arrow: Any = pyarrow
        self._run, self._held = run, list[tuple[str, ...]]()
        self._schema = pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS])
        self._writer: Any = pyarrow.parquet.ParquetWriter(stream, self._schema, compression="zstd")

    def add(self, row: Row) -> None:
        """Take the findings of a row."""
        self._held.extend(flat(self._run, row))
        if len(self._held) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        columns = list(zip(*self._held, strict=True)) or [()] * len(COLUMNS)
        self._writer.write_table(self._arrow.table(columns, schema=self._schema))
        self._held = []

    def close(self) -> None:
        """Write what is held, and the end of the file."""
        self._flush()
        self._writer.close()
