"""What lies around the code at the centre of the graph → one picture, drawn here as SVG.

Boxes in columns, each a link to its page, joined by curves; the same picture each time. Lengths are
pixels of a picture made for a screen 1280 wide. The lists below the picture say the same in words.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field

from flask import Blueprint, Response

from kg.knowledge import default
from kg.surroundings import Surroundings, Way, surroundings
from kg.telling import Shown
from server.linked import teller, told_page

routes = Blueprint("chart", __name__)
_LINE, _INSIDE, _GAP, _HEAD = 15, 5, 5, 28  # a text line; a box's padding; between boxes; a heading
_LETTER = 6.8  # as wide as the widest of the usual fonts draws one at this size
_LEFT, _CODES, _CENTRE, _OWED, _RULES = (0, 242), (274, 196), (500, 116), (654, 240), (918, 264)
_REST = ((0, 298), (312, 298))  # the columns at the lower left
_WIDTH = 1182
_APART = "Rules without an obligation of their own"


@dataclass
class Box:
    """A name in the picture: what to show of it, what it is, where it stands."""

    shown: Shown
    kind: str
    x: float
    y: float
    width: float
    lines: list[str]

    @property
    def height(self) -> float:
        """As high as its lines of text."""
        return len(self.lines) * _LINE + 2 * _INSIDE


@dataclass
class Picture:
    """What it is of; the boxes by IRI, headings with their places, curves, and how high it is."""

    around: Surroundings
    boxes: dict[str, Box] = field(default_factory=dict)
    heads: list[tuple[str, float, float]] = field(default_factory=list)
    curves: list[tuple[str, Way]] = field(default_factory=list)
    width: float = _WIDTH
    height: float = 0
    panel: tuple[float, float] = (0, 0)  # from where to where the codes go; no curve shows there

    def put(self, iri: str, kind: str, column: tuple[int, int], y: float) -> float:
        """Place a box; the answer is where the next one may begin."""
        shown, (x, width) = teller().link(iri), column
        lines = textwrap.wrap(shown["words"], int((width - 22) / _LETTER), break_long_words=False)
        self.boxes[iri] = Box(shown, kind, x, y, width, lines)
        return y + self.boxes[iri].height + _GAP

    def stack(
        self, head: str, names: Iterable[str], kind: str, column: tuple[int, int], y: float = 0
    ) -> float:
        """Place a heading and the boxes below it; the answer is where the next one may begin."""
        self.heads.append((head, column[0], y + _HEAD - 12))
        y += _HEAD
        for iri in names:
            y = self.put(iri, kind, column, y)
        return y

    def duties(self) -> float:
        """Obligations by axis, the rules of each beside it; the answer is how far down they go."""
        know, around, y, axis = default(), self.around, 0.0, ""
        of = {way.end: way.start for way in reversed(around.ways) if way.kind == "rule"}
        for duty in around.obligations:
            if axis != (axis := know.text(duty, "axis")):
                y = self.stack(f"Owed: {know.label(axis)}", (), "", _OWED, y)
            first = y
            for rule in (rule for rule in around.rules if of.get(rule) == duty):
                y = self.put(rule, "rule", _RULES, y)
            low = self.put(duty, "duty", _OWED, first)
            self.boxes[duty].y += max(0, (y - low) / 2)
            y = max(y, low) + 3
        return y

    def curve(self, way: Way) -> str:
        """A line from one box to the facing side of another: sideways, or else down or up."""
        start, end = self.boxes[way.start], self.boxes[way.end]
        if start.x + start.width < end.x or end.x + end.width < start.x:
            ahead = start.x < end.x
            x1, x2 = (start.x + start.width, end.x) if ahead else (start.x, end.x + end.width)
            y1, y2 = start.y + start.height / 2, end.y + end.height / 2
            half = (x2 - x1) / 2
            return f"M{x1:g} {y1:g}C{x1 + half:g} {y1:g} {x2 - half:g} {y2:g} {x2:g} {y2:g}"
        x1, x2 = start.x + start.width / 2, end.x + end.width / 2
        y1, y2 = (
            (start.y, end.y + end.height) if start.y > end.y else (start.y + start.height, end.y)
        )
        half = (y2 - y1) / 2
        return f"M{x1:g} {y1:g}C{x1:g} {y1 + half:g} {x2:g} {y2 - half:g} {x2:g} {y2:g}"


@functools.cache
def picture() -> Picture:
    """The picture of what this installation knows."""
    around = surroundings(default())
    made = Picture(around)
    right = made.duties()
    left = made.stack("Said to cause it", around.causes, "cause", _LEFT)
    left = made.stack("To be told apart from it", around.apart, "apart", _LEFT, left + 8)
    head = "Said to cause other osteoporosis"
    left = made.stack(head, around.other_causes, "cause", _LEFT, left + 8)
    top = (left - Picture(around).stack("", around.codes, "neighbour", _CODES)) / 2
    made.panel = top, made.stack("Codes around it", around.codes, "neighbour", _CODES, top)
    made.put(around.centre, "centre", _CENTRE, left / 2 - 30)
    rest = [rule for rule in around.rules if rule not in made.boxes]
    half = -(-len(rest) // 2)
    low = made.stack(_APART, rest[:half], "rule", _REST[0], left + 20)
    lower = made.stack("", rest[half:], "rule", _REST[1], left + 20)
    made.height = max(low, lower, right)
    made.curves = [(made.curve(way), way) for way in around.ways]
    return made


@routes.get("/map")
def knowledge_map() -> Response:
    """The picture, and the same as lists."""
    return told_page("map.html", "map", _told)


def _told() -> Shown:
    out: dict[str, list[Way]] = {}
    for _, way in picture().curves:
        out.setdefault(way.start, []).append(way)
    return {"picture": picture(), "out": out}
