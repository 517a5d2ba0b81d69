"""In which order outcomes leave."""

from __future__ import annotations

from farcall.calls.order import _EARLY_BYTES, ByArrival, ByInput
from farcall.calls.stream import Settled


def outcome(index: int, size: int = 1) -> Settled:
    return index, 2, 1, memoryview(bytes(size))


def indexes(outcomes: list[Settled]) -> list[int]:
    return [index for index, _, _, _ in outcomes]


def test_by_input_keeps_what_is_early() -> None:
    order = ByInput()
    assert order.add([outcome(1), outcome(3)]) == []
    assert indexes(order.add([outcome(0)])) == [0, 1]
    assert indexes(order.add([outcome(2), outcome(4)])) == [2, 3, 4]


def test_by_input_drops_what_it_has_seen() -> None:
    order = ByInput()
    order.add([outcome(0), outcome(2)])
    assert indexes(order.add([outcome(0), outcome(1), outcome(2)])) == [1, 2]
    assert order.add([outcome(1)]) == []


def test_what_is_early_and_large_is_read_again_in_its_turn() -> None:
    order = ByInput()
    half = _EARLY_BYTES // 2 + 1
    order.add([outcome(1, half), outcome(2, half)])
    leaving = order.add([outcome(0)])
    assert [payload is None for _, _, _, payload in leaving] == [False, False, True]


def test_by_arrival_gives_each_once() -> None:
    order = ByArrival()
    assert indexes(order.add([outcome(5), outcome(1), outcome(5)])) == [5, 1]
    assert indexes(order.add([outcome(10_000), outcome(1)])) == [10_000]
