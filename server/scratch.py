"""A dataset in memory that may be changed: updates and graph store requests as worker jobs."""

from __future__ import annotations

from server.worker import Handler, Settings


def scratch_handlers(settings: Settings) -> dict[str, Handler]:
    """Start empty; the jobs are ``query``, ``update``, ``graph`` and ``ping``."""
    raise NotImplementedError
