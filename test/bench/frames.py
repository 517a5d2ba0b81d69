"""Frames: `map_batches` over 1 M rows × 8 columns of numbers, 64 MB, a column of them back. Goal: ≥ 1 GB/s in, and what
comes out is aligned with it. Beside it, fewer rows as one input each.
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
_BATCH_ROWS = 50_000


def first_column(batch: pandas.DataFrame) -> pandas.Series:
    column: pandas.Series = batch["a"]
    return column


def one_row(a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float) -> float:
    return a


def benchmark(effort: Effort) -> Benchmark:
    app = farcall.App("bench")
    batches, rows = app.function(first_column), app.function(one_row)
    frame = _frame(ROWS[effort])
    few = frame.head(_BY_ROW[effort])
    list(batches.map_batches(frame.head(10), batch_size=5))
    list(rows.map(few.head(10)))

    def turn() -> Figures:
        began = perf_counter()
        parts = list(batches.map_batches(frame, batch_size=_BATCH_ROWS))
        seconds = perf_counter() - began
        assert pandas.concat(parts).equals(frame["a"]), "what comes out is not aligned with what went in"
        began = perf_counter()
        values = list(rows.map(few))
        by_row = len(few) / (perf_counter() - began)
        assert values == few["a"].tolist(), "the rows are wrong"
        return {"frames": frame.size * 8 / 1e9 / seconds, "frames by row": by_row}

    whole = Promise("frames", "GB/s", True, (Goal(1.0),))
    return Benchmark((whole, Promise("frames by row", "rows/s", True)), {"farcall": turn})


def _frame(rows: int) -> pandas.DataFrame:
    numbers = numpy.random.default_rng(20261121).random((rows, len(_COLUMNS)))
    frame: pandas.DataFrame = pandas.DataFrame(numbers, columns=list(_COLUMNS))
    return frame
