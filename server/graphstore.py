"""The Graph Store HTTP Protocol at /store, with --scratch only."""

from __future__ import annotations

from flask import Blueprint

routes = Blueprint("graphstore", __name__)
