"""Counts of what a running server does, for Prometheus; no label repeats what a client sent."""

from __future__ import annotations

import functools
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from server.problems import Problem
from server.worker import Job

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one application; two applications in a process share none."""

    def __init__(self, workers: int) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "m816_requests", "Requests.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "m816_request_seconds",
            "Seconds from a request to its whole response.",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._jobs = Counter(
            "m816_jobs",
            "Jobs of the workers, by how they ended: ok, or the name of the problem.",
            ["pool", "outcome"],
            registry=registry,
        )
        self._waiting = Gauge(
            "m816_jobs_waiting", "Jobs in line or under way.", ["pool"], registry=registry
        )
        self._verdicts = Counter(
            "m816_verdicts", "Verdicts on records.", ["verdict"], registry=registry
        )
        size = Gauge("m816_workers", "Worker processes at most.", ["pool"], registry=registry)
        for pool in ("query", "case"):
            size.labels(pool).set(workers)
            self._jobs.labels(pool, "ok")

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        count, times = self._of(method, route, status)
        count.inc()
        times.observe(seconds)

    @functools.lru_cache(maxsize=1_024)  # noqa: B019 - there is one a server, for its life
    def _of(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        return self._requests.labels(method, route, status), self._seconds.labels(route)

    def counted(self, pool: str, run: Callable[[Job], bytes], job: Job) -> bytes:
        """Run a job and count how it ended."""
        waiting, ended = self._pool(pool)
        waiting.inc()
        try:
            answer = run(job)
        except Problem as problem:
            self._jobs.labels(pool, problem.name).inc()
            raise
        finally:
            waiting.dec()
        ended.inc()
        return answer

    @functools.lru_cache(maxsize=8)  # noqa: B019 - as above
    def _pool(self, pool: str) -> tuple[Gauge, Counter]:
        return self._waiting.labels(pool), self._jobs.labels(pool, "ok")

    def verdicts(self, words: list[str]) -> None:
        """Count the verdicts on a record, one word a case."""
        for word in words:
            self._verdicts.labels(word).inc()

    def text(self) -> bytes:
        """All of it in the text format of Prometheus."""
        return generate_latest(self._registry)
