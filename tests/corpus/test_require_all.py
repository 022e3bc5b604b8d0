"""M816_REQUIRE_ALL=1 lets no test hide behind a missing tool."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SUITE = """
import pytest

def test_wanting(): pytest.skip("needs java")

@pytest.mark.skip(reason="needs chromium")
def test_marked(): pass

@pytest.fixture
def tool(): pytest.skip("needs make")

def test_with_fixture(tool): pass

def test_importing(): pytest.importorskip("no_such_module_at_all")

def test_elsewhere(): pytest.skip("only on Windows")

@pytest.mark.xfail(reason="needs a better engine")
def test_expected(): assert False

def test_passing(): pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """The seven little tests above under our conftest."""
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(SUITE)
    return pytester


def test_a_missing_tool_is_a_skip_by_default(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("M816_REQUIRE_ALL", raising=False)
    suite.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=1, skipped=5, xfailed=1)


def test_a_missing_tool_fails_where_all_are_required(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("M816_REQUIRE_ALL", "1")
    result = suite.runpytest("-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    failed = outcomes.get("failed", 0) + outcomes.get("errors", 0)  # a fixture's is an error
    assert (failed, outcomes["skipped"], outcomes["xfailed"], outcomes["passed"]) == (4, 1, 1, 1)
    result.stdout.fnmatch_lines(["*M816_REQUIRE_ALL=1, but the test needs java*"])


def test_a_whole_module_cannot_skip_either(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("M816_REQUIRE_ALL", "1")
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile("import pytest; pytest.skip('needs java', allow_module_level=True)")
    result = pytester.runpytest("-p", "no:cacheprovider")
    assert result.ret != pytest.ExitCode.NO_TESTS_COLLECTED
    result.assert_outcomes(errors=1)
