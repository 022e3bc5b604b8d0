"""Two things measured in turn (A B A B …), so that a machine that slows down slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def ratios(first: Callable[[], None], second: Callable[[], None], runs: int) -> list[float]:
    """Time two callables in turn; the ratio first/second of each pair, the warm-up not counted."""
    found = []
    for run in range(runs + 1):
        times = []
        for call in (first, second):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        if run:
            found.append(times[0] / times[1])
    return found


def shown(name: str, found: list[float], target: str) -> str:
    """One line of the report."""
    low, middle, high = min(found), statistics.median(found), max(found)
    return f"{name:66} {low:5.2f} – {middle:5.2f} – {high:5.2f}   target {target}"
