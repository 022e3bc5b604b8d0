"""A run loses nothing and says the same, however many workers it has and however often it dies."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg.__main__ import main
from kg.bulk.manifest import Folder
from kg.bulk.run import Totals
from kg.bulk.shard import Judge, Options
from tests.bulk.conftest import start, written
from tests.bulk.population import population

Undisturbed = tuple[Totals, dict[str, bytes]]


def test_every_line_and_every_record_is_accounted_for(undisturbed: Undisturbed) -> None:
    totals, files = undisturbed
    rows = [json.loads(line) for raw in files.values() for line in raw.splitlines()]
    assert totals.accounted
    assert len(files) >= 2
    assert totals.rows == len(rows) == sum(totals.counts.values())
    assert totals.counts["unreadable"] == 1
    assert totals.lines["bad"] == 1
    cases = [row["case"] for row in rows if "verdict" in row]
    assert len(cases) == len(set(cases)) >= 8


def test_two_workers_write_the_same_bytes(
    export: Path, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    totals = start(export, tmp_path / "out", workers=2).go()
    assert (totals, written(tmp_path / "out")) == undisturbed


def test_nothing_is_left_but_results_and_a_second_run_does_nothing(
    export: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = start(export, out).go()
    assert {path.name for path in out.iterdir()} == {"manifest.json", "run.json", "verdicts"}
    before = {path: path.stat().st_mtime_ns for path in (out / "verdicts").iterdir()}
    assert start(export, out).go() == first
    assert {path: path.stat().st_mtime_ns for path in (out / "verdicts").iterdir()} == before


def kill_workers(seed: int, times: int, done: threading.Event) -> None:
    """Kill one worker after another, whatever it is doing."""
    chance = random.Random(seed)
    while times and not done.wait(chance.uniform(0.2, 0.9)):
        children = [c for c in multiprocessing.active_children() if c.pid]
        if children:
            os.kill(chance.choice(children).pid or 0, signal.SIGKILL)
            times -= 1


@pytest.mark.parametrize("seed", [1])
def test_workers_that_are_killed_cost_nothing(
    export: Path, tmp_path: Path, undisturbed: Undisturbed, seed: int
) -> None:
    done = threading.Event()
    killer = threading.Thread(target=kill_workers, args=(seed, 4, done))
    killer.start()
    totals = start(export, tmp_path / "out", workers=2).go()
    done.set()
    killer.join()
    assert (totals, written(tmp_path / "out")) == undisturbed


def command(source: Path, out: Path) -> subprocess.Popen[bytes]:
    """The same run as a process of its own."""
    told = f"""
        from pathlib import Path
        from tests.bulk.conftest import start
        if __name__ == "__main__":
            start(Path({str(source)!r}), Path({str(out)!r}), workers=2).go()
    """
    script = out.with_suffix(".py")
    script.write_text(textwrap.dedent(told), encoding="utf-8")
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.Popen([sys.executable, str(script)], cwd=root, env=environment)


def wait_for(there: Callable[[], bool]) -> None:
    """Wait until something is there; a minute at most."""
    until = time.monotonic() + 60
    while not there() and time.monotonic() < until:
        time.sleep(0.02)
    assert there()


def test_a_run_that_is_killed_twice_goes_on_where_it_was(
    export: Path, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    out = tmp_path / "out"
    for wanted in ("work/*.piece", "verdicts/*.ndjson"):
        process = command(export, out)
        wait_for(lambda wanted=wanted: any(out.glob(wanted)))  # type: ignore[misc]
        process.kill()
        process.wait()
    finished = {path: path.stat().st_ino for path in out.glob("verdicts/*.ndjson")}
    noted = {Folder(out).rows(n) for n in range(99) if Folder(out).done(n)}
    totals = start(export, out, workers=2).go()
    assert (totals, written(out)) == undisturbed
    assert all(path.stat().st_ino == finished[path] for path in noted & finished.keys())


POISON = """
import os
from kg.bulk.shard import judge as real

def judge(case, record, options):
    if record.key == "Patient/{patient}":
        {act}
    return real(case, record, options)
"""


def poisoned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patient: str, act: str) -> Judge:
    """A way to judge that one patient's record ends, importable in workers."""
    name = f"poison_{abs(hash(tmp_path))}"
    text = POISON.format(patient=patient, act=act)
    (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    judge: Judge = __import__(name).judge
    return judge


@pytest.mark.parametrize("act", ["os._exit(9)", "raise LookupError('a bug')"])
def test_a_record_that_ends_its_process_is_named_and_its_neighbours_are_judged(
    export: Path,
    tmp_path: Path,
    undisturbed: Undisturbed,
    monkeypatch: pytest.MonkeyPatch,
    act: str,
) -> None:
    whole = [json.loads(line) for raw in undisturbed[1].values() for line in raw.splitlines()]
    case = next(row["case"] for row in whole if row.get("verdict") == "recode")
    mark = case.split("/")[1].split("-")[0]
    patient = next(r["id"] for r in population()[mark] if r["resourceType"] == "Patient")
    judge = poisoned(tmp_path, monkeypatch, patient, act)
    totals = start(export, tmp_path / "out", workers=2, judge=judge).go()
    files = written(tmp_path / "out")
    rows = [json.loads(line) for raw in files.values() for line in raw.splitlines()]
    lost = [row for row in rows if row.get("error") == "could-not-be-judged"]
    assert [row["case"] for row in lost] == [f"Patient/{patient}"]
    others = [row for row in whole if row.get("case") != case]
    assert [row for row in rows if row not in lost] == others
    assert totals.accounted


READING = """
import os
from kg.bulk import reader, worker

glance = reader.glance

def fatal(line):
    if b"fatal" in line:
        os._exit(9)
    return glance(line)

def read_range(task):
    reader.glance = fatal
    return worker.read_range(task)
"""


def test_a_line_that_ends_whoever_reads_it_is_named_and_the_rest_is_judged(
    export: Path, tmp_path: Path, undisturbed: Undisturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, name = tmp_path / "in", f"reading_{abs(hash(tmp_path))}"
    shutil.copytree(export, source)
    with (source / "Observation.ndjson").open("ab") as stream:
        stream.write(b'{"resourceType":"Observation","subject":{"reference":"Patient/fatal"}}\n')
    (tmp_path / f"{name}.py").write_text(READING, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("kg.bulk.run.read_range", __import__(name).read_range)
    totals = start(source, tmp_path / "out", workers=2).go()
    rows = [
        json.loads(line)
        for raw in written(tmp_path / "out").values()
        for line in raw.split(b"\n")[:-1]
    ]
    fatal = [row for row in rows if "ends the process" in row.get("what", "")]
    lines = (source / "Observation.ndjson").read_bytes().count(b"\n")
    assert [row["input"] for row in fatal] == [{"file": "Observation.ndjson", "line": lines}]
    whole = [json.loads(line) for raw in undisturbed[1].values() for line in raw.splitlines()]
    told = sorted(json.dumps(row) for row in rows if "verdict" in row)
    assert told == sorted(json.dumps(row) for row in whole if "verdict" in row)
    assert totals.accounted


def test_what_ends_its_process_is_not_audited(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = next(r["id"] for r in population()["r0"] if r["resourceType"] == "Patient")
    judge = poisoned(tmp_path, monkeypatch, patient, "os._exit(9)")
    totals = start(export, tmp_path / "out", Options(audit=1.0), judge=judge).go()
    assert totals.counts["could-not-be-judged"] == 1
    assert totals.audited == totals.records - 2  # nor is the line that cannot be read
    assert totals.differing == []


def test_a_limit_judges_so_many_records_and_says_what_it_left(
    export: Path, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    totals = start(export, tmp_path / "out", limit=5).go()
    assert totals.records - totals.counts["unreadable"] == 5
    assert totals.skipped > 0
    assert totals.accounted
    every = {line for raw in undisturbed[1].values() for line in raw.splitlines()}
    some = {line for raw in written(tmp_path / "out").values() for line in raw.splitlines()}
    assert some < every


def test_the_audit_judges_a_sample_again_and_finds_nothing_else(
    export: Path, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    totals = start(export, tmp_path / "out", Options(audit=1.0)).go()
    assert totals.differing == []
    assert totals.audited == totals.records - 1
    assert written(tmp_path / "out") == undisturbed[1]


def test_the_audit_notices_a_row_that_the_reference_does_not_give(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying = "return {**real(case, record, options), 'verdict': 'stands'}"
    patient = next(r["id"] for r in population()["r0"] if r["resourceType"] == "Patient")
    judge = poisoned(tmp_path, monkeypatch, patient, lying)
    totals = start(export, tmp_path / "out", Options(audit=1.0), judge=judge).go()
    assert len(totals.differing) == 1


def test_the_command_says_what_it_did_and_how_it_went(export: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    said = CliRunner().invoke(main, ["check-all", str(export), "--out", out, "--workers", "1"])
    assert said.exit_code == 2, said.output  # one line cannot be read
    assert "unreadable" in said.output
    assert "judging: " in said.output
    other = ["check-all", str(export), "--out", out, "--payer", "medicare"]
    refused = CliRunner().invoke(main, other)
    assert refused.exit_code == 2
    assert "of other options" in refused.output


def test_an_interrupt_says_how_to_go_on(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = [sys.executable, "-m", "kg", "check-all", str(export), "--out", str(out)]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [*told, "--workers", "1"],
        cwd=root,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # a shell that runs tests in the background has what it starts ignore interrupts
    wait_for(lambda: any(out.glob("work/*.piece")))
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert b"to go on" in errors
    assert b"Traceback" not in errors
