"""Named queries over HTTP: listed at /queries, run at /queries/<id> with typed parameters."""

from __future__ import annotations

from flask import Blueprint

routes = Blueprint("named", __name__)
