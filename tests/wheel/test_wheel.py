"""The wheel, alone in an environment of its own and run from another folder, is the whole product.

Needs no network: the wheel is built by the hatchling of the lock, and a ``.pth`` file lends the new
environment the third-party packages of this one, but nothing of the checkout.
"""

import ast
import email
import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import kg

ROOT = Path(__file__).parents[2]
RECORD = str(min((ROOT / "tests" / "records").glob("*.json"), default="no record"))
CHECK = ("check", RECORD, "--format", "json")
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a stranger would: none of our paths, no cache, UTF-8."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "M816_"))}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=clean | {"M816_CACHE": "", "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@dataclass(frozen=True)
class Installed:
    """The wheel, the environment it is installed in and a folder far from both."""

    wheel: Path
    environment: Path
    elsewhere: Path

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the environment's Python on these words, from elsewhere."""
        return run(self.environment / SCRIPTS / "python", *words, cwd=self.elsewhere)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel and install it into a new, empty environment."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    built = run(*pip, *build, cwd=folder)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("m816_kg-*.whl")

    environment = folder / "environment"
    venv.create(environment, symlinks=os.name != "nt", with_pip=False)
    python = environment / SCRIPTS / "python"
    put = run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    assert put.returncode == 0, put.stderr
    site = run(python, "-c", "import sysconfig as s; print(s.get_path('purelib'))", cwd=folder)
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(site.stdout.strip(), "lent.pth").write_text("\n".join(lent), encoding="utf-8")

    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return Installed(wheel, environment, elsewhere)


def test_the_wheel_finds_its_own_data(installed: Installed) -> None:
    code = "import kg, kg.locations as l; print(kg.__version__, l.ONTOLOGY, l.SHAPES, sep='\\n')"
    version, *folders = installed.run("-c", code).stdout.splitlines()
    assert version == kg.__version__
    for printed in folders:
        folder = Path(printed)
        assert folder.is_relative_to(installed.environment.resolve())
        source = ROOT / folder.name
        carried = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        assert carried == {p.relative_to(source) for p in source.rglob("*") if p.is_file()}


@pytest.mark.parametrize("words", [("rules",), CHECK], ids=["rules", "check"])
def test_the_wheel_answers_as_the_checkout_does(
    installed: Installed, words: tuple[str, ...]
) -> None:
    here = run(sys.executable, "-m", "kg", *words, cwd=ROOT)
    there = installed.run("-m", "kg", *words)
    assert there.stdout, there.stderr
    assert (there.stdout, there.returncode) == (here.stdout, here.returncode)
    assert there.returncode in (0, 1), there.stderr  # 1: the record does not simply stand


def test_the_command_is_installed(installed: Installed) -> None:
    command = installed.environment / SCRIPTS / ("m816.exe" if os.name == "nt" else "m816")
    answer = run(command, *CHECK, cwd=installed.elsewhere)
    assert json.loads(answer.stdout)[0]["rules"]["version"] == kg.__version__


def test_the_wheel_carries_licence_and_notice_and_no_tests(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    info = f"m816_kg-{kg.__version__}.dist-info"
    assert tops == {"kg", "server", info}
    assert {f"{info}/licenses/LICENSE", f"{info}/licenses/NOTICE", "kg/py.typed"} <= set(names)


def test_the_wheel_requires_what_it_imports_at_load(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        info = f"m816_kg-{kg.__version__}.dist-info/METADATA"
        metadata = email.message_from_bytes(archive.read(info))
    wanted = [r for r in metadata.get_all("Requires-Dist", []) if "extra ==" not in r]
    required = {same_name(re.split(r"[^\w.-]", requirement)[0]) for requirement in wanted}
    owner = packages_distributions()
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for package in ("kg", "server")
        for path in (ROOT / package).rglob("*.py")
        for name in loaded(path)
        if name not in sys.stdlib_module_names | {"kg", "server"}
        and not required & {same_name(distribution) for distribution in owner.get(name, [])}
    }
    assert missing == set()


def same_name(distribution: str) -> str:
    """The name under which distributions are compared, however it was written."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def loaded(path: Path) -> set[str]:
    """The top names of the packages that a module imports as soon as it is imported itself."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
