"""Whether one build is slower than another, from pairs of figures taken in turns. Pure: no clock, no process.

A noisy machine moves both figures of a pair alike, so what counts is the ratio within a pair: its median has to be over
the threshold, and so many pairs have to agree that chance alone would seldom do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

#: A build is called slower from here on.
THRESHOLD = 1.10
#: How seldom equal builds may be told apart by the number of agreeing pairs.
_CHANCE = 0.02


@dataclass(frozen=True)
class Comparison:
    """Costs (a time, or one over a rate) of ``before`` and ``after``, pair by pair."""

    before: Sequence[float]
    after: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        return [late / early for early, late in zip(self.before, self.after, strict=True)]

    @property
    def is_slower(self) -> bool:
        agreeing = sum(ratio > 1 for ratio in self.ratios)
        return median(self.ratios) >= THRESHOLD and agreeing >= needed(len(self.ratios))

    def words(self) -> str:
        ratios = sorted(self.ratios)
        said = "SLOWER" if self.is_slower else "no slower"
        spread = f"{ratios[0]:.2f}–{ratios[-1]:.2f}"
        return f"{said}: × {median(ratios):.2f} ({spread}), {sum(r > 1 for r in ratios)} of {len(ratios)} pairs slower"


def needed(pairs: int) -> int:
    """How many of ``pairs`` have to agree; more than there are, when so few pairs can never tell."""
    for agreeing in range(pairs + 1):
        chance = sum(comb(pairs, at) for at in range(agreeing, pairs + 1)) / 2**pairs
        if chance <= _CHANCE:
            return agreeing
    return pairs + 1
