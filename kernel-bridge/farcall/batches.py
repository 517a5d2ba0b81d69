"""`BatchResults`: what `map_batches` gives. One input is one part of the frame; rows come together again here."""

from __future__ import annotations

from typing import Any, cast

from .calls.batched import BatchSource, batches_of
from .frames import batches as frames
from .results import Results

__all__ = ["BatchResults", "batches_of"]


class BatchResults(Results):
    """The results of :meth:`~farcall.Function.map_batches`: :class:`Results` whose inputs are parts of a frame.

    Iterating, indexing, counting and retrying go by part; ``to_frame``, ``join`` and ``peek`` by row: what was returned
    as one frame, row by row beside the input, with its index. Rows of parts that failed are missing values; arrays,
    lists and Series are one column named after the function. A part that came back with another number of rows is
    ``InvalidError``.
    """

    @property
    def spans(self) -> list[range]:
        """The rows of each input."""
        return self._batched.spans

    def _frame(self, values: dict[int, Any], count: int) -> Any:
        return frames.assembled(values, self.spans, self._batched.rows, name=self.name)

    @property
    def _batched(self) -> BatchSource:
        return cast(BatchSource, self._source)
