"""Names of things → what is known of them: /id/X redirects to /doc/X as HTML, Turtle or JSON-LD."""

from __future__ import annotations

from flask import Blueprint

routes = Blueprint("linked", __name__)
