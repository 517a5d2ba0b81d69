"""Where a map's inputs come from: zipped iterators, sequences of arguments, rows of a dataframe; and their number.

Sized sources can be read again and cannot block; the others are read once, in the thread that waits for the map.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sized
from itertools import islice, repeat
from typing import Any

from . import frame as frames
from .errors import InvalidError, compose

#: (args, kwargs) of one input.
Arguments = tuple[tuple[Any, ...], dict[str, Any]]
_NO_KEYWORDS: dict[str, Any] = {}


class Source:
    """The inputs of one map. ``count`` is None for what has no length; ``frame`` is the dataframe they are rows of."""

    def __init__(
        self, make: Callable[[], Iterator[Arguments]], *, count: int | None, is_sized: bool, frame: Any = None
    ) -> None:
        self.count = count
        self.is_sized = is_sized
        self.frame = frame
        self._make = make

    @classmethod
    def of_map(
        cls,
        function: Callable[..., Any] | None,
        name: str,
        iterators: tuple[Any, ...],
        *,
        columns: Mapping[str, str] | None,
        rows: bool,
        given: Mapping[str, Any],
    ) -> Source:
        """The inputs of ``f.map(*iterators)``. Raises ``InvalidError`` when there is nothing to iterate."""
        if not iterators:
            raise InvalidError(compose(f"{name}.map() got no inputs", takes="one iterable for each parameter"))
        if len(iterators) == 1 and frames.is_frame(iterators[0]):
            if function is None:
                raise InvalidError(f"{name} is not defined here, so columns cannot be bound to its parameters")
            bound = frames.rows(iterators[0], function, columns=columns, rows=rows, given=given)
            return cls(lambda: iter(bound), count=len(bound), is_sized=True, frame=iterators[0])
        if columns or rows:
            raise InvalidError(f"{name}.map: columns= and rows= are for a dataframe")
        return _of_iterables(name, iterators)

    @classmethod
    def of_starmap(cls, name: str, items: Iterable[Any]) -> Source:
        """The inputs of ``f.starmap(items)``: each item is a sequence of arguments."""
        _must_iterate(name, "starmap", items)
        count = len(items) if isinstance(items, Sized) else None
        return cls(
            lambda: zip(map(tuple, iter(items)), repeat(_NO_KEYWORDS), strict=False),
            count=count,
            is_sized=count is not None,
        )

    @classmethod
    def none(cls) -> Source:
        """The inputs of a call that was opened elsewhere: not known here."""
        return cls(lambda: iter(()), count=None, is_sized=False)

    def __iter__(self) -> Iterator[Arguments]:
        return self._make()

    def spread(self, limit: int) -> Source:
        """So many of the inputs: spread evenly over a sized source, else the first."""
        make, count = self._make, self.count
        if count is None:
            return Source(lambda: islice(make(), limit), count=None, is_sized=False)
        wanted = {at * (count - 1) // max(1, limit - 1) for at in range(limit)} if limit < count else set(range(count))
        return Source(
            lambda: (item for at, item in enumerate(make()) if at in wanted), count=len(wanted), is_sized=self.is_sized
        )


def _of_iterables(name: str, iterators: tuple[Any, ...]) -> Source:
    frame = iterators[0] if len(iterators) == 1 and frames.is_series(iterators[0]) else None
    iterators = tuple(iterator if (found := frames.values(iterator)) is None else found for iterator in iterators)
    for iterator in iterators:
        _must_iterate(name, "map", iterator)
    lengths = [len(iterator) for iterator in iterators if isinstance(iterator, Sized)]
    is_sized = len(lengths) == len(iterators)
    shortest = min(lengths) if lengths else None
    # What can be pulled only once comes last and is not pulled beyond the shortest length, so that it loses nothing.
    if len(iterators) == 1:
        only = iterators[0]
        make: Callable[[], Iterator[tuple[Any, ...]]] = lambda: zip(only, strict=True)  # noqa: E731
    else:
        make = lambda: _zipped(iterators, shortest)  # noqa: E731
    count = shortest if is_sized else None
    return Source(lambda: zip(make(), repeat(_NO_KEYWORDS), strict=False), count=count, is_sized=is_sized, frame=frame)


def _zipped(iterators: tuple[Any, ...], shortest: int | None) -> Iterator[tuple[Any, ...]]:
    order = sorted(range(len(iterators)), key=lambda at: not isinstance(iterators[at], Sized))
    pulled = [iter(iterators[at]) for at in order]
    places = sorted(range(len(order)), key=order.__getitem__)
    done = 0
    while shortest is None or done < shortest:
        values = []
        for iterator in pulled:
            try:
                values.append(next(iterator))
            except StopIteration:
                return
        done += 1
        yield tuple([values[place] for place in places])


def _must_iterate(name: str, method: str, items: object) -> None:
    if isinstance(items, Iterable):
        return
    do = f"`async for` over {name}.{method}.aio(…) takes async iterators" if isinstance(items, AsyncIterable) else ""
    raise InvalidError(compose(f"{name}.{method} needs iterables", got=type(items).__name__, do=do))
