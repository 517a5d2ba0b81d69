"""A curve's file is well-formed, says its figures to those who do not see it, and asks for the reader's colours."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from test.bench.plot import Curve, svg

SVG = "{http://www.w3.org/2000/svg}"
RATES = Curve("inputs a second", [(1_000, 20_000), (10_000, 90_000), (1_000_000, 100_000)], flat=0.8)


def test_every_point_has_a_dot_and_a_place_on_the_axis_by_its_logarithm() -> None:
    drawn = ElementTree.fromstring(svg("inputs", [RATES]))
    at = [float(dot.get("cx", "")) for dot in drawn.iter(f"{SVG}circle")]
    assert len(at) == 3
    assert (at[1] - at[0]) * 2 == pytest.approx(at[2] - at[1], abs=0.2), "ten times, then a hundred times"


def test_the_figures_are_told_in_words_too() -> None:
    drawn = ElementTree.fromstring(svg("inputs", [RATES]))
    assert drawn.findtext(f"{SVG}title") == "inputs"
    assert "9e+04 at 10,000" in (drawn.findtext(f"{SVG}desc") or "")


def test_it_has_colours_for_dark_pages() -> None:
    assert "prefers-color-scheme: dark" in svg("inputs", [RATES])


def test_a_single_point_is_drawn_as_well() -> None:
    assert svg("clients", [Curve("ms", [(1, 2.5)])]).count("<circle") == 1
