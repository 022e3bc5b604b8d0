"""The JSON Schema of a verdict, shipped beside this module, and the check against it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator


@functools.cache
def verdict_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one verdict."""
    text = Path(__file__).with_name("verdict.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def faults(verdict: object) -> list[str]:
    """Where a verdict's JSON departs from the schema, each with its place; empty if it conforms."""
    found = Draft202012Validator(verdict_schema()).iter_errors(verdict)
    return sorted(f"{error.json_path}: {error.message}" for error in found)
