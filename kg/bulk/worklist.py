"""Rows → the worklist: who must act on which case and what to ask, as CSV (RFC 4180).

One line a question and one a failed rule that no question covers, sorted by owner, then by how much
depends on it. It holds no evidence: of a record only ids and codes. A spreadsheet
would take some cells for formulas; an apostrophe before them makes them text.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from kg.bulk.finished import Finding, Row
from kg.bulk.whole import written

HEAD = (
    "owner",
    "severity",
    "case",
    "input",
    "verdict",
    "kind",
    "what",
    "options",
    "about",
    "submitted",
    "expected",
    "rule",
    "obligation",
)
_KNOWN = 16  # of the hash of what a case was made of: case ids may be given twice
SEVERITIES = ("must", "should", "consider")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
Item = dict[str, str]


class Worklist:
    """Takes rows in any number: each owner and severity has a file of its own until the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts: dict[tuple[str, int], IO[bytes]] = {}
        self.count = 0

    def add(self, row: Row) -> None:
        """Note what a case asks for."""
        for item in items(row):
            key = (item["owner"], SEVERITIES.index(item["severity"]))
            if key not in self._parts:
                self._parts[key] = tempfile.TemporaryFile(dir=self._path.parent)  # noqa: SIM115 - until close
            self._parts[key].write(line([item[name] for name in HEAD]))
            self.count += 1

    def write(self) -> None:
        """Write the file."""
        with written(self._path) as stream:
            stream.write(line(HEAD))
            for _, part in sorted(self._parts.items()):
                part.seek(0)
                shutil.copyfileobj(part, stream)

    def close(self) -> None:
        """Give up the files held."""
        for part in self._parts.values():
            part.close()


def items(row: Row) -> Iterator[Item]:
    """What is to be asked or done about one case, the questions first."""
    found = [f for f in row.findings if f.outcome == "fail" or _open(f)]
    asked: set[str] = set()
    for question in row.questions:
        about = [f for f in found if f.rule in question.rules]
        asked.update(question.rules)
        said = {"what": question.stem, "options": " | ".join(question.options)}
        yield {**_item(row, "question", question.to, about), **said}
    for finding in found:
        if finding.rule not in asked:
            said = {"what": finding.message, "options": ""}
            yield {**_item(row, "owed", finding.owner, [finding]), **said}


def _open(finding: Finding) -> bool:
    """Whether a verdict waits for the finding to be told, as in ``kg.ask`` and ``kg.decide``."""
    decisive = finding.axis == "coding" and finding.severity == "must"
    return decisive and finding.outcome == "indeterminate"


def _item(row: Row, kind: str, owner: str, about: list[Finding]) -> Item:
    severities = [SEVERITIES.index(finding.severity) for finding in about]
    return {
        "owner": owner,
        "severity": SEVERITIES[min(severities, default=0)],
        "case": row.case or "",
        "input": row.input.sha256[:_KNOWN],
        "verdict": row.verdict,
        "kind": kind,
        "about": _each(finding.focus for finding in about),
        "submitted": _each(row.codes.submitted),
        "expected": _each(code.code for code in row.codes.expected),
        "rule": _each(finding.rule for finding in about),
        "obligation": _each(finding.obligation for finding in about),
    }


def _each(found: Iterable[str]) -> str:
    """Every text once, in order."""
    return ", ".join(filter(None, dict.fromkeys(found)))


def line(cells: list[str] | tuple[str, ...]) -> bytes:
    """One line of CSV, ended as RFC 4180 wants it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([safe(cell) for cell in cells])
    return text.getvalue().encode()


def safe(cell: str) -> str:
    """The cell, such that no spreadsheet calculates it."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
