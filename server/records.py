"""Records over HTTP: POST /check judges a record, POST /validate a derived case graph."""

from __future__ import annotations

from flask import Blueprint

routes = Blueprint("records", __name__)
