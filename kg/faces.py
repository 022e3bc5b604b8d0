"""Several verdicts in one document of the face asked for: text, JSON, Turtle, HTML, FHIR."""

from __future__ import annotations

import json

from kg import render
from kg.verdict import Verdict


def spoken(verdicts: list[Verdict], everything: bool, colour: bool) -> str:
    """The text of every verdict, a blank line between."""
    return "\n".join(render.text(v, everything=everything, colour=colour) for v in verdicts)


def document(verdicts: list[Verdict], face: str) -> str:
    """All verdicts as one document: ``json`` (one array), ``turtle``, ``html`` or ``fhir``."""
    if face == "json":
        return json.dumps([v.json() for v in verdicts], indent=2, ensure_ascii=False) + "\n"
    if face == "fhir":
        made = [render.operation_outcome(v) for v in verdicts]
        shown = made[0] if len(made) == 1 else made
        return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"
    if face == "turtle":
        return "\n".join(render.report(v) for v in verdicts)
    from kg.page import page

    return page(verdicts)
