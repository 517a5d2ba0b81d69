"""A queue at the gateway: first in, first out, each item to one getter, and whoever waits is woken."""

from __future__ import annotations

import asyncio
import pickle
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.waiting import until

import farcall
from farcall import Queue, errors
from farcall.client.session import Session
from farcall.objects.stepwise import Asking

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def q() -> Iterator[Queue]:
    with Queue.ephemeral() as made:
        yield made


def test_first_in_is_first_out(q: Queue) -> None:
    q.put("a")
    q.put_many(["b", None, "d"])
    assert q.len() == len(q) == 4
    assert q
    assert [q.get() for _ in range(4)] == ["a", "b", None, "d"]
    assert q.get(block=False) is None
    assert q.get_many(3, block=False) == []


def test_get_many_takes_what_is_there(q: Queue) -> None:
    q.put_many(range(5))
    assert q.get_many(3) == [0, 1, 2]
    assert q.get_many(100) == [3, 4]


def test_more_than_a_message_holds_goes_in_and_comes_out_in_order(q: Queue) -> None:
    values = [bytes([number % 251]) * 3000 for number in range(1500)]
    q.put_many(values)
    assert list(q.iterate()) == values
    assert q.get_many(5000) == values
    assert q.len() == 0


def test_a_large_value_is_an_item_like_any_other(q: Queue) -> None:
    large = bytes(range(256)) * 4000
    q.put_many([1, large, 2])
    assert q.get_many(10) == [1, large, 2]


def test_what_does_not_come_in_time_is_empty(q: Queue) -> None:
    with pytest.raises(queue.Empty, match="nothing came into"):
        q.get(timeout=0)
    with pytest.raises(queue.Empty):
        q.get_many(3, timeout=0.2)
    q.put(1)
    assert q.get(timeout=0) == 1


def test_whoever_waits_is_woken_by_a_put(q: Queue) -> None:
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(q.get, timeout=60) for _ in range(4)]
        q.put_many(["w", "x", "y", "z"])
        assert sorted(each.result() for each in waiting) == ["w", "x", "y", "z"]


def test_each_item_goes_to_one_getter(q: Queue) -> None:
    def take(_: int) -> list[int]:
        mine = []
        while (value := q.get(timeout=60)) >= 0:
            mine.append(value)
        return mine

    with ThreadPoolExecutor(8) as pool:
        takers = [pool.submit(take, number) for number in range(4)]
        putters = [pool.submit(q.put_many, range(number * 50, number * 50 + 50)) for number in range(4)]
        for each in putters:
            each.result()
        q.put_many([-1] * 4)
        shares = [each.result() for each in takers]
    assert sorted(value for share in shares for value in share) == list(range(200))
    for share in shares:
        for start in range(0, 200, 50):  # what one put in order, one takes in order
            own = [value for value in share if start <= value < start + 50]
            assert own == sorted(own)


class TestPartitions:
    def test_they_know_nothing_of_each_other(self, q: Queue) -> None:
        q.put(0)
        q.put(1, partition="foo")
        q.put(2, partition="bar")
        assert q.get(partition="bar") == 2
        assert q.get(partition="bar", block=False) is None
        assert (q.len(), q.len(partition="foo"), q.len(partition="bar"), q.len(total=True)) == (1, 1, 0, 2)
        q.clear(partition="foo")
        assert q.len(total=True) == 1
        q.put(3, partition="foo")
        q.clear(all=True)
        assert q.len(total=True) == 0

    def test_one_is_emptied_after_its_time(self, q: Queue) -> None:
        q.put_many([1, 2], partition="short", partition_ttl=0.5)
        q.put(3, partition="long")
        until(lambda: not q.len(partition="short"))
        assert q.get(partition="short", block=False) is None
        assert q.get(partition="long") == 3

    @pytest.mark.parametrize("partition", ["", "x" * 65, "ä" * 33, 7, b"x"])
    def test_what_is_none_is_refused(self, q: Queue, partition: Any) -> None:
        attempts = (
            lambda: q.put(1, partition=partition),
            lambda: q.get(partition=partition),
            lambda: q.len(partition=partition),
            lambda: q.iterate(partition=partition),
            lambda: q.clear(partition=partition),
        )
        for attempt in attempts:
            with pytest.raises(errors.InvalidError, match=r"not a partition, got .* It takes 1 to 64 bytes"):
                attempt()
        assert q.len(total=True) == 0


def test_iterating_takes_nothing_and_sees_what_comes(q: Queue) -> None:
    q.put_many([1, 2])
    assert list(q.iterate()) == [1, 2]
    seen: list[int] = []
    first = threading.Event()

    def read() -> None:
        for value in q.iterate(item_poll_timeout=60):
            seen.append(value)
            first.set()
            if value == 4:
                return

    reader = threading.Thread(target=read)
    reader.start()
    first.wait(60)
    q.put_many([3, 4])
    reader.join(60)
    assert seen == [1, 2, 3, 4]
    assert q.len() == 4


class TestFull:
    @pytest.fixture
    def full(self, q: Queue) -> Queue:
        q.put_many(range(5000))
        return q

    def test_a_full_partition_says_so(self, full: Queue) -> None:
        with pytest.raises(queue.Full, match="has no room for 1 more"):
            full.put(1, block=False)
        with pytest.raises(queue.Full):
            full.put_many([1, 2], timeout=0.2)
        full.put("elsewhere", partition="other", block=False)
        assert full.len() == 5000

    def test_a_put_waits_for_room_behind_those_before_it(self, full: Queue) -> None:
        with ThreadPoolExecutor(2) as pool:
            pair = pool.submit(full.put_many, ["a", "b"], timeout=60)
            while not pair.running():
                time.sleep(0.01)
            assert full.get() == 0
            assert full.get() == 1
            pair.result()
        assert full.len() == 5000
        assert list(full.iterate())[-2:] == ["a", "b"]


@pytest.mark.parametrize("timeout", [-1, "1", True, float("inf"), float("nan")])
def test_a_wrong_timeout_is_refused(q: Queue, timeout: Any) -> None:
    for attempt in (
        lambda: q.get(timeout=timeout),
        lambda: q.put(1, timeout=timeout),
        lambda: list(q.iterate(item_poll_timeout=timeout)),
    ):
        with pytest.raises(errors.InvalidError, match="timeout cannot be that, got"):
            attempt()
    assert q.len() == 0


def test_other_wrong_arguments_are_refused(q: Queue) -> None:
    for n in (0, -1, 1.5, True, "2"):
        with pytest.raises(errors.InvalidError, match="n_values cannot be that"):
            q.get_many(n)  # type: ignore[arg-type]
    for ttl in (0, -1, 8 * 24 * 3600, "1"):
        with pytest.raises(errors.InvalidError, match="partition_ttl cannot be that"):
            q.put(1, partition_ttl=ttl)  # type: ignore[arg-type]
    for attempt in (lambda: q.len(partition="x", total=True), lambda: q.clear(partition="x", all=True)):
        with pytest.raises(errors.InvalidError, match="leave out partition"):
            attempt()
    with pytest.raises(errors.SerializationError):
        q.put(n for n in range(2))
    with pytest.warns(UserWarning, match="timeout is ignored"):
        q.get(block=False, timeout=1)


def test_a_deleted_queue_wakes_those_who_wait_at_it() -> None:
    name = f"q-{uuid.uuid4().hex}"
    named = Queue.from_name(name, create_if_missing=True)
    named.put(1)
    assert named.get() == 1
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(named.get, timeout=60)
        while not waiting.running():
            time.sleep(0.01)
        Queue.objects.delete(name)
        with pytest.raises((queue.Empty, errors.NotFoundError)):
            waiting.result(60)


def test_functions_feed_each_other_through_a_queue(q: Queue) -> None:
    @farcall.function(max_containers=1)
    def consume(count: int) -> list[int]:
        return [q.get(timeout=60) for _ in range(count)]

    @farcall.function(max_containers=1)
    def produce(count: int, into: Queue) -> None:
        into.put_many(range(count))

    taken = consume.spawn(20)
    produce.remote(20, pickle.loads(pickle.dumps(q)))
    assert taken.get(timeout=60) == list(range(20))


def test_a_function_that_waits_lends_its_place(q: Queue) -> None:
    """One container, and the consumer comes first: the producer runs where the consumer waits, or nothing ever ends."""

    @farcall.function(max_containers=1)
    def one(role: str) -> str:
        if role == "get":
            return str(q.get(timeout=60))
        q.put("passed on")
        return "put"

    getting = one.spawn("get")
    assert one.remote("put") == "put"
    assert getting.get(timeout=60) == "passed on"


def test_who_is_stopped_as_a_value_arrives_gives_it_back(q: Queue) -> None:
    assert len(q) == 0
    asking = Asking(Session.current())
    getting = q._get(asking, 1, True, None, None)
    next(getting)
    q.put("still here")
    assert asking.bell.wait(60)
    getting.close()
    assert q.get(timeout=30) == "still here"


def test_every_method_has_its_async_twin() -> None:
    async def use() -> None:
        async with Queue.ephemeral() as q:
            await q.put.aio(1)
            await q.put_many.aio([2, 3], partition="p")
            assert await q.get.aio() == 1
            assert await q.get_many.aio(5, partition="p") == [2, 3]
            waiting = asyncio.ensure_future(q.get.aio(timeout=60))
            await asyncio.sleep(0)
            await q.put.aio("woken")
            assert await waiting == "woken"
            with pytest.raises(queue.Empty):
                await q.get.aio(timeout=0)
            dropped = asyncio.ensure_future(q.get.aio())
            await asyncio.sleep(0.2)
            dropped.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dropped
            await q.put.aio("for another")
            assert [value async for value in q.iterate.aio()] == ["for another"]
            assert await q.get.aio(timeout=60) == "for another"
            assert await q.len.aio(total=True) == 0
            await q.clear.aio(all=True)

    asyncio.run(use())
