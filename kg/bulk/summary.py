"""The counts of a run → one page to look at: what came of the cases, and what to look into.

One file without script that fetches nothing, which its own policy enforces. Names of rules, axes,
feeds and facts are those of the knowledge. Nothing of a record is in it but the case ids of those
that could not be judged.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from hashlib import sha256

from kg.bulk import charts
from kg.bulk.charts import section, table
from kg.bulk.finished import Finished, Row
from kg.bulk.summary_rules import axes, of_axis, open_facts, silent, verdicts
from kg.bulk.tally import SHOWN, Tally
from kg.decide import AXES
from kg.knowledge import Knowledge
from kg.page import escaped, mark
from kg.page import style as page_style

_LINES = {
    "resource": "lines of a patient",
    "record": "records of their own",
    "outside": "records that are out of scope by their bytes",
    "graph": "statements of case graphs",
    "shared": "lines that no single patient owns",
    "unread": "lines of types that no rule reads, or not about a patient",
    "blank": "empty lines",
    "bad": "lines that cannot be read",
}
_ERRORS = {
    "unreadable": "cannot be read",
    "unusable": "can be read, and is no record to judge",
    "could-not-be-judged": "judging it passed a limit or ended the process",
}


def page(finished: Finished, tally: Tally, asked: int, knowledge: Knowledge) -> str:
    """The page. ``asked``: how many lines the worklist has."""
    found = f"{page_style()}{charts.style()}"
    allowed = f"'sha256-{b64encode(sha256(found.encode()).digest()).decode()}'"
    policy = f"default-src 'none'; style-src {allowed}; base-uri 'none'; form-action 'none'"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>M81.6: {finished.totals.records:,} records read</title>
<style>{found}</style>
</head>
<body>
{charts.HATCH}
{_head(finished, tally, asked)}
<main>
{_sections(finished, tally, knowledge)}
</main>
<footer>
<p>A check of codes and documentation against cited sources. It recommends no treatment.</p>
</footer>
</body>
</html>
"""


def _sections(finished: Finished, tally: Tally, knowledge: Knowledge) -> str:
    made = (
        verdicts(tally),
        axes(tally, knowledge),
        *(of_axis(axis, tally, knowledge) for axis in AXES),
        open_facts(tally, knowledge),
        silent(tally, knowledge),
        _unjudged(tally),
        _accounts(finished, tally.again),
        _facts(finished, tally),
    )
    return "\n".join(filter(None, made))


def _head(finished: Finished, tally: Tally, asked: int) -> str:
    totals, errors = finished.totals, tally.errors.total()
    sound = totals.accounted and totals.rows == tally.verdicts.total() + errors
    agrees = mark(*(("in = out", ("good", "✓")) if sound else ("in ≠ out", ("bad", "✗"))))
    if totals.missing:
        agrees += " " + mark(f"{len(totals.missing):,} missing", ("bad", "✗"))
    if totals.differing:
        agrees += " " + mark(f"{len(totals.differing):,} differ in the audit", ("bad", "✗"))
    lines = totals.lines.get("lines", 0)
    counted = f"{lines:,} lines read, {totals.records:,} records, {totals.rows:,} rows written"
    tiles = (
        (f"{totals.records:,}", "records", ""),
        (f"{tally.verdicts.total():,}", "cases judged", ""),
        (f"{tally.in_scope:,}", "of them in scope", ""),
        (f"{asked:,}", "lines in the worklist", ""),
        (f"{errors:,}", "not judged", "bad" if errors else ""),
    )
    shown = "\n".join(
        f'<div class="{"alarm " if tone else ""}{tone}"><dt>{name}</dt><dd>{count}</dd></div>'
        for count, name, tone in tiles
    )
    return f"""<header>
<h1>ICD-10-CM M81.6, localized osteoporosis: {totals.records:,} records read</h1>
<p>{agrees} {counted}</p>
<dl class="tiles">
{shown}
</dl>
</header>"""


def _unjudged(tally: Tally) -> str:
    """What could not be judged, by kind, and the first of it with file and line."""
    if not tally.errors:
        return section("Not judged", "<p>Everything could be read and judged.</p>")
    kinds = [
        (escaped(kind), escaped(_ERRORS.get(kind, "")), f"{count:,}")
        for kind, count in sorted(tally.errors.items())
    ]
    counted = table("Rows without a verdict", ("Kind", "Meaning", "Rows"), kinds)
    rows = [_unjudged_row(row) for row in tally.unjudged]
    first = f"The first {SHOWN}" if tally.errors.total() > SHOWN else "All of them"
    listed = table(first, ("Where", "Case", "Kind", "What is wrong"), rows)
    return section("Not judged", counted, listed)


def _unjudged_row(row: Row) -> tuple[str, ...]:
    place = row.input.file + (f", line {row.input.line}" if row.input.line else "")
    return escaped(place), escaped(row.case or "–"), escaped(row.error), escaped(row.what)


def _accounts(finished: Finished, again: int) -> str:
    """What came in and what went out."""
    totals = finished.totals
    rows = [
        (escaped(meaning), f"{totals.lines[what]:,}")
        for what, meaning in _LINES.items()
        if totals.lines.get(what)
    ]
    rows.append(("all that was read", f"{totals.lines.get('lines', 0):,}"))
    came = table("What came in", ("Read", "Count"), rows)
    out = [
        ("records", f"{totals.records:,}"),
        ("rows of verdicts and errors", f"{totals.rows:,}"),
        ("lines that stand there more than once, counted once", f"{totals.repeated:,}"),
        ("lines left out by a limit", f"{totals.skipped:,}"),
        ("files of no kind that is read", f"{totals.ignored:,}"),
        ("cases in scope with the id of another one, each judged by itself", f"{again:,}"),
        ("records judged again by the reference engine", f"{totals.audited:,}"),
        ("of those, judged otherwise", f"{len(totals.differing):,}"),
    ]
    missing = "".join(f"<li>{escaped(text)}</li>" for text in totals.missing)
    shown = f'<p>Missing:</p><ul class="notes">{missing}</ul>' if missing else ""
    return section("Accounts", came, table("What went out", ("Written", "Count"), out), shown)


def _facts(finished: Finished, tally: Tally) -> str:
    """What was judged, by what."""
    manifest = finished.manifest
    options = {name: said for name, said in manifest.options.items() if name != "named"}
    named = [f"{name} {iri}" for name, iri in manifest.options.get("named", ()) if iri]
    told = {
        "Input": f"{manifest.input['files']:,} files, {manifest.input['bytes']:,} bytes",
        "Hash of names, sizes and times": str(manifest.input["sha256"]),
        "m816": manifest.rules["version"],
        "Rules hash": manifest.rules["sha256"],
        "Code release": _names(tally.releases),
        "Feed profile": _names(tally.feeds),
        "Payer": _names(tally.payers),
        "Engine": _names(tally.engines),
        "Options": ", ".join([*(f"{n} {said}" for n, said in options.items() if said), *named]),
        "Run": finished.run,
    }
    pairs = "\n".join(
        f"<dt>{name}</dt><dd>{escaped(value or 'none')}</dd>" for name, value in told.items()
    )
    return section("The run", f'<dl class="facts">\n{pairs}\n</dl>')


def _names(counts: Counter[str]) -> str:
    """Names with how many cases each holds for, if there are several."""
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(
        f"{name or 'none'} ({count:,} cases)" for name, count in sorted(counts.items())
    )
