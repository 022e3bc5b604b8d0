"""What operators ask: /healthz, /readyz, /metrics, /openapi.json."""

from __future__ import annotations

from flask import Blueprint

routes = Blueprint("operations", __name__)
