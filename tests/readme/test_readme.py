"""What the README tells people to type does what it says.

The README marks each block by a comment on the line before: ``<!-- commands: make -->``, likewise
``posix`` and ``windows``; ``<!-- verdict -->`` and ``<!-- /verdict -->`` enclose the example.
`make test` is shown, not run, from here: it is what runs this.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = r"\s*```\w*\n(.*?)```"


def block(marker: str) -> list[str]:
    """The lines of the fenced block after that marker, without comments and blank lines."""
    found = re.search(rf"<!-- {marker} -->{FENCED}", README, re.S)
    assert found, f"the README has no block marked {marker}"
    lines = (line.split("  #")[0].rstrip() for line in found[1].splitlines())
    return [line for line in lines if line]


def run(command: str) -> subprocess.CompletedProcess[str]:
    """Run one line in the checkout, as on a machine where this interpreter is the environment."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}
    return subprocess.run(
        ["sh", "-c", command],
        cwd=ROOT,
        env=inherited | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def make(target: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a target with this interpreter, without building the environment anew."""
    if not shutil.which("make"):
        pytest.skip("needs make")
    here = shlex.quote(f"PY={sys.executable}")
    return run(f"make --old-file=.venv/ready {here} {' '.join(options)} {target}")


def with_this_python(line: str) -> str:
    """The command line with this interpreter in place of the environment's."""
    return line.replace(".venv/bin/python", shlex.quote(sys.executable))


def test_the_two_commands_are_there() -> None:
    assert block("commands: make") == ["make demo", "make test"]


def test_make_demo_judges_the_records_and_succeeds() -> None:
    demo = make("demo", "--silent")
    assert (demo.returncode, demo.stderr) == (0, "")  # a crash would pass for "does not stand"
    records = sorted((ROOT / "tests" / "records").glob("*.json"))
    assert {path.name[:3] for path in records} >= {"S09", "S12"}  # the source page's scenarios
    missing = [path.name for path in records if path.name not in demo.stdout]
    assert missing == []


def test_make_test_lints_types_and_tests() -> None:
    lines = make("test", "--dry-run").stdout.replace(sys.executable, ".venv/bin/python")
    checks = [line for line in lines.splitlines() if line.startswith(".venv/bin/python")]
    modules = [line.split()[2] for line in checks]
    assert modules == ["ruff", "ruff", "mypy", "pytest"]


def test_without_make_the_same_lines_are_run() -> None:
    dry = make("demo test", "--dry-run").stdout.replace(sys.executable, ".venv/bin/python")
    recipe = [line.split(" || ")[0].split(" -n ")[0] for line in dry.splitlines()]
    told = [line.split(" -n ")[0] for line in block("commands: posix")]
    assert told[:2] == [
        "python3 -m venv .venv",
        ".venv/bin/python -m pip install --require-hashes -r requirements.txt",
    ]
    assert told[2:] == recipe


def test_on_windows_the_same_lines_are_run() -> None:
    lines = [line.replace("\\", "/") for line in block("commands: windows")]
    assert lines[0] == "py -m venv .venv"
    posix = block("commands: posix")
    assert [line.replace(".venv/Scripts", ".venv/bin") for line in lines[1:]] == posix[1:]


def test_the_example_verdict_is_what_the_command_prints() -> None:
    found = re.search(rf"<!-- verdict -->{FENCED}\s*<!-- /verdict -->", README, re.S)
    assert found, "the README shows no example verdict"
    command, _, shown = found[1].partition("\n")
    assert command.startswith("$ ")
    judged = run(with_this_python(command.removeprefix("$ ")))
    assert judged.returncode in (0, 1), judged.stderr
    assert judged.stdout.strip() == shown.strip()


@pytest.mark.parametrize("file", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_what_the_readme_links_to_exists(file: str) -> None:
    assert (ROOT / file).exists()
