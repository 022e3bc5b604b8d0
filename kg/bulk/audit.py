"""A sample of a shard judged again by the reference engine, nothing skipped → where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kg.bulk.partition import Item, sampled
from kg.bulk.shard import Begin, Options, judge_shard
from kg.bulk.shared import Shared


def audited(key: str, options: Options) -> Iterator[Options]:
    """How a record is judged again, if it is."""
    if sampled(key, options.audit):
        yield msgspec.structs.replace(options, engine="reference", audit=0.0)


def differing(
    kept: list[Item], options: Options, shared: Shared, rows: Path, begin: Begin
) -> tuple[int, list[str]]:
    """How many records were judged again, and the cases whose rows then differ, engines apart."""
    if not options.audit:
        return 0, []
    spoilt = {item.key for item in kept if item.what == "bad"}
    again = [
        msgspec.structs.replace(item, possible=True)
        for item in kept
        if item.key not in spoilt and any(audited(item.key, options))
    ]
    if not again:
        return 0, []
    (reference,) = audited(again[0].key, options)
    wanted: dict[tuple[str, str], list[Any]] = {}
    for _, row in judge_shard(again, reference, shared, begin=begin):
        wanted.setdefault(_name(row), []).append(_compared(row))
    with rows.open("rb") as stream:
        for line in stream:
            row = msgspec.json.decode(line)
            told, made = wanted.get(_name(row), []), _compared(row)
            if made in told:
                told.remove(made)
    left = [f"{case} ({file})" for (file, case), told in wanted.items() for _ in told]
    return len({item.key for item in again}), sorted(left)


def _name(row: dict[str, Any]) -> tuple[str, str]:
    return row["input"]["file"], row["case"] or ""


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(row).items() if name != "engine"}
