"""`@farcall.concurrent` and `@farcall.batched`: several inputs in one container, each on its own or all in one go.

They go under `@farcall.function` (or `@farcall.method`) and only mark what they decorate; `Manner` is what they say.
The container's side is container/concurrent.py and container/batching.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from ..errors import InvalidError, compose
from ..manner import PLAIN, Manner
from ..options import Options, check_count

__all__ = ["Manner", "batched", "concurrent", "manner_of"]

_MOST = 1_000
_LONGEST_MS = 600_000

#: What was decorated → how. Beside it, not in it: a function's attributes are part of its version.
_marked: WeakKeyDictionary[Any, Manner] = WeakKeyDictionary()

T = TypeVar("T")


def concurrent(*, max_inputs: int, target_inputs: int | None = None) -> Callable[[T], T]:
    """Let one container run up to ``max_inputs`` inputs at once (1 to 1,000). On a function, or on a class.

    An ``async def`` runs as tasks of one event loop in the container's main thread: a cancel or timeout ends that one
    task. A plain ``def`` runs in threads, so it must be safe to run in several. Python cannot interrupt a thread: when
    an input is cancelled or late and does not end within the grace (1 s, 5 s), the whole container is ended, and the
    inputs beside it run again elsewhere without using up retries.

    With ``target_inputs`` there are as many containers as it takes to have so many inputs in each; while those come up,
    a container takes up to ``max_inputs``. ``current_input_id()`` is each input's own.

    Example::

        @farcall.function
        @farcall.concurrent(max_inputs=100, target_inputs=80)
        async def fetch(url: str) -> str: ...

    Raises:
        TypeError: without ``max_inputs``.
        InvalidError: out of range, ``target_inputs`` above ``max_inputs``, on a generator function (what it yields is
            read with back-pressure, which stops its container), on a method, or above ``@farcall.function``.
    """
    manner = concurrent_manner(max_inputs, target_inputs)

    def decorate(thing: T) -> T:
        _check_place(thing, "concurrent")
        if not inspect.isclass(thing):
            _check_function(thing, manner)
        return _mark(thing, manner)

    return decorate


def batched(*, max_batch_size: int, wait_ms: int) -> Callable[[T], T]:
    """Give the function up to ``max_batch_size`` inputs at once (1 to 1,000), as one list a parameter.

    Callers pass and get single values, as before; inputs of different callers meet in one batch. A batch runs when it
    is full, or ``wait_ms`` (0 to 600,000) after its first input came. The function returns a list with one value for
    each input, in their order. ``current_input_id()`` is the first input's.

    Example::

        @farcall.function(gpu="A100")
        @farcall.batched(max_batch_size=64, wait_ms=20)
        def embed(texts: list[str]) -> list[list[float]]: ...

        embed.remote("one text")       # one vector

    Everything that goes wrong goes wrong for each input of the batch (retries are each input's own): an exception,
    arguments that do not fit in any one of them, a result that is no list or has another length (``InvalidError``). The
    timeout is the batch's. A cancelled input leaves its batch running as long as another input in it is wanted.

    Raises:
        TypeError: without one of both.
        InvalidError: out of range, on a generator function or a class, on a function whose parameters have defaults,
            or above ``@farcall.function``.
    """
    manner = batched_manner(max_batch_size, wait_ms)

    def decorate(thing: T) -> T:
        _check_place(thing, "batched")
        _check_function(thing, manner)
        return _mark(thing, manner)

    return decorate


def concurrent_manner(max_inputs: int, target_inputs: int | None) -> Manner:
    """What :func:`concurrent` says, checked."""
    check_count("max_inputs", max_inputs, low=1, high=_MOST, takes=f"a whole number from 1 to {_MOST:,}")
    if target_inputs is None:
        return Manner(max_concurrent=max_inputs)
    check_count("target_inputs", target_inputs, low=1, high=_MOST, takes=f"a whole number from 1 to {_MOST:,}")
    if target_inputs > max_inputs:
        happened = f"target_inputs={target_inputs} is above max_inputs={max_inputs}"
        raise InvalidError(compose(happened, do="Lower target_inputs or raise max_inputs"))
    return Manner(max_concurrent=max_inputs, target_concurrent=target_inputs)


def batched_manner(max_batch_size: int, wait_ms: int) -> Manner:
    """What :func:`batched` says, checked."""
    check_count("max_batch_size", max_batch_size, low=1, high=_MOST, takes=f"a whole number from 1 to {_MOST:,}")
    takes = f"milliseconds: a whole number from 0 to {_LONGEST_MS:,}"
    check_count("wait_ms", wait_ms, low=0, high=_LONGEST_MS, takes=takes)
    return Manner(max_batch=max_batch_size, wait_ms=wait_ms)


def manner_of(thing: object) -> Manner:
    """What the decorators said about a function or class."""
    try:
        return _marked.get(thing, PLAIN)
    except TypeError:
        return PLAIN  # neither a function nor a class


def options_for(raw: Callable[..., Any] | None, options: Options, *, is_generator: bool) -> Options:
    """The options of a function, with what the decorators said about it. Raises ``InvalidError``."""
    manner = options.manner or manner_of(raw)
    if manner:
        _check_manner(raw, manner, is_generator=is_generator)
    return options if manner is options.manner else replace(options, manner=manner)


def _check_manner(raw: Callable[..., Any] | None, manner: Manner, *, is_generator: bool) -> None:
    if is_generator:
        raise _generator(getattr(raw, "__name__", "the function"), manner)
    if raw is not None and not inspect.isclass(raw):
        _check_function(raw, manner)


def _mark(thing: T, manner: Manner) -> T:
    if manner_of(thing):
        happened = f"{getattr(thing, '__name__', thing)} cannot be concurrent or batched twice"
        raise InvalidError(compose(happened, do="Use one @farcall.concurrent or one @farcall.batched"))
    _marked[thing] = manner
    return thing


def _check_place(thing: object, decorator: str) -> None:
    if hasattr(thing, "__farcall_function__"):
        happened = f"@farcall.{decorator}(…) stands above @farcall.function"
        raise InvalidError(compose(happened, do="Write it directly above the def, below @farcall.function"))
    name = getattr(thing, "__qualname__", "").rpartition("<locals>.")[2]
    if decorator == "concurrent" and "." in name and not inspect.isclass(thing):
        owner = name.rpartition(".")[0]
        happened = f"@farcall.concurrent(…) is on the method {name}, but all methods of a class share its containers"
        raise InvalidError(compose(happened, do=f"Decorate the class {owner}, below @app.cls"))
    if decorator == "batched" and inspect.isclass(thing):
        happened = f"@farcall.batched(…) is on the class {thing.__name__}"
        raise InvalidError(compose(happened, do="Decorate the method that takes lists"))


def _check_function(thing: Any, manner: Manner) -> None:
    name = getattr(thing, "__name__", type(thing).__name__)
    if not callable(thing):
        raise InvalidError(compose("this decorator takes functions", got=repr(thing)))
    if inspect.isgeneratorfunction(thing) or inspect.isasyncgenfunction(thing):
        raise _generator(name, manner)
    if manner.max_batch:
        _check_no_defaults(thing, name)


def _generator(name: str, manner: Manner) -> InvalidError:
    how = "batched" if manner.max_batch else "concurrent"
    why = "a batch has one list of results" if manner.max_batch else "its values wait for their reader in the container"
    return InvalidError(compose(f"{name} is a generator function, it cannot be {how}: {why}", do="Return a list"))


def _check_no_defaults(thing: Any, name: str) -> None:
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return
    for parameter in parameters:
        if parameter.default is not parameter.empty:
            happened = f"{name} is batched, but its parameter {parameter.name} has a default"
            raise InvalidError(compose(happened, do="Drop the default: each parameter gets a list, one value an input"))
