"""Small replies, kept for whoever asks the same again while the data are the same.

What was asked is not kept, only a digest of it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from server.responses import Reply

REPLIES, BYTES = 256, 65_536  # how many, and of each at most, so 16 MiB in all


class Kept:
    """The replies asked for last, each with the digest of its query."""

    def __init__(self) -> None:
        self._replies: OrderedDict[str, tuple[Reply, str]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> tuple[Reply, str] | None:
        """The reply to what the key stands for, if it is there."""
        with self._lock:
            if key in self._replies:
                self._replies.move_to_end(key)
            return self._replies.get(key)

    def put(self, key: str, reply: Reply, digest: str) -> None:
        """Keep a reply, if it is small and has an entity tag: the same will be answered again."""
        if len(reply.body) > BYTES or reply.status != 200 or "ETag" not in reply.headers:
            return
        with self._lock:
            self._replies[key] = reply, digest
            if len(self._replies) > REPLIES:
                self._replies.popitem(last=False)
