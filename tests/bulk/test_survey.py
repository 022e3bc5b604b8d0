"""What a folder holds: the manifest of an export is no record, and what is missing is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kg.bulk.sources import survey
from kg.errors import UnusableRecord
from tests.bulk.population import population, write_by_type


def test_the_manifest_of_an_export_is_no_record_and_names_what_is_missing(tmp_path: Path) -> None:
    write_by_type(tmp_path / "in", dict(list(population().items())[:2]))
    output = [{"type": "Patient", "url": "https://x.test/1/Patient.ndjson?sig=1"}]
    listed: dict[str, Any] = {"transactionTime": "2026-05-04T00:00:00Z", "output": output}
    (tmp_path / "in" / "manifest.json").write_text(json.dumps(listed), encoding="utf-8")
    assert survey(tmp_path / "in").missing == []
    output.append({"type": "Condition", "url": "https://x.test/1/Condition-2.ndjson"})
    (tmp_path / "in" / "manifest.json").write_text(json.dumps(listed), encoding="utf-8")
    found = survey(tmp_path / "in")
    assert [error.file for error in found.missing] == ["Condition-2.ndjson"]
    assert not any(source.name == "manifest.json" for source in found.sources)


def test_files_of_an_export_are_known_by_name_packed_or_not(tmp_path: Path) -> None:
    write_by_type(tmp_path / "in", dict(list(population().items())[:1]))
    listed = {
        "transactionTime": "2026-05-04T00:00:00Z",
        "output": [{"url": "https://x.test/Patient.ndjson.gz"}, {"url": "https://x.test/Binary/1"}],
        "deleted": [{"url": "https://x.test/gone.ndjson"}],
    }
    (tmp_path / "in" / "manifest.json").write_text(json.dumps(listed), encoding="utf-8")
    assert [error.file for error in survey(tmp_path / "in").missing] == ["gone.ndjson"]


def test_what_cannot_be_read_in_a_folder_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    write_by_type(tmp_path / "in" / "deep", dict(list(population().items())[:1]))
    (tmp_path / "in" / "deep" / "Patient.ndjson").rename(tmp_path / "in" / "deep" / "P.NDJSON.GZ")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "in" / "deep", target_is_directory=True)
    (tmp_path / "in" / "linked2").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "broken.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in" / "letter.txt").write_text("dear reader", encoding="utf-8")
    odd = os.fsdecode(b"M\xfcller.json")
    (tmp_path / "in" / odd).write_text("{}", encoding="utf-8")
    found = survey(tmp_path / "in")
    assert {(error.file, error.what) for error in found.missing} == {
        ("broken.json", "no such file or directory"),
        ("M\\xfcller.json", "its name is not UTF-8"),
    }
    assert found.ignored == 1
    assert "deep/P.NDJSON.GZ" in {source.name for source in found.sources}
    assert {source.name.split("/")[0] for source in found.sources} == {"deep"}


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableRecord, match="no record"):
        survey(tmp_path)
