"""Outcomes on their way: the batch being filled, and the journal of batches that the gateway has not acknowledged."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..wire.blobs import Buffer
from ..wire.codes import IN_BLOB
from ..wire.messages import FailureSummary, OutcomesPut
from .lease import Lease
from .streams import Span

#: Bytes above which a batch is sent: a frame holds at most 1 MiB.
FULL_BYTES = 512 * 1024
#: What a failure's summary counts, whatever its length: it may be that long.
_SUMMARY_BYTES = 8 * 1024
#: Unacknowledged bytes above which a container waits before it runs on.
JOURNAL_BYTES = 64 * 1024 * 1024


class Batch:
    """Outcomes of one lease, in the order they came about."""

    def __init__(self) -> None:
        self.size = 0
        self._clear()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, index: int, status: int, seconds: float, payload: Buffer) -> None:
        """An outcome whose payload travels along."""
        self._rows.append((index, status, seconds, payload))
        self.size += len(payload)

    def add_blob(self, index: int, status: int, seconds: float, blob: str) -> None:
        """An outcome whose payload is a blob."""
        self._rows.append((index, status, seconds, None))
        self.blobs.append(blob)

    @property
    def indexes(self) -> list[int]:
        """The inputs whose outcomes are in it."""
        return [row[0] for row in self._rows]

    def add_summary(self, summary: FailureSummary) -> None:
        """A failure in short, beside its outcome."""
        self.failures.append(summary)
        self.size += _SUMMARY_BYTES

    def seal(self, lease: Lease, seq: int, *, ended: bool) -> tuple[OutcomesPut, bytes]:
        """The message and its payload; the batch is empty afterwards."""
        indexes, statuses, seconds, payloads = zip(*self._rows, strict=True) if self._rows else ((), (), (), ())
        inline = [payload for payload in payloads if payload is not None]
        message = OutcomesPut(
            seq=seq,
            lease=lease.id,
            call_id=lease.call_id,
            indexes=array("I", indexes).tobytes(),
            statuses=bytes(statuses),
            attempt=lease.attempt,
            seconds=array("f", seconds).tobytes(),
            lengths=(array("I", map(len, payloads)) if len(inline) == len(payloads) else _lengths(payloads)).tobytes(),
            blobs=tuple(self.blobs) or None,
            failures=tuple(self.failures) or None,
            spans=tuple(self.spans) or None,
            ended=ended,
        )
        self._clear()
        return message, b"".join(inline)

    def _clear(self) -> None:
        # Index, status, seconds, payload (None: a blob); turned into tables at the end, all at once.
        self._rows: list[tuple[int, int, float, Buffer | None]] = []
        self.blobs: list[str] = []
        self.failures: list[FailureSummary] = []
        self.spans: list[Span] = []
        self.size = 0


def _lengths(payloads: Iterable[Buffer | None]) -> array[int]:
    return array("I", [IN_BLOB if payload is None else len(payload) for payload in payloads])


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch that was sent, or will be once there is a connection."""

    message: OutcomesPut
    payload: bytes

    @property
    def first(self) -> int:
        """The lowest index in it; -1 when it holds none."""
        indexes = memoryview(self.message.indexes).cast("I")
        return min(indexes) if len(indexes) else -1


class Journal:
    """Batches until they are acknowledged, in order."""

    def __init__(self) -> None:
        self.batches: deque[Kept] = deque()
        self.size = 0

    @property
    def is_full(self) -> bool:
        return self.size > JOURNAL_BYTES

    def keep(self, message: OutcomesPut, payload: bytes) -> None:
        self.batches.append(Kept(message, payload))
        self.size += len(payload)

    def acknowledge(self, through: int) -> None:
        while self.batches and self.batches[0].message.seq <= through:
            self.size -= len(self.batches.popleft().payload)
