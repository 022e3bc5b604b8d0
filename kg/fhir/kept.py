"""What was made of small things, kept for when they come again: a bounded number of results."""

from __future__ import annotations

from typing import TypeVar

_MOST, _LARGEST = 4096, 1000

Key = TypeVar("Key")
Made = TypeVar("Made")


class Kept(dict[Key, Made]):
    """Results by what they were made of; begins anew when full, and keeps nothing of the large."""

    def keep(self, key: Key, made: Made, size: int) -> None:
        """Keep the result made of something of that size."""
        if size > _LARGEST:
            return
        if len(self) >= _MOST:
            self.clear()
        self[key] = made
