"""Everything the server refuses or fails at, as RFC 9457 problem details.

``type`` is ``https://w3id.org/m816/problem/<name>``; ``detail`` never holds a path of this machine,
a stack trace or more than 200 characters of what was sent.
"""

from __future__ import annotations

import json

TITLES = {
    "bad-request": (400, "The request is not a SPARQL protocol request"),
    "bad-query": (400, "The query cannot be parsed or run"),
    "query-too-complex": (400, "The query is too large or too deeply nested"),
    "bad-parameter": (400, "A parameter is missing or not of its type"),
    "unreadable-record": (400, "The record or graph cannot be read"),
    "unauthorized": (401, "A bearer token is needed"),
    "read-only": (403, "This endpoint is read-only"),
    "federation-disabled": (403, "A query fetches nothing here"),
    "not-found": (404, "There is nothing of that name"),
    "method-not-allowed": (405, "The method is not allowed here"),
    "not-acceptable": (406, "None of the accepted media types can be given"),
    "too-large": (413, "The request body is too large"),
    "url-too-long": (414, "The address is too long"),
    "unsupported-media-type": (415, "The content type is not read here"),
    "query-timeout": (503, "The deadline has passed"),
    "query-memory": (503, "The memory limit was reached"),
    "result-too-large": (503, "The result is larger than the limit"),
    "worker-crashed": (503, "The worker process ended without an answer"),
    "busy": (503, "All workers are busy"),
    "store-unavailable": (503, "The store behind this endpoint did not answer"),
    "internal": (500, "Something went wrong here"),
}
_RETRY = {"query-timeout": 10, "worker-crashed": 1, "busy": 1, "store-unavailable": 5}


class Fault(Exception):
    """A fault of ours in a worker; the arguments are its kind and place, not what was asked."""


class Problem(Exception):
    """One refusal: its name in ``TITLES``, a detail for the reader, further headers."""

    def __init__(self, name: str, detail: str = "", **headers: str) -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail[:400]
        self.status = TITLES[name][0]
        self.headers = {key.replace("_", "-"): value for key, value in headers.items()}
        if name in _RETRY:
            self.headers.setdefault("Retry-After", str(_RETRY[name]))

    def body(self) -> bytes:
        """The problem document."""
        made = {
            "type": f"https://w3id.org/m816/problem/{self.name}",
            "title": TITLES[self.name][1],
            "status": self.status,
        }
        if self.detail:
            made["detail"] = self.detail
        return json.dumps(made, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
