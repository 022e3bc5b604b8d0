"""``python -m bench.static_reply PORT``: a Flask view of one constant, on the same WSGI server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from flask import Flask, Response

from server.options import Options
from server.start import wsgi_server

BODY = b'{"head":{"vars":["x"]},"results":{"bindings":[]}}' * 40


def application() -> Callable[..., Any]:
    """Flask alone; its body in one piece, as ours, so that the WSGI server costs the same."""
    app = Flask(__name__)

    @app.get("/sparql")
    def reply() -> Response:
        return Response(BODY, content_type="application/sparql-results+json")

    def whole(environ: dict[str, Any], start: Any) -> list[bytes]:
        return [b"".join(app(environ, start))]

    return whole


if __name__ == "__main__":
    wsgi_server("127.0.0.1", int(sys.argv[1]), Options()).serve(
        target_loader=application, wrap_loader=False
    )
