"""The curves of the growth benchmark, kept until the report draws them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .plot import Curve, svg

#: A rate within this share of the best counts as flat.
FLAT = 0.8
_kept: dict[str, tuple[str, tuple[Curve, Curve]]] = {}


def keep(subject: str, axis: str, points: Sequence[tuple[float, float, float]]) -> None:
    """Points of (how many, inputs/s, ms)."""
    rates = Curve("inputs a second (shaded: within 20 %)", [(at, rate) for at, rate, _ in points], FLAT)
    times = Curve("warm remote(), median, ms", [(at, milliseconds) for at, _, milliseconds in points])
    _kept[subject] = axis, (rates, times)


def write(folder: Path) -> None:
    """Draw what was kept in this run; earlier drawings stay."""
    for subject, (axis, drawn) in _kept.items():
        (folder / f"growth-{subject}.svg").write_text(svg(axis, drawn))
