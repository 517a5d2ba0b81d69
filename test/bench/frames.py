"""Frames: 1 M rows × 8 columns of numbers, 64 MB. Goal: ≥ 1 GB/s in, and what comes out is aligned with it.

`map_batches` does not exist yet, so this maps over 20 slices of the frame; beside it, fewer rows as one input each.
"""

from __future__ import annotations

from time import perf_counter

import numpy
import pandas

import farcall

from .promise import Benchmark, Effort, Figures, Goal, Promise

ROWS = {"quick": 100_000, "usual": 1_000_000, "full": 1_000_000}
_BY_ROW = {"quick": 2_000, "usual": 50_000, "full": 1_000_000}
_COLUMNS = "abcdefgh"
_SLICES = 20


def first_column(batch: pandas.DataFrame) -> pandas.Series:
    column: pandas.Series = batch["a"]
    return column


def one_row(a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float) -> float:
    return a


def benchmark(effort: Effort) -> Benchmark:
    app = farcall.App("bench")
    slices, rows = app.function(first_column), app.function(one_row)
    frame = _frame(ROWS[effort])
    few = frame.head(_BY_ROW[effort])
    list(slices.map([frame.head(10)]))
    list(rows.map(few.head(10)))

    def turn() -> Figures:
        began = perf_counter()
        parts = list(slices.map(_sliced(frame)))
        seconds = perf_counter() - began
        assert pandas.concat(parts).equals(frame["a"]), "what comes out is not aligned with what went in"
        began = perf_counter()
        values = list(rows.map(few))
        by_row = len(few) / (perf_counter() - began)
        assert values == few["a"].tolist(), "the rows are wrong"
        return {"frames by slices": frame.size * 8 / 1e9 / seconds, "frames by row": by_row}

    slices_promise = Promise("frames by slices", "GB/s", True, (Goal(1.0),))
    return Benchmark((slices_promise, Promise("frames by row", "rows/s", True)), {"farcall": turn})


def _frame(rows: int) -> pandas.DataFrame:
    numbers = numpy.random.default_rng(20261121).random((rows, len(_COLUMNS)))
    frame: pandas.DataFrame = pandas.DataFrame(numbers, columns=list(_COLUMNS))
    return frame


def _sliced(frame: pandas.DataFrame) -> list[pandas.DataFrame]:
    step = len(frame) // _SLICES
    return [frame.iloc[at : at + step] for at in range(0, len(frame), step)]
