"""Runs over a small population, in processes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.bulk.progress import Progress
from kg.bulk.run import Run, Totals
from kg.bulk.shard import Options
from tests.bulk.population import population, write_by_type


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine records by type, with a line that cannot be read."""
    folder = tmp_path_factory.mktemp("bulk") / "export"
    write_by_type(folder, dict(list(population().items())[::11]))
    with (folder / "Condition.ndjson").open("ab") as stream:
        stream.write(b'{"resourceType": "Condi\n')
    return folder


def start(source: Path, out: Path, options: Options | None = None, **named: Any) -> Run:
    """A run in many small parts, ready to go."""
    sizes = {"part_size": 20_000, "shard_size": 25_000, "progress": Progress(io.StringIO())}
    return Run(source, out, options or Options(), **{**sizes, **named})


def written(out: Path) -> dict[str, bytes]:
    """The files of verdicts."""
    return {path.name: path.read_bytes() for path in sorted((out / "verdicts").iterdir())}


@pytest.fixture(scope="session")
def undisturbed(
    export: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Totals, dict[str, bytes]]:
    """What one worker makes of it in one go."""
    out = tmp_path_factory.mktemp("bulk") / "out"
    totals = start(export, out).go()
    return totals, written(out)


Started = Callable[..., Run]
