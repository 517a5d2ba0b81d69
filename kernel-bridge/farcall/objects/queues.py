"""`Queue`: a first-in-first-out queue at the gateway that every process and container of a person shares.

The promise: an item that `put` returned from is durable and goes to exactly one `get`, across lost connections and
restarts of the gateway. The gateway holds what it gave out until the getter's process says that it has the bytes; if
that process is gone for 60 s (or its container ended) before it said so, the item goes back to its place. So a getter
that dies within those milliseconds may have seen an item that another gets too: at least once there, else exactly once.
An input that is cancelled may still take what comes while it hears of it.
Source: Modal's Queue, whose get may lose an item when its answer is lost.
"""

from __future__ import annotations

import builtins
import queue
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, NamedTuple

from ..client.session import Reply
from ..client.waiting import Steps
from ..errors import InvalidError, compose
from ..twin import either
from ..wire.messages import ObjectClear, ObjectDone, QueueGet, QueueItems, QueuePut, QueueRead, QueueTaken
from .changes import changes_of
from .handle import Handle, expect
from .named import Objects
from .pieces import Piece, batches, blobs_of, bytes_of, lengths_of, piece_of, value_of
from .stepwise import Asking, run, run_async, stepwise
from .turns import checked_partition, checked_seconds, deadline_of, turn, waited

#: Values, and the number to go on after.
Page = tuple[list[Any], float]
#: Seconds after its last put that a partition is emptied.
DAY_S = 24 * 3600
_LONGEST_TTL_S = 7 * DAY_S
_MOST_AT_ONCE = 65_536
#: Of one `queue.read`; an iteration that waits longer asks again.
_READ_S = 30.0


class Queue(Handle):
    """A queue that processes and containers share, in partitions that know nothing of each other.

    Up to 100,000 partitions of 5,000 items, values up to 256 MiB (`farcall serve --limit` changes all three). A
    partition is emptied 24 hours after its last put, or after that put's ``partition_ttl``.

    ``Queue()`` (2022) is an ephemeral one of this process, made at its first use.
    """

    _kind = "queue"
    _prefix = "qu"
    #: The named ones: ``objects.list()``, ``objects.create(name)``, ``objects.delete(name)``.
    objects: Objects[Queue]
    #: ``objects.delete`` by its old name.
    delete: Any

    # ── putting

    @stepwise
    def put(
        self,
        asking: Asking,
        v: Any,
        block: bool = True,
        timeout: float | None = None,
        *,
        partition: str | None = None,
        partition_ttl: float = DAY_S,
    ) -> Steps[None]:
        """Add a value at the end of a partition.

        Args:
            block: wait for room when the partition is full; otherwise ``queue.Full`` is raised at once.
            timeout: seconds to wait for room; None waits for ever. Ignored without ``block``.
            partition: 1 to 64 bytes of UTF-8; None: the one without a name.
            partition_ttl: seconds from now on after which the partition is emptied, up to 7 days.

        Raises:
            queue.Full: (Python's) no room, or none in time. SerializationError: it cannot be pickled.
            ResourceExhaustedError: the value or the queue is larger than it may be; the message has the limit.
        """
        yield from self._put(asking, [v], block, timeout, partition, partition_ttl)

    @stepwise
    def put_many(
        self,
        asking: Asking,
        vs: Iterable[Any],
        block: bool = True,
        timeout: float | None = None,
        *,
        partition: str | None = None,
        partition_ttl: float = DAY_S,
    ) -> Steps[None]:
        """Add several values at the end of a partition, in order. As :meth:`put`.

        They go in batches of up to 1,000 values or 512 KiB; each goes in whole or not at all, and nothing of others
        comes between its values. ``queue.Full`` in the middle leaves the batches before it in the queue.
        """
        yield from self._put(asking, vs, block, timeout, partition, partition_ttl)

    # ── getting

    @stepwise
    def get(
        self, asking: Asking, block: bool = True, timeout: float | None = None, *, partition: str | None = None
    ) -> Steps[Any]:
        """Take the next value of a partition.

        Args:
            block: wait for one; otherwise None is returned at once when there is none.
            timeout: seconds to wait; None waits for ever. Ignored without ``block``.

        Raises:
            queue.Empty: (Python's) none came in time. DeserializationError: it cannot be unpickled here; it is taken.
        """
        values = yield from self._get(asking, 1, block, timeout, partition)
        return values[0] if values else None

    @stepwise
    def get_many(
        self,
        asking: Asking,
        n_values: int,
        block: bool = True,
        timeout: float | None = None,
        *,
        partition: str | None = None,
    ) -> Steps[list[Any]]:
        """Take up to ``n_values``: those that are there, or the first that comes. Without ``block``, maybe none.

        Raises:
            queue.Empty: (Python's) none came in time.
        """
        if not isinstance(n_values, int) or isinstance(n_values, bool) or n_values < 1:
            raise InvalidError(compose("n_values cannot be that", got=repr(n_values), takes="a count from 1"))
        return (yield from self._get(asking, n_values, block, timeout, partition))

    # ── looking

    @stepwise
    def len(self, asking: Asking, *, partition: str | None = None, total: bool = False) -> Steps[int]:
        """How many values are in a partition, or with ``total`` in all. ``len(q)``: in the one without a name."""
        if partition is not None and total:
            raise InvalidError("len(total=True) counts all partitions: leave out partition")
        key = checked_partition(partition)
        told = yield from self._ask(asking, None if total else key)
        return told.count

    def _iterate_async(self, *, partition: str | None = None, item_poll_timeout: float = 0.0) -> AsyncIterator[Any]:
        return self._each_async(checked_partition(partition), checked_seconds(item_poll_timeout, "item_poll_timeout"))

    @either(_iterate_async)
    def iterate(self, *, partition: str | None = None, item_poll_timeout: float = 0.0) -> Iterator[Any]:
        """The values of a partition in order, without taking them: an iterator that reads page by page.

        Args:
            item_poll_timeout: seconds that it waits for a next value before it ends.
        """
        return self._each(checked_partition(partition), checked_seconds(item_poll_timeout, "item_poll_timeout"))

    @stepwise
    def clear(self, asking: Asking, *, partition: str | None = None, all: bool = False) -> Steps[None]:
        """Take all values out of a partition, or of ``all`` of them."""
        if partition is not None and all:
            raise InvalidError("clear(all=True) clears all partitions: leave out partition")
        key = checked_partition(partition)
        object_id = yield from self._found(asking)
        with changes_of(asking.session).one() as number:
            message = ObjectClear(request=0, object_id=object_id, partition=None if all else key, **number._asdict())
            yield from asking.reply(message)

    def __len__(self) -> int:
        return self.len()

    def __bool__(self) -> bool:
        return True  # a handle is not nothing; and asking would be I/O

    # ── steps

    def _put(
        self,
        asking: Asking,
        vs: Iterable[Any],
        block: bool,
        timeout: float | None,
        partition: str | None,
        ttl: float,
    ) -> Steps[None]:
        key = checked_partition(partition)
        deadline = deadline_of(block, timeout)
        seconds = checked_seconds(ttl, "partition_ttl")
        if not 0 < seconds <= _LONGEST_TTL_S:
            takes = f"seconds from above 0 to {_LONGEST_TTL_S:,}"
            raise InvalidError(compose("partition_ttl cannot be that", got=repr(ttl), takes=takes))
        object_id = yield from self._found(asking)
        for batch in batches(piece_of(asking.session, value) for value in list(vs)):
            yield from self._put_batch(asking, _Into(object_id, key, seconds, block), batch, deadline)

    def _put_batch(self, asking: Asking, into: _Into, batch: list[Piece], deadline: float | None) -> Steps[None]:
        session = asking.session
        with changes_of(session).one() as number:
            message = QueuePut(
                request=0,
                object_id=into.object_id,
                partition=into.partition,
                lengths=lengths_of(batch),
                blobs=blobs_of(batch),
                ttl=into.ttl,
                wait=into.wait,
                **number._asdict(),
            )
            payload = b"".join(piece.data for piece in batch)
            with turn(asking, message, number):
                reply = yield from waited(asking, message, payload, number, deadline)
        if reply is None or expect(reply.message, ObjectDone).count == 0:
            where = f"partition {into.partition!r} of {self!r}" if into.partition else repr(self)
            raise queue.Full(f"{where} has no room for {builtins.len(batch):,} more")

    def _get(
        self, asking: Asking, most: int, block: bool, timeout: float | None, partition: str | None
    ) -> Steps[list[Any]]:
        key = checked_partition(partition)
        deadline = deadline_of(block, timeout)
        object_id = yield from self._found(asking)
        values: list[Any] = []
        more = True
        while more and builtins.len(values) < most:
            count = min(most - builtins.len(values), _MOST_AT_ONCE)
            taken, more = yield from self._take(asking, object_id, (key, count, block and not values), deadline)
            values += taken
        if not values and block:
            raise queue.Empty(f"nothing came into {self!r} in time")
        return [value_of(data) for data in values]

    def _take(
        self, asking: Asking, object_id: str, wanted: tuple[str, int, bool], deadline: float | None
    ) -> Steps[tuple[list[Any], bool]]:
        """The bytes of some items, which are this process's from then on."""
        session, changes = asking.session, changes_of(asking.session)
        partition, count, wait = wanted
        number = changes.begin()
        message = QueueGet(
            request=0, object_id=object_id, partition=partition, count=count, wait=wait, **number._asdict()
        )
        taken: Future[Reply] | None = None
        try:
            with turn(asking, message, number):
                reply = yield from waited(asking, message, b"", number, deadline)
                if reply is None:
                    return [], False
                items = expect(reply.message, QueueItems)
                found = bytes_of(session, items.lengths, reply.payload, items.blobs)
                if found:
                    taken = session.request(QueueTaken(request=0, object_id=object_id, op=number.op))
            return list(found), items.more
        finally:
            if taken is None:
                changes.end(number.op)
            else:
                changes.end_with(number.op, taken)

    def _page(self, asking: Asking, partition: str, after: float, wait_s: float) -> Steps[Page]:
        object_id = yield from self._found(asking)
        with changes_of(asking.session).one() as number:
            message = QueueRead(
                request=0, object_id=object_id, op=number.op, partition=partition, after=after, wait=wait_s > 0
            )
            with turn(asking, message, number):
                reply = yield from waited(asking, message, b"", number, time.monotonic() + wait_s)
        if reply is None:
            return [], after
        items = expect(reply.message, QueueItems)
        found = bytes_of(asking.session, items.lengths, reply.payload, items.blobs)
        return [value_of(data) for data in found], items.next if found else after

    def _each(self, partition: str, wait_s: float) -> Iterator[Any]:
        after, until = 0.0, time.monotonic() + wait_s
        while True:
            left = min(_READ_S, max(0.0, until - time.monotonic()))
            page, after = run(_reading(self, partition, after, left))
            yield from page
            if page:
                until = time.monotonic() + wait_s
            elif time.monotonic() >= until:
                return

    async def _each_async(self, partition: str, wait_s: float) -> AsyncIterator[Any]:
        after, until = 0.0, time.monotonic() + wait_s
        while True:
            left = min(_READ_S, max(0.0, until - time.monotonic()))
            page, after = await run_async(_reading(self, partition, after, left))
            for value in page:
                yield value
            if page:
                until = time.monotonic() + wait_s
            elif time.monotonic() >= until:
                return


class _Into(NamedTuple):
    """Where a put goes, and how."""

    object_id: str
    partition: str
    ttl: float
    wait: bool


def _reading(queue_: Queue, partition: str, after: float, wait_s: float) -> Callable[[Asking], Steps[Page]]:
    return lambda asking: queue_._page(asking, partition, after, wait_s)


Queue.objects = Objects(Queue)
Queue.delete = staticmethod(Queue.objects.delete)
