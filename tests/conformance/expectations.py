"""``expected_failures.toml``: the tests we do not pass, each with its reason."""

from __future__ import annotations

import tomllib
from pathlib import Path

_FILE = Path(__file__).with_name("expected_failures.toml")


def reasons(suite: str) -> dict[str, str]:
    """Which tests of a suite fail, and why."""
    found: dict[str, str] = tomllib.loads(_FILE.read_text(encoding="utf-8"))[suite]
    assert all(found.values())
    return found
