"""Curves as SVG, drawn by hand: two panels over one logarithmic axis. Readable on light and on dark pages.

An SVG in a page as an image cannot take the page's colour: it asks for the reader's scheme itself, and greys in between
do for the lines around.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 720, 250
_LEFT, _TOP, _PANEL_WIDTH, _PANEL_HEIGHT, _GAP = 66, 42, 270, 150, 90
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .title { font-weight: 600; fill: #1f2328 }
  .grid { stroke: #8c959f; stroke-opacity: .3 } .band { fill: #8c959f; fill-opacity: .14 }
  .curve { fill: none; stroke: #0969da; stroke-width: 2 } .dot { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .title { fill: #f0f6fc } .curve { stroke: #4493f8 } .dot { fill: #4493f8 }
  }"""


@dataclass(frozen=True)
class Curve:
    """Points (x, y), both above zero. ``flat``: shade what is within so much of the best, as a share."""

    title: str
    points: Sequence[tuple[float, float]]
    flat: float = 0.0


def svg(subject: str, curves: Sequence[Curve]) -> str:
    """The whole file; ``subject`` names the axis that grows, and the picture for those who do not see it."""
    panels = [_panel(curve, subject, _LEFT + at * (_PANEL_WIDTH + _GAP)) for at, curve in enumerate(curves)]
    told = "; ".join(f"{c.title}: " + ", ".join(f"{y:,.3g} at {x:,.0f}" for x, y in c.points) for c in curves)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img">'
    return f"{head}\n<title>{subject}</title><desc>{told}</desc>\n<style>{_STYLE}\n</style>\n{''.join(panels)}</svg>\n"


def _panel(curve: Curve, subject: str, left: float) -> str:
    top = max(y for _, y in curve.points) * 1.15
    right = left + _PANEL_WIDTH
    bottom = _TOP + _PANEL_HEIGHT
    places = [(left + x * _PANEL_WIDTH, bottom - y / top * _PANEL_HEIGHT) for x, (_, y) in _spread(curve.points)]
    parts = [_text(left, 18, curve.title, "title")]
    if curve.flat:
        best = max(y for _, y in curve.points)
        high, low = (bottom - share * best / top * _PANEL_HEIGHT for share in (1.0, curve.flat))
        parts.append(f'<rect class="band" x="{left}" y="{high:.1f}" width="{_PANEL_WIDTH}" height="{low - high:.1f}"/>')
    for mark in _marks(top):
        y = bottom - mark / top * _PANEL_HEIGHT
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(left - 8, y + 4, _short(mark), anchor="end"))
    for (x, _), (at, _) in zip(curve.points, places, strict=True):
        parts.append(_text(at, bottom + 18, _short(x), anchor="middle"))
    parts.append(_text((left + right) / 2, bottom + 38, subject, anchor="middle"))
    parts.append(f'<polyline class="curve" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>')
    parts += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
    return "\n".join(parts) + "\n"


def _spread(points: Sequence[tuple[float, float]]) -> list[tuple[float, tuple[float, float]]]:
    """Each point with where it is between the first and the last, by the logarithm."""
    first, last = math.log(points[0][0]), math.log(points[-1][0])
    return [((math.log(x) - first) / ((last - first) or 1), (x, y)) for x, y in points]


def _marks(top: float) -> list[float]:
    """Three to six round numbers from 0 on."""
    rough = top / 4
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    return [step * at for at in range(int(top / step) + 1)]


def _short(number: float) -> str:
    for size, letter in ((1_000_000, " M"), (1_000, " k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'
