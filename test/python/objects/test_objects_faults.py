"""Cut connections, killed gateways, getters that die: nothing put is lost or doubled, and each item has one getter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.home import Home, cut, running_home
from support.waiting import until

from farcall import Dict, Queue
from test.faults.proxy import between


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A gateway to hurt, for all tests of this file."""
    with running_home() as running:
        yield running


def test_named_ones_are_there_after_the_gateway_was_killed(home: Home) -> None:
    d = Dict.from_name("kept", create_if_missing=True)
    q = Queue.from_name("kept", create_if_missing=True)
    large = bytes(range(256)) * 2000
    d.update({f"k{number}": number for number in range(500)}, large=large)
    del d["k7"]
    d["k8"] = "eight"
    q.put_many(range(10))
    q.put("x", partition="p")
    assert q.get() == 0
    home.kill()
    assert (len(d), d.get("k7"), d["k8"], d["large"]) == (500, None, "eight", large)
    assert list(d.keys())[:8] == ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k8"]
    assert q.get_many(100) == list(range(1, 10))
    assert q.get(partition="p") == "x"
    assert q.len(total=True) == 0


def test_a_getter_that_waits_is_served_after_a_cut_and_after_a_kill(home: Home) -> None:
    q = Queue.from_name("waiting", create_if_missing=True).hydrate()
    with ThreadPoolExecutor(1) as pool:
        for hurt in (cut, home.kill):
            waiting = pool.submit(q.get, timeout=120)
            until(waiting.running)
            hurt()
            q.put(hurt.__name__)
            assert waiting.result(120) == hurt.__name__
    assert q.len() == 0


def test_with_frames_lost_and_doubled_nothing_is_lost_or_doubled(home: Home) -> None:
    q = Queue.from_name("struck", create_if_missing=True).hydrate()
    d = Dict.from_name("struck", create_if_missing=True).hydrate()
    with between(home.folder) as proxy:
        cut()  # to come back through the proxy
        assert q.len() == 0
        assert proxy.roads("client") == 1
        proxy.rates.update(twice=0.1, lost=0.03)
        with ThreadPoolExecutor(3) as pool:
            taken = pool.submit(lambda: [q.get(timeout=300) for _ in range(120)])
            for number in range(0, 120, 3):
                q.put_many([number, number + 1, number + 2])
                assert d.put(number, number, skip_if_exists=True)
                assert d.pop(number) == number
            values = taken.result(300)
        struck = dict(proxy.struck)
        proxy.rates.clear()
        cut()
    assert values == list(range(120))
    assert struck["lost"] > 0
    assert struck["twice"] > 0
    assert (q.len(), len(d)) == (0, 0)


def test_kills_while_items_pass_through_lose_and_double_nothing(home: Home) -> None:
    q = Queue.from_name("killed", create_if_missing=True).hydrate()
    with ThreadPoolExecutor(3) as pool:
        putting = pool.submit(lambda: [q.put(number) for number in range(200)])
        taken = pool.submit(lambda: [q.get(timeout=300) for _ in range(200)])
        for _ in range(3):
            time.sleep(0.3)
            home.kill()
            q.len()  # it is back
        putting.result(300)
        assert taken.result(300) == list(range(200))
    assert q.len() == 0


def test_an_ephemeral_one_outlives_a_cut_and_a_kill(home: Home) -> None:
    with Dict.ephemeral() as d:
        d["k"] = 1
        cut()
        assert d["k"] == 1
        home.kill()
        assert d["k"] == 1
