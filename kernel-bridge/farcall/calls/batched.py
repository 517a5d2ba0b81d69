"""A frame as inputs of so many rows each: the source of `map_batches`, which knows which rows each input has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from ..errors import InvalidError, compose
from ..frames import batches as frames
from ..options import check_count
from .source import Source
from .zipped import Arguments


class BatchSource(Source):
    """The parts of ``whole``, in its order. Read again, it gives the same."""

    def __init__(self, rows: Any, size: int) -> None:
        self.rows = rows
        self.spans = [range(at, min(at + size, len(rows))) for at in range(0, len(rows), size)]
        super().__init__(self._parts, count=len(self.spans), is_sized=True)

    def _parts(self) -> Iterator[Arguments]:
        for span in self.spans:
            yield (frames.part(self.rows, span),), {}


def batches_of(name: str, rows: Any, size: int | Literal["auto"], *, is_generator: bool) -> BatchSource:
    """The inputs of ``f.map_batches(rows, size)``. Raises ``InvalidError``."""
    if is_generator:
        happened = (
            f"{name} is a generator function, and the rows that map_batches returns lie beside those it was given"
        )
        raise InvalidError(compose(happened, do=f"Return each part whole, or use {name}.map(…)"))
    if not frames.has_rows(rows):
        takes = "a pandas, Polars or PyArrow table, a Series, an array"
        raise InvalidError(compose(f"{name}.map_batches needs rows", got=type(rows).__name__, takes=takes))
    if size == "auto":
        return BatchSource(rows, frames.rows_a_batch(rows))
    check_count("batch_size", size, low=1, high=2**31, takes='how many rows an input has, 1 or more, or "auto"')
    return BatchSource(rows, size)
