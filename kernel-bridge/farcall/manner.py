"""How a function takes its inputs: one after the other, several at once, or in batches. Said by concurrency.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """All 0: one after the other."""

    max_concurrent: int = 0
    #: 0: as `max_concurrent`.
    target_concurrent: int = 0
    max_batch: int = 0
    wait_ms: int = 0

    def __bool__(self) -> bool:
        return self.max_concurrent > 0 or self.max_batch > 0


#: One after the other.
PLAIN = Manner()
