"""How far a run is, with rate and time left: a moving line on a terminal, else a line at times."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_MOVING, _PLAIN = 0.2, 15.0


class Progress:
    """Says so on the error stream; ``of`` is the whole of a phase, in any unit."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._phase, self._unit, self._of = "", "", 0
        self._done = self._before = 0
        self._began = self._said = time.monotonic()

    def phase(self, name: str, unit: str, of: int, done: int = 0) -> None:
        """Begin a phase, of which some may have been done before."""
        self._phase, self._unit, self._of = name, unit, of
        self._done = self._before = done
        self._began = self._said = time.monotonic()

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        now = time.monotonic()
        if now - self._said >= (_MOVING if self._terminal else _PLAIN):
            self._said = now
            self._say(self.line(now - self._began))

    def line(self, seconds: float) -> str:
        """The line as it stands after so many seconds."""
        share = f"{self._done / self._of:.0%}" if self._of else "100%"
        fresh = self._done - self._before
        rate = fresh / seconds if seconds > 0 else 0.0
        left = f", {_span((self._of - self._done) / rate)} left" if rate else ""
        counted = f"{self._done:,} of {self._of:,} {self._unit}"
        return f"{self._phase}: {counted} ({share}), {rate:,.0f}/s{left}"

    def end(self) -> None:
        """The phase is over: say its last figures."""
        self._say(self.line(time.monotonic() - self._began))
        if self._terminal:
            self._stream.write("\n")
            self._stream.flush()

    def _say(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        self._stream.flush()


def _span(seconds: float) -> str:
    """A time span as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
