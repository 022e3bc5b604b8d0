"""The server as people start it: ``m816 serve`` in a process of its own, on a free port."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def started(*options: str) -> Iterator[str]:
    """The address it says it answers at, without the last slash; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kg", "serve", "--port=0", "--workers=1", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"answers at (\S+?)/?$", line):
                yield found[1]
                return
        raise AssertionError(f"it ended with {process.wait()} and said: {said}")
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
