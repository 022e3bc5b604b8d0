"""The house rules that can be read off the tree: sizes, names, direction of imports, the lock."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path for folder in ("kg", "server", "bench", "tests") for path in (ROOT / folder).rglob("*.py")
)
SHIPPED = [path for path in MODULES if path.relative_to(ROOT).parts[0] in ("kg", "server")]
TURTLE = sorted(
    path
    for folder in ("ontology", "shapes", "server")
    for path in (ROOT / folder).rglob("*.ttl")
    if not path.is_relative_to(ROOT / "ontology" / "codes")  # generated
)
EMPTY_NAMES = re.compile(r"(utils?|helpers?|common|manager|misc|base)")
STAGES = (  # each imports from earlier ones only; what is not listed must merely close no circle
    {"kg.locations", "kg.namespaces", "kg.errors"},
    {"kg.knowledge"},
    {"kg.fhir", "kg.case"},
    {"kg.derive"},
    {"kg.judge"},
    {"kg.decide"},
    {"kg.ask", "kg.explain"},
    {"kg.render"},
    {"kg.commands"},
    {"kg.__main__"},
)


def name(path: Path) -> str:
    """The path from the root, as a test's id."""
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    """The module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(path: Path) -> str:
    """The name the module is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(node: ast.AST) -> Iterator[str]:
    """Every name imported in the node, ``from a import b`` as ``a.b``."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)


def imports_at_load(path: Path) -> Iterator[str]:
    """The names imported as soon as the module is: outside functions and ``if TYPE_CHECKING``."""
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield from imports(node)


def ours(imported: str, modules: set[str]) -> str | None:
    """The module of ours that an imported name lies in, if it does."""
    if imported in modules:
        return imported
    parent = imported.rpartition(".")[0]
    return parent if parent in modules else None


def edges() -> dict[str, set[str]]:
    """Which module of kg loads which others of kg."""
    paths = {dotted(path): path for path in SHIPPED if dotted(path).startswith("kg")}
    modules = set(paths)
    found = {m: {ours(i, modules) for i in imports_at_load(p)} for m, p in paths.items()}
    return {module: {other for other in others if other} for module, others in found.items()}


def stage(module: str) -> int | None:
    """The number of the stage a module, or the package it is in, belongs to."""
    for number, members in enumerate(STAGES):
        if any(module == member or module.startswith(member + ".") for member in members):
            return number
    return None


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_has_at_most_300_lines_and_its_functions_40(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= 40
    ]
    assert not long


def test_a_turtle_file_has_at_most_300_lines() -> None:
    assert TURTLE
    sizes = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in TURTLE}
    assert {file: size for file, size in sizes.items() if size > 300} == {}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_named_after_what_it_does(path: Path) -> None:
    assert not EMPTY_NAMES.fullmatch(path.stem)
    assert not EMPTY_NAMES.fullmatch(path.parent.name)


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_a_module_and_all_that_is_public_in_it_is_documented(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module)
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    public = [
        node
        for node in [*module.body, *(member for owner in classes for member in owner.body)]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
    ]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_kg_never_imports_server_except_to_start_it() -> None:
    importing = {
        dotted(path)
        for path in SHIPPED
        if dotted(path).startswith("kg")
        and any(i.split(".")[0] == "server" for i in imports(tree(path)))
    }
    assert importing == {"kg.commands.serve"}  # and there inside its function only
    at_load = imports_at_load(ROOT / "kg" / "commands" / "serve.py")
    assert "server" not in {imported.split(".")[0] for imported in at_load}


def test_kg_is_a_flow_in_one_direction() -> None:
    graph = edges()
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle
    backward = {
        (module, other)
        for module, others in graph.items()
        for other in others
        if (here := stage(module)) is not None
        and (there := stage(other)) is not None
        and there > here
    }
    assert backward == set()
    assert not any("kg.__main__" in others for others in graph.values())


def test_what_lies_at_the_bottom_imports_nothing_of_ours_but_the_bottom() -> None:
    assert all(edges()[module] <= STAGES[0] for module in STAGES[0])


def test_the_lock_names_no_host_no_path_and_hashes_everything() -> None:
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in lock.splitlines() if line and not line.lstrip().startswith("#")]
    host = re.compile(r"://|\bfile:|(^|\s)[~./]*/\w|\b[a-z0-9-]+\.(com|dev|host|io|net|org)\b")
    assert [line for line in lock.splitlines() if host.search(line)] == []
    unexpected = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?|[a-z0-9-]+==\S+( ; [^/@]+)? \\")
    assert [line for line in lines if not unexpected.fullmatch(line)] == []


@pytest.mark.parametrize("file", ["pyproject.toml", "Makefile", ".ci/run"])
def test_the_setup_names_no_host(file: str) -> None:
    assert "://" not in (ROOT / file).read_text(encoding="utf-8")


def test_what_is_made_is_not_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    made = {"/.venv/", "/dist/", "/build/", "__pycache__/", ".hypothesis/"}
    assert made | {".mypy_cache/", ".pytest_cache/", ".ruff_cache/"} <= set(ignored)
