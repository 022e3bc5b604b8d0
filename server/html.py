"""Templates → HTML pages under a content security policy that lets nothing in from elsewhere."""

from __future__ import annotations

from flask import Response, render_template

from server.responses import SAFE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def page(template: str, *, policy: str = POLICY, status: int = 200, **values: object) -> Response:
    """Render a template; Jinja escapes every value."""
    headers = {
        **SAFE,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Cache-Control": "no-cache",
        "Vary": "Accept, Accept-Encoding",
    }
    return Response(render_template(template, **values), status=status, headers=headers)
