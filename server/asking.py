"""A named query over the knowledge and the cases of a record, inside a worker process."""

from __future__ import annotations

from kg.queries import case_quads
from server.cases import Cases
from server.engines import Asked, Oxigraph
from server.worker import Job


class Asking:
    """The dataset in Oxigraph; the cases of a record are in it for one query each."""

    def __init__(self, cases: Cases, data: Oxigraph, limit: int) -> None:
        self._cases = cases
        self._data = data
        self._limit = limit

    def ask(self, job: Job) -> bytes:
        """The answer to ``asked`` with the record ``body``, whose syntax ``name`` tells."""
        store = self._data.store
        added = case_quads(store, self._cases.derived(job))
        store.extend(added)
        try:
            return self._data.query(Asked(**job["asked"]), self._limit)
        finally:
            for quad in added:
                store.remove(quad)
