"""Several iterators as rows of arguments: none is pulled further than it must be, and other maps' results stream.

Source (source.py) says which iterators; the pump (pump.py) and the coroutine (pulling.py) pull the rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable, Iterator, Sized
from operator import length_hint
from typing import Any

from ..client.waiting import Bell

#: (args, kwargs) of one input.
Arguments = tuple[tuple[Any, ...], dict[str, Any]]
NO_KEYWORDS: dict[str, Any] = {}
#: Iterators that know for certain how many items they still have.
_KNOWING: tuple[Iterable[Any], ...] = ([], (), range(0), range(2**70), b"", bytearray(), "", "é", reversed([]))
_COUNTDOWNS = frozenset(type(iter(of)) for of in _KNOWING)

#: In place of a value, or of an input: there is none yet.
WAITING: Any = object()


class Streaming(ABC):
    """What gives values as they come, to threads and coroutines, from the start each time: another map's results."""

    @property
    @abstractmethod
    def values_count(self) -> int | None:
        """How many values there will be, where that is known."""

    @abstractmethod
    def at_hand(self, bell: Bell) -> Iterator[Any]:
        """The values, and :data:`WAITING` instead of waiting for one; then the bell rings when there may be more."""

    @abstractmethod
    def __iter__(self) -> Iterator[Any]: ...

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[Any]: ...


def rows_of(iterators: tuple[Any, ...], shortest: int | None, left: dict[int, Any]) -> Iterator[tuple[Any, ...]]:
    """Rows until the shortest ends. Of what can be pulled only once, what cannot say whether it has ended comes first:
    when it has, nothing was taken from the others. What a generator gave to a row that another one ended is left over.
    """
    yield from _rounds(iterators, [iter(iterator) for iterator in iterators], shortest, left)


def inputs_at_hand(
    iterators: tuple[Any, ...], shortest: int | None, left: dict[int, Any], bell: Bell
) -> Generator[Arguments, None, None]:
    """The same as inputs, with :data:`WAITING` among them."""
    pulled = [each.at_hand(bell) if isinstance(each, Streaming) else iter(each) for each in iterators]
    try:
        for row in _rounds(iterators, pulled, shortest, left):
            yield WAITING if row is WAITING else (row, NO_KEYWORDS)
    finally:
        for iterator, of in zip(pulled, iterators, strict=True):
            if isinstance(of, Streaming) and isinstance(iterator, Generator):
                iterator.close()  # a map that nobody reads any more ends; the user's own generators are not touched


def _rounds(
    iterators: tuple[Any, ...], pulled: list[Iterator[Any]], shortest: int | None, left: dict[int, Any]
) -> Iterator[tuple[Any, ...]]:
    countdowns = [iterator for iterator in pulled if type(iterator) in _COUNTDOWNS]
    places = sorted(
        range(len(pulled)), key=lambda at: (length_of(iterators[at]) is None, type(pulled[at]) in _COUNTDOWNS)
    )
    order = sorted(range(len(places)), key=places.__getitem__)
    done = 0
    while (shortest is None or done < shortest) and all(map(length_hint, countdowns)):
        values: list[Any] = []
        for at in places:
            try:
                while (value := next(pulled[at])) is WAITING:
                    yield WAITING
                values.append(value)
            except StopIteration:
                left.update(_once_only(iterators, places, values))
                return
        done += 1
        yield tuple([values[place] for place in order])


async def rows_async(
    iterators: tuple[Any, ...], shortest: int | None, left: dict[int, Any]
) -> AsyncIterator[Arguments]:
    """Like :func:`rows_of`, with async iterators among them, which come last."""
    order = sorted(range(len(iterators)), key=lambda at: (_awaits(iterators[at]), length_of(iterators[at]) is None))
    pulled = [aiter(each) if _awaits(each) else iter(each) for each in (iterators[at] for at in order)]
    places = sorted(range(len(order)), key=order.__getitem__)
    done = 0
    while shortest is None or done < shortest:
        values: list[Any] = []
        for iterator in pulled:
            try:
                values.append(await anext(iterator) if isinstance(iterator, AsyncIterator) else next(iterator))
            except (StopIteration, StopAsyncIteration):
                left.update(_once_only(iterators, order, values))
                return
        done += 1
        yield tuple([values[place] for place in places]), NO_KEYWORDS


def _once_only(iterators: tuple[Any, ...], places: list[int], values: list[Any]) -> dict[int, Any]:
    """What was pulled in the last, unfinished round from what cannot be read again, by position."""
    found = zip(places, values, strict=False)
    return {at: value for at, value in found if isinstance(iterators[at], (Iterator, AsyncIterator))}


def _awaits(iterator: object) -> bool:
    return only_awaited(iterator) or isinstance(iterator, Streaming)


def length_of(iterator: Any) -> int | None:
    if isinstance(iterator, Streaming):
        return iterator.values_count
    return len(iterator) if isinstance(iterator, Sized) else None


def is_at_hand(iterator: Any) -> bool:
    """Whether it has a length, and never makes one wait."""
    return isinstance(iterator, Sized) and not isinstance(iterator, Streaming)


def only_awaited(items: object) -> bool:
    return isinstance(items, AsyncIterable) and not isinstance(items, Iterable)
