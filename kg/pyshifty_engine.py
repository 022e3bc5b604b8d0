"""The second SHACL engine: pyshifty, written in Rust by others than pySHACL's authors.

Prepared shapes, no inference, data graph only, refusing what it cannot evaluate. It answers the
rows of the reference engine or the differential test fails. Its ``validate()`` fetches addresses
given as input; the prepared validator used here takes bytes alone.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

from pyoxigraph import BlankNode, RdfFormat, parse
from shifty._shifty import PreparedValidator  # typed, and gives the report as N-Triples

from kg.errors import KnowledgeError
from kg.judge import Row, bare_shapes
from kg.knowledge import Knowledge
from kg.namespaces import SH

_NAMES = ("focusNode", "resultPath", "value", "sourceConstraintComponent")
_COLUMNS = {SH + name: i for i, name in enumerate((*_NAMES, "resultSeverity", "sourceShape"))}
_ASKED: dict[str, Any] = {
    "data_format": "ntriples",
    "graph_mode": "data",
    "run_infer": False,
    "on_unsupported": "error",
}


class PyShifty:
    """``kg.judge.Engine`` by pyshifty; ``kg.engines`` puts it into a limited process."""

    name = "pyshifty"

    def __init__(self, shapes: bytes) -> None:
        """Prepare shapes given as N-Triples; ``KnowledgeError`` if they cannot be run."""
        with _refusing():
            self._validator = PreparedValidator(shapes=shapes, shapes_format="ntriples")
            _refuse(self._validator.diagnostics)

    def rows(self, data: bytes) -> list[Row]:
        """Validate N-Triples; raises ``KnowledgeError`` when the shapes cannot be run.

        A report costs three times what the bare answer costs and half of it regardless of size;
        so it is asked for only if something fails, and only of the shapes that do.
        """
        with _refusing():
            answer = self._validator.validate_algebra(data=data, **_ASKED)
            _refuse(answer.diagnostics)
            if answer.conforms:
                return []
            failed = sorted({(v.shape_name or "").strip("<>") for v in answer.violations})
            report = self._validator.validate_w3c(data=data, entry_shape_names=failed, **_ASKED)
            _refuse(report.diagnostics)
            return _rows(report._report_ntriples.encode())


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (ValueError, RuntimeError) as error:
        raise KnowledgeError(f"the shapes cannot be run: {str(error)[:200]}") from None


def _refuse(diagnostics: list[str]) -> None:
    if diagnostics:
        raise ValueError(diagnostics[0])


def _rows(report: bytes) -> list[Row]:
    found: dict[object, list[str]] = {}
    for quad in parse(report, RdfFormat.N_TRIPLES):
        place = _COLUMNS.get(quad.predicate.value)
        if place is not None:
            row = found.setdefault(quad.subject, [""] * len(_COLUMNS))
            row[place] = "" if isinstance(quad.object, BlankNode) else str(quad.object.value)
    return sorted(Row(*row) for row in found.values())


@functools.lru_cache(maxsize=4)
def engine(knowledge: Knowledge) -> PyShifty:
    """The engine for that knowledge, made once a process."""
    return PyShifty(bare_shapes(knowledge))
