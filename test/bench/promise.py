"""What a benchmark is made of: promises with goals, contenders that take turns, and the figures they gave.

Every file of this folder that measures has a ``benchmark(effort)``. Nothing here measures, prints or starts anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Literal

#: quick: does it work at all; usual: the figures people read; full: the design's own sizes, minutes each.
Effort = Literal["quick", "usual", "full"]
#: A promise's name → the figure of one turn.
Figures = Mapping[str, float]
Measure = Callable[[], Figures]

OURS = "farcall"


@dataclass(frozen=True)
class Goal:
    """A figure of at least, or at most, ``bound``; with ``of``: that many times this contender's figure."""

    bound: float
    of: str = ""

    def words(self, promise: Promise) -> str:
        sign = "≥" if promise.more else "≤"
        return f"{sign} {self.bound:,g} × {self.of}" if self.of else f"{sign} {self.bound:,g} {promise.unit}"

    def is_met(self, promise: Promise, figures: Mapping[str, float]) -> bool | None:
        """None where that contender was not there."""
        if self.of and self.of not in figures:
            return None
        bound = self.bound * figures[self.of] if self.of else self.bound
        return figures[OURS] >= bound if promise.more else figures[OURS] <= bound


@dataclass(frozen=True)
class Promise:
    """One line of the table."""

    name: str
    unit: str
    #: Whether more is better (a rate) or less (a time).
    more: bool
    goals: tuple[Goal, ...] = ()

    def verdict(self, figures: Mapping[str, float]) -> str:
        """met, short, or in words what is missing to tell."""
        if OURS not in figures:
            return "not measured"
        answers = [goal.is_met(self, figures) for goal in self.goals]
        if False in answers:
            return "short"
        absent = sorted({goal.of for goal, answer in zip(self.goals, answers, strict=True) if answer is None})
        return f"open: no {', '.join(absent)}" if absent else "met" if answers else "–"


@dataclass(frozen=True)
class Benchmark:
    """Promises that are measured together. ``contenders``: name → one turn; `OURS` is ours."""

    promises: tuple[Promise, ...]
    contenders: dict[str, Measure]
    close: Callable[[], None] = lambda: None
    #: Turns of each contender, where they are fewer than the run's: what takes minutes is not taken five times.
    most_rounds: int = 1_000


def take_turns(benchmark: Benchmark, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Promise → contender → its figures. Each round begins with another contender, so none is always the first."""
    kept: dict[str, dict[str, list[float]]] = {promise.name: {} for promise in benchmark.promises}
    names = list(benchmark.contenders)
    for turn in range(min(rounds, benchmark.most_rounds)):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            for promise, figure in benchmark.contenders[name]().items():
                kept[promise].setdefault(name, []).append(figure)
    return kept


def medians(figures: Mapping[str, list[float]]) -> dict[str, float]:
    """Contender → median, ours first."""
    return {name: median(figures[name]) for name in sorted(figures, key=lambda name: (name != OURS, name))}
