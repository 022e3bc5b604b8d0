"""The command under test, and every record there is, those of the folder M816_SAMPLES included."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kg.__main__ import main

DATA = Path(__file__).parent / "data"
RECORDS = Path(__file__).parents[1] / "records"


def _is_record(path: Path) -> bool:
    """A FHIR resource, told from a golden report that may lie beside it."""
    if path.suffix == ".json":
        found = json.loads(path.read_text("utf-8"))
        return isinstance(found, dict) and "resourceType" in found
    return path.name.endswith((".ndjson", ".json.gz"))


def records() -> list[Path]:
    """All records, sorted."""
    folders = [DATA, RECORDS]
    if samples := os.environ.get("M816_SAMPLES"):
        folders.append(Path(samples))
    return [p for folder in folders for p in sorted(folder.glob("*.*")) if _is_record(p)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``record`` runs once a record; ``few`` is every ninth and our own."""
    found = records()
    for name, chosen in (("record", found), ("few", [*found[:4], *found[4::9]])):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, chosen, ids=lambda path: path.name)


@pytest.fixture
def data() -> Path:
    """The folder of this package's own records."""
    return DATA


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run ``m816`` with arguments in this process; a crash is raised, not swallowed."""

    def _run(*arguments: object, stdin: bytes = b"") -> Result:
        result = CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return _run


@pytest.fixture
def verdicts(run: Callable[..., Result]) -> Callable[..., list[dict[str, Any]]]:
    """The JSON verdicts of ``m816 check`` with these arguments."""

    def _verdicts(*arguments: object, stdin: bytes = b"") -> list[dict[str, Any]]:
        made = json.loads(run("check", "--format", "json", *arguments, stdin=stdin).stdout)
        assert isinstance(made, list)
        return made

    return _verdicts


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder of good and bad inputs, with words of a patient that no message may show."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    good = (DATA / "localized-hip.json").read_bytes()
    (folder / "a-good.json").write_bytes(good)
    (folder / "b-packed.json.gz").write_bytes(gzip.compress(good))
    (folder / "c-truncated.json").write_bytes(good[:-40])
    (folder / "d-words.json").write_text("SECRETNAME was seen on 1979-03-02", "utf-8")
    (folder / "e-other.json").write_text('{"resourceType": "Basic", "id": "SECRETNAME"}', "utf-8")
    (folder / "f-syntax.ttl").write_text(
        '@prefix m816: <https://w3id.org/m816/> .\nm816:x "SECRETNAME', "utf-8"
    )
    (folder / "g-ignored.txt").write_text("not a record", "utf-8")
    (folder / "h-latin.json").write_bytes(b'{"resourceType": "Patient", "id": "\xe9SECRETNAME"}')
    return folder
