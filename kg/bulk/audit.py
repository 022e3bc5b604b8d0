"""A sample of a shard judged again by the reference engine, nothing skipped → where they differ."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from kg.bulk.partition import Item, sampled
from kg.bulk.shard import Options, judge_shard
from kg.bulk.shared import Shared


def differing(
    kept: list[Item], options: Options, shared: Shared, rows: Path
) -> tuple[int, list[str]]:
    """How many records were judged again, and the cases whose rows then differ, engines apart."""
    if not options.audit:
        return 0, []
    again = [
        msgspec.structs.replace(item, possible=True)
        for item in kept
        if item.what != "bad" and sampled(item.key, options.audit)
    ]
    if not again:
        return 0, []
    reference = msgspec.structs.replace(options, engine="reference", audit=0.0)
    wanted: dict[tuple[str, str], Any] = {}
    for _, row in judge_shard(again, reference, shared):
        if "error" not in row:
            wanted[_name(row)] = _compared(row)
    with rows.open("rb") as stream:
        for line in stream:
            row = msgspec.json.decode(line)
            if "error" not in row and wanted.get(_name(row)) == _compared(row):
                del wanted[_name(row)]
    audited = sum(1 for _ in groupby(sorted(item.key for item in again)))
    return audited, sorted(f"{case} ({file})" for file, case in wanted)


def _name(row: dict[str, Any]) -> tuple[str, str]:
    return row["input"]["file"], row["case"]


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(row).items() if name != "engine"}
