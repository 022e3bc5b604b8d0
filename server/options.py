"""What the command line says; importing it imports no web framework, so that a start is quick."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.pool import Pool
from server.worker import Settings

BODIES = 32  # that may be under way at once; who sends slowly holds up other senders only
_SPARE = 16  # threads for what waits for no worker and no body: pages, /healthz


@dataclass(frozen=True)
class Options:
    """``deadline`` in seconds, ``memory`` and ``result`` in bytes; each pool has ``workers``."""

    base: str = "http://127.0.0.1:8160"
    workers: int = 2
    deadline: float = 10.0
    memory: int = 1 << 30
    result: int = 50_000_000
    engine: str = "oxigraph"
    store: str = field(default="", repr=False)  # may hold a password
    scratch: bool = False
    token: str = field(default="", repr=False)

    @property
    def backlog(self) -> int:
        """How many requests may wait for a worker of a pool."""
        return max(16, 2 * self.workers)

    @property
    def threads(self) -> int:
        """So many that some are free when both pools and all senders of bodies keep theirs."""
        return 2 * (self.workers + self.backlog) + BODIES + _SPARE

    def pool(self, role: str) -> Pool:
        """A new pool of workers of that role."""
        settings = Settings(role, self.engine, self.memory, self.result)
        return Pool(settings, self.workers, self.deadline, self.backlog)

    def queries(self) -> Pool | None:
        """A new pool for queries; None if another endpoint answers them."""
        return None if self.store else self.pool("scratch" if self.scratch else "query")
