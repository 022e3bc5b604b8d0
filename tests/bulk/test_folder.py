"""The folder of a run belongs to it alone, and what is in it says how far the run is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg.__main__ import main
from kg.bulk.manifest import Folder
from kg.bulk.progress import Progress
from kg.bulk.shard import Options
from kg.bulk.trail import Trail, last_begun
from kg.errors import UnusableRecord
from tests.bulk.conftest import start
from tests.bulk.population import population, write_by_type


def test_a_trail_holds_any_name(tmp_path: Path) -> None:
    with Trail(tmp_path / "trail") as trail:
        trail.begin("long" * 99)
        trail.begin("a name\nof two lines")
    assert last_begun(tmp_path / "trail") == "a name\nof two lines"
    assert last_begun(tmp_path / "trail") is None


@pytest.mark.parametrize("there", ["work/thesis.txt", "verdicts/000000.ndjson", "notes.part"])
def test_what_others_left_in_a_folder_is_not_touched(
    export: Path, tmp_path: Path, there: str
) -> None:
    letter = tmp_path / "out" / there
    letter.parent.mkdir(parents=True)
    letter.write_text("dear reader", encoding="utf-8")
    with pytest.raises(UnusableRecord, match="not empty"):
        start(export, tmp_path / "out").go()
    assert letter.read_text(encoding="utf-8") == "dear reader"


def test_only_the_owner_can_look_into_work_in_progress(export: Path, tmp_path: Path) -> None:
    seen = []
    folder = Folder(tmp_path / "out")
    with folder.held():
        seen.append(folder.work.stat().st_mode & 0o077)
    assert seen == [0]


def test_a_folder_that_cannot_be_written_is_told_in_a_line(export: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    said = CliRunner().invoke(main, ["check-all", str(export), "--out", str(tmp_path / "out")])
    assert said.exit_code == 2
    assert said.output.count("\n") == 1
    assert "run the same command again" in said.output


@pytest.mark.parametrize("change", ["input", "options", "foreign", "inside"])
def test_a_folder_of_another_run_is_refused(tmp_path: Path, change: str) -> None:
    source, out, options = tmp_path / "in", tmp_path / "out", Options()
    write_by_type(source, dict(list(population().items())[:1]))
    if change == "foreign":
        out.mkdir()
        (out / "letter.txt").write_text("dear reader", encoding="utf-8")
    elif change == "inside":
        out = source / "out"
    else:
        start(source, out).go()
    if change == "input":
        with (source / "Patient.ndjson").open("ab") as stream:
            stream.write(b"\n")
    elif change == "options":
        options = Options(engine="reference")
    with pytest.raises(UnusableRecord) as refused:
        start(source, out, options).go()
    assert "Name " in str(refused.value)


def test_two_runs_do_not_share_a_folder(export: Path, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out")
    folder.verdicts.mkdir(parents=True)
    with folder.held(), pytest.raises(UnusableRecord, match="has not ended"):
        start(export, tmp_path / "out").go()


def test_progress_gives_rate_and_time_left() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.phase("judging", "lines", 1_000, 200)
    progress.advance(200)
    assert progress.line(10) == "judging: 400 of 1,000 lines (40%), 20/s, 30 s left"
    progress.end()
    assert stream.getvalue().endswith("\n")
    assert "\r" not in stream.getvalue()
