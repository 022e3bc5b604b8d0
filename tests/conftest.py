"""With M816_REQUIRE_ALL=1, as in CI, a test skipped for want of a tool fails.

Such a skip gives as its reason "needs <tool>…"; ``pytest.importorskip`` says "could not import".
"""

import os
from collections.abc import Generator

import pytest

_WANTS_A_TOOL = ("needs ", "could not import ")


def _insist(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn the report of a skip for want of a tool into a failure, if all tools are required."""
    if os.environ.get("M816_REQUIRE_ALL") != "1" or not report.skipped:
        return
    if not isinstance(report.longrepr, tuple):  # an expected failure counts as skipped too
        return
    file, line, message = report.longrepr
    reason = message.removeprefix("Skipped: ")
    if reason.startswith(_WANTS_A_TOOL):
        report.outcome = "failed"
        report.longrepr = f"{file}:{line}: M816_REQUIRE_ALL=1, but the test {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at each test's report."""
    report = yield
    _insist(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Look at the report of each module, which may skip as a whole."""
    report = yield
    _insist(report)
    return report
