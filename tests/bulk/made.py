"""Findings and rows made up for tests of what is done with them."""

from __future__ import annotations

from typing import Any

from kg.bulk.finished import Codes, Finding, Place, Row


def finding(rule: str, outcome: str, **named: Any) -> Finding:
    said = {"severity": "must", "axis": "coding", "authority": "tabular", "certainty": "A"}
    return Finding(**{"rule": rule, "outcome": outcome, "owner": "coder", **said, **named})


def row(*found: Finding, **named: Any) -> Row:
    said = {"case": "c", "verdict": "query", "input": Place("f"), "codes": Codes(["M81.6"])}
    return Row(**{**said, "findings": list(found), **named})
