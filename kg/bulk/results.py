"""A finished run → its results for people and programs: worklist, errors, summary, Parquet.

The rows of verdicts stay the record of the run; the results are made of nothing else, in one pass,
and come out the same every time. Each file is there whole or not at all.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from kg.bulk.finished import Finished
from kg.bulk.parquet import Findings, available
from kg.bulk.summary import page
from kg.bulk.tally import Tally
from kg.bulk.whole import written
from kg.bulk.worklist import Worklist
from kg.knowledge import Knowledge, default

WORKLIST, SUMMARY, PARQUET = "worklist.csv", "summary.html", "findings.parquet"
ERRORS = "errors.ndjson"
NO_PARQUET = f"no {PARQUET}: that needs pyarrow (pip install 'm816-kg[parquet]')"


class Results(NamedTuple):
    """The files written, and how many cases in scope have the id of another one."""

    paths: list[Path]
    again: int


def write_results(path: Path, knowledge: Knowledge | None = None) -> Results:
    """Write what follows from the rows in the folder.

    ``UnusableRecord`` when the folder holds no finished run, or not the rows that it wrote.
    """
    finished, known = Finished(path), knowledge or default()
    tally = Tally(known)
    made = [path / WORKLIST, path / ERRORS, path / SUMMARY]
    with contextlib.ExitStack() as held:
        worklist = Worklist(path / WORKLIST)
        held.callback(worklist.close)
        errors = held.enter_context(written(path / ERRORS))
        takers = [tally.add, worklist.add]
        if available():
            made.append(path / PARQUET)
            stream = held.enter_context(written(path / PARQUET))
            findings = held.enter_context(contextlib.closing(Findings(stream, finished.run)))
            takers.append(findings.add)
        for raw, row in finished.rows():
            if row.error:
                errors.write(raw)
            for take in takers:
                take(row)
        worklist.write()
        with written(path / SUMMARY) as summary:
            summary.write(page(finished, tally, worklist.count, known).encode())
    return Results(made, tally.again)
