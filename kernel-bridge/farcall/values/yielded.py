"""What is stored for a generator whose values went to a reader: how many, and those that may not have arrived.

The container makes it the input's outcome (or puts the same two facts into its Failure), so a reader that lost its
connection near the end finds there what it has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Yielded:
    """``tail``: the pickles of the last values, from the first one that the reader had not taken."""

    count: int
    tail: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        return f"<{self.count:,} value{'' if self.count == 1 else 's'}, yielded to whoever read them>"

    def after(self, received: int) -> tuple[bytes, ...]:
        """The pickles of the values that a reader of the first ``received`` has not seen."""
        return self.tail[max(0, received - (self.count - len(self.tail))) :]
