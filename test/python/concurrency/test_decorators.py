"""What `@concurrent` and `@batched` take, and what they refuse, at decoration."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

import farcall
from farcall.errors import InvalidError
from farcall.functions.concurrency import manner_of
from farcall.manner import Manner


def plain(x: int) -> int:
    return x


def with_default(x: int, y: int = 1) -> int:
    return x + y


def values() -> Iterator[int]:
    yield 1


async def async_values() -> AsyncIterator[int]:
    yield 1


def test_the_function_asks_the_gateway_for_what_was_said() -> None:
    @farcall.function
    @farcall.concurrent(max_inputs=10, target_inputs=4)
    async def several(x: int) -> int:
        return x

    @farcall.function
    @farcall.batched(max_batch_size=64, wait_ms=20)
    def lists(xs: list[int]) -> list[int]:
        return xs

    spec = several.spec(())
    assert (spec.max_concurrent, spec.target_concurrent, spec.max_batch) == (10, 4, 0)
    spec = lists.spec(())
    assert (spec.max_concurrent, spec.max_batch, spec.batch_wait) == (0, 64, 0.02)


def test_with_concurrency_and_with_batching_make_other_functions() -> None:
    base = farcall.App("manners").function(plain)
    assert base.with_concurrency(max_inputs=5).options.manner == Manner(max_concurrent=5)
    assert base.with_batching(max_batch_size=5, wait_ms=0).options.manner == Manner(max_batch=5)
    assert not base.options.manner
    chained = base.with_concurrency(max_inputs=5, target_inputs=2).with_options(retries=1)
    assert (chained.spec(()).target_concurrent, chained.spec(()).max_retries) == (2, 1)


def test_what_was_said_travels_with_the_function() -> None:
    function = farcall.App("manners").function(plain).with_concurrency(max_inputs=5)
    assert pickle.loads(pickle.dumps(function)).options.manner == Manner(max_concurrent=5)


def test_a_class_is_marked_for_app_cls() -> None:
    @farcall.concurrent(max_inputs=3)
    class Model:
        pass

    assert manner_of(Model) == Manner(max_concurrent=3)


def test_the_decorated_function_is_the_function_itself() -> None:
    def own(x: int) -> int:
        return x

    assert farcall.concurrent(max_inputs=3)(own) is own
    assert vars(own) == {}, "its attributes are part of its version"


@pytest.mark.parametrize("decorate", [farcall.concurrent, farcall.batched])
def test_without_a_maximum_it_is_a_type_error(decorate: Callable[..., Any]) -> None:
    with pytest.raises(TypeError):
        decorate()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"max_inputs": 0}, "1 to 1,000"),
        ({"max_inputs": 1_001}, "1 to 1,000"),
        ({"max_inputs": "many"}, "max_inputs"),
        ({"max_inputs": True}, "max_inputs"),
        ({"max_inputs": 2, "target_inputs": 3}, "target_inputs=3 is above max_inputs=2"),
        ({"max_inputs": 2, "target_inputs": 0}, "target_inputs"),
    ],
)
def test_concurrent_refuses(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        farcall.concurrent(**given)
    with pytest.raises(InvalidError, match=says):
        farcall.App("manners").function(plain).with_concurrency(**given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"max_batch_size": 0, "wait_ms": 1}, "1 to 1,000"),
        ({"max_batch_size": 1_001, "wait_ms": 1}, "1 to 1,000"),
        ({"max_batch_size": 4, "wait_ms": -1}, "0 to 600,000"),
        ({"max_batch_size": 4, "wait_ms": 600_001}, "0 to 600,000"),
        ({"max_batch_size": 4, "wait_ms": 0.5}, "wait_ms"),
    ],
)
def test_batched_refuses(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        farcall.batched(**given)
    with pytest.raises(InvalidError, match=says):
        farcall.App("manners").function(plain).with_batching(**given)


@pytest.mark.parametrize("generator", [values, async_values])
@pytest.mark.parametrize("decorate", [farcall.concurrent(max_inputs=2), farcall.batched(max_batch_size=2, wait_ms=1)])
def test_generator_functions_are_refused_with_the_reason(
    generator: Callable[..., Any], decorate: Callable[[Any], Any]
) -> None:
    with pytest.raises(InvalidError, match="generator function"):
        decorate(generator)
    with pytest.raises(InvalidError, match="generator function"):
        farcall.App("manners").function(generator).with_concurrency(max_inputs=2)


def test_is_generator_is_refused_as_well() -> None:
    def returns_a_generator() -> Any:
        return iter(())

    marked = farcall.concurrent(max_inputs=2)(returns_a_generator)
    with pytest.raises(InvalidError, match="generator function"):
        farcall.App("manners").function(marked, is_generator=True)


def test_batched_parameters_have_no_defaults() -> None:
    with pytest.raises(InvalidError, match="its parameter y has a default"):
        farcall.batched(max_batch_size=2, wait_ms=1)(with_default)
    with pytest.raises(InvalidError, match="its parameter y has a default"):
        farcall.App("manners").function(with_default).with_batching(max_batch_size=2, wait_ms=1)


def test_methods_of_a_class_are_concurrent_together() -> None:
    with pytest.raises(InvalidError, match=r"Decorate the class .*Model"):

        class Model:
            @farcall.concurrent(max_inputs=2)
            def run(self) -> None: ...


def test_a_class_takes_no_batches() -> None:
    with pytest.raises(InvalidError, match="Decorate the method"):

        @farcall.batched(max_batch_size=2, wait_ms=1)
        class Model:
            pass


def test_the_order_of_decorators_matters() -> None:
    function = farcall.App("manners").function(plain)
    with pytest.raises(InvalidError, match=r"stands above @farcall\.function"):
        farcall.concurrent(max_inputs=2)(function)
    with pytest.raises(InvalidError, match=r"stands above @farcall\.function"):
        farcall.batched(max_batch_size=2, wait_ms=1)(function)


def test_both_at_once_are_refused() -> None:
    def own(x: int) -> int:
        return x

    with pytest.raises(InvalidError, match="cannot be concurrent or batched twice"):
        farcall.concurrent(max_inputs=2)(farcall.batched(max_batch_size=2, wait_ms=1)(own))


@pytest.mark.parametrize("name", ["max_concurrent", "manner", "max_batch_size"])
def test_they_are_no_options_of_function(name: str) -> None:
    with pytest.raises(InvalidError, match="there is no option"):
        farcall.function(**{name: 3})
