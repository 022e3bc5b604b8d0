"""Pages for people: the query page, the check page, the map of the knowledge."""

from __future__ import annotations

from flask import Blueprint

routes = Blueprint("pages", __name__)
