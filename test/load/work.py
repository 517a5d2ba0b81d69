"""The mixed work of the soak: each kind does something a person does, and checks what came back to the last value.

A kind takes the client's dice and returns how many inputs it was; it raises `Wrong` when an answer is not what it has
to be. Containers may be killed, stopped and orphaned meanwhile (wounds.py): none of that may show in an answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import farcall

P = ParamSpec("P")
R = TypeVar("R")
app = farcall.App("soak")
#: All kinds together have so many containers at most.
CONTAINERS = 64
_SHARES = {"double": 16, "triple": 16, "fail_at": 8, "linger": 8, "outer": 8, "shout": 8}


class Wrong(Exception):
    """An answer that cannot be right; the message has what was asked and what came."""


def _function(name: str) -> Callable[[Callable[P, R]], farcall.Function[P, R]]:
    return app.function(max_containers=_SHARES[name], cpu=0.01, scaledown_window=10)


@_function("double")
def double(number: int) -> int:
    return number * 2


@_function("triple")
def triple(number: int) -> int:
    time.sleep(0.002)
    return number * 3


@_function("fail_at")
def fail_at(number: int, unlucky: int) -> int:
    if number % 10 == unlucky:
        raise ValueError(f"unlucky {number}")
    return number


@_function("linger")
def linger(seconds: float) -> str:
    time.sleep(seconds)
    return "stayed"


@_function("outer")
def outer(number: int) -> int:
    tripled: list[int] = list(triple.map([number, number + 1]))
    return sum(tripled) + double.remote(number)


@_function("shout")
def shout(size: int) -> bytes:
    print("x" * 100)
    return bytes(size)


def remote(dice: random.Random) -> int:
    number = dice.randrange(1_000_000)
    _same(f"double.remote({number})", double.remote(number), number * 2)
    return 1


def a_map(dice: random.Random) -> int:
    first, count = dice.randrange(1_000_000), dice.choice((1, 50, 500, 5_000))
    wanted = [number * 2 for number in range(first, first + count)]
    _same(f"double.map of {count} from {first}", list(double.map(range(first, first + count))), wanted)
    return count


def slow_map(dice: random.Random) -> int:
    count = dice.randrange(20, 200)
    _same(f"triple.map of {count}", list(triple.map(range(count))), [number * 3 for number in range(count)])
    return count


def spawns(dice: random.Random) -> int:
    numbers = [dice.randrange(1_000) for _ in range(8)]
    calls = [triple.spawn(number) for number in numbers]
    _same(f"gather of {numbers}", farcall.gather(*calls), [number * 3 for number in numbers])
    return len(numbers)


def nested(dice: random.Random) -> int:
    number = dice.randrange(1_000)
    _same(f"outer.remote({number})", outer.remote(number), 8 * number + 3)
    return 4


def failures(dice: random.Random) -> int:
    unlucky = dice.randrange(10)
    results = list(fail_at.map(range(100), kwargs={"unlucky": unlucky}, return_exceptions=True))
    for number, result in enumerate(results):
        if number % 10 != unlucky:
            _same(f"fail_at({number}, {unlucky})", result, number)
        elif not isinstance(result, ValueError) or str(result) != f"unlucky {number}":
            raise Wrong(f"fail_at({number}, {unlucky}) gave {result!r} instead of its ValueError")
    return len(results)


def cancels(dice: random.Random) -> int:
    call = linger.spawn(60.0)
    time.sleep(dice.random() * 0.2)
    call.cancel()
    try:
        value = call.get(timeout=60)
    except farcall.errors.RemoteError:
        return 1
    raise Wrong(f"a cancelled linger gave {value!r} instead of RemoteError")


def large(dice: random.Random) -> int:
    size = dice.choice((10, 5_000, 400_000, 3_000_000))
    _same(f"len(shout({size}))", len(shout.remote(size)), size)
    return 1


#: Kind → how often, of a hundred.
KINDS: dict[Callable[[random.Random], int], int] = {
    remote: 40,
    a_map: 14,
    slow_map: 8,
    spawns: 10,
    nested: 8,
    failures: 8,
    cancels: 6,
    large: 6,
}


def choose(dice: random.Random, names: Sequence[str]) -> Callable[[random.Random], int]:
    """One of the kinds that are called ``names``, as often as it is meant to be."""
    kinds = {kind: weight for kind, weight in KINDS.items() if kind.__name__ in names}
    return dice.choices(list(kinds), list(kinds.values()))[0]


def _same(asked: str, got: Any, wanted: Any) -> None:
    if got != wanted:
        raise Wrong(f"{asked} gave {str(got)[:200]} instead of {str(wanted)[:200]}")
