"""Counts → rows of a table with a bar each, drawn in SVG, the numbers beside it for every reader.

A bar is as wide as its cell and needs no script; its parts differ in colour and in hatching.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from kg.page import escaped

HATCH = """<svg class="defs" width="0" height="0" aria-hidden="true"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"
 patternTransform="rotate(45)">
<rect width="6" height="6" class="hatch-ground"/><rect width="3" height="6" class="hatch-line"/>
</pattern></defs></svg>"""


class Part(NamedTuple):
    """A part of a bar: its look, a class of the style sheet, and how much it is."""

    look: str
    size: int


class Line(NamedTuple):
    """A line of a chart: its name as HTML, the parts of its bar, and what the other columns say."""

    name: str
    parts: Sequence[Part]
    cells: Sequence[str]


@functools.cache
def style() -> str:
    """What the charts and the rest of the summary add to the style of pages."""
    return Path(__file__).with_name("summary.css").read_text("utf-8")


def section(name: str, *parts: str) -> str:
    """A part of the page under its heading; parts that are empty left out."""
    inner = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{escaped(name)}</h2>\n{inner}\n</section>"


def bar(parts: Iterable[Part], whole: int) -> str:
    """One bar; ``whole`` is what its full width stands for."""
    drawn, at = [], 0.0
    for part in parts:
        width = 100 * part.size / whole if whole else 0.0
        if part.size:
            drawn.append(
                f'<rect class="{part.look}" x="{at:.2f}%" width="{width:.2f}%" height="100%"/>'
            )
        at += width
    return f'<svg class="bar" width="100%" height="14" aria-hidden="true">{"".join(drawn)}</svg>'


def chart(caption: str, heads: Sequence[str], lines: Iterable[Line], whole: int) -> str:
    """A table with a bar a line. ``heads``: of the name and of the columns after the bar."""
    first, *others = (escaped(head) for head in heads)
    columns = "".join(
        f'<th scope="col" role="columnheader" class="number">{head}</th>' for head in others
    )
    rows = "\n".join(_row(line, others, whole) for line in lines)
    name = f'<th scope="col" role="columnheader">{first}</th>'
    return f"""<table class="chart" role="table">
<caption>{escaped(caption)}</caption>
<thead role="rowgroup"><tr role="row">{name}<td role="cell"></td>{columns}</tr></thead>
<tbody role="rowgroup">
{rows}
</tbody>
</table>"""


def _row(line: Line, heads: Sequence[str], whole: int) -> str:
    cells = "".join(
        f'<td role="cell" class="number" data-name="{head}">{cell}</td>'
        for head, cell in zip(heads, line.cells, strict=True)
    )
    name = f'<th scope="row" role="rowheader">{line.name}</th>'
    drawn = f'<td role="cell" class="drawn">{bar(line.parts, whole)}</td>'
    return f'<tr role="row">{name}{drawn}{cells}</tr>'


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells given as HTML, the first of a row its head."""
    shown = [escaped(head) for head in heads]
    columns = "".join(f'<th scope="col" role="columnheader">{head}</th>' for head in shown)
    body = "\n".join(_cells(row, shown[1:]) for row in rows)
    return f"""<table class="listed" role="table">
<caption>{escaped(caption)}</caption>
<thead role="rowgroup"><tr role="row">{columns}</tr></thead>
<tbody role="rowgroup">
{body}
</tbody>
</table>"""


def _cells(row: Sequence[str], heads: Sequence[str]) -> str:
    cells = "".join(
        f'<td role="cell" data-name="{head}">{cell}</td>'
        for head, cell in zip(heads, row[1:], strict=True)
    )
    return f'<tr role="row"><th scope="row" role="rowheader">{row[0]}</th>{cells}</tr>'


def legend(parts: Iterable[tuple[str, str]]) -> str:
    """What the looks of the parts of a bar mean."""
    told = "".join(
        f'<li><svg class="key" width="16" height="12" aria-hidden="true">'
        f'<rect class="{look}" width="100%" height="100%"/></svg> {escaped(word)}</li>'
        for look, word in parts
    )
    return f'<ul class="legend">{told}</ul>'


def share(count: int, whole: int) -> str:
    """A count as a share, never rounded to nothing or to all."""
    if not whole or count in (0, whole):
        return "100%" if whole and count else "0%"
    found = 100 * count / whole
    if found < 0.1:
        return "<0.1%"
    return ">99.9%" if found > 99.9 else f"{found:.1f}%"
