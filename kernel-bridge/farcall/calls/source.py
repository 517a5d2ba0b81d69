"""Where a map's inputs come from: zipped iterators, sequences of arguments, rows of a dataframe; and their number.

Sized sources can be read again and cannot block; the others are read once, in the thread that waits for the map.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Sized,
)
from itertools import islice, repeat
from typing import Any

from ..client.waiting import Bell
from ..errors import InvalidError, compose
from ..frames import frame as frames
from ..options import check_count
from .labels import Label, Labels, Noted, labels_of
from .zipped import (
    NO_KEYWORDS,
    Arguments,
    Streaming,
    inputs_at_hand,
    is_at_hand,
    length_of,
    only_awaited,
    rows_async,
    rows_of,
)


class Source:
    """The inputs of one map. ``count`` is None for what has no length; ``frame`` is the dataframe they are rows of.

    ``make`` begins them; async iterators (``is_async``) give an async one. Of a limited map ``whole`` is what it was
    taken from, and ``numbers`` are its inputs' numbers there. ``labels`` go by the numbers of the whole.
    """

    def __init__(
        self,
        make: Callable[[], Iterator[Arguments]] | Callable[[], AsyncIterator[Arguments]],
        *,
        count: int | None,
        is_sized: bool,
        frame: Any = None,
        is_async: bool = False,
    ) -> None:
        self.count = count
        self.is_sized = is_sized
        self.is_async = is_async
        self.frame = frame
        self.whole: Source | None = None
        self.numbers: Sequence[int] = ()
        self.labels: Labels | None = None
        #: Position of an iterator → what was pulled from it and is part of no input, since a shorter one had ended.
        self.leftover: dict[int, Any] = {}
        self._zipped: tuple[Any, ...] | None = None  # of which some stream
        self._noted: Noted | None = None
        self._make: Callable[[], Any] = make

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
    def of_starmap(cls, name: str, items: Any) -> Source:
        """The inputs of ``f.starmap(items)``: each item is a sequence of arguments."""
        if only_awaited(items):
            return cls(lambda: _spread(items), count=None, is_sized=False, is_async=True)
        _must_iterate(name, "starmap", items)
        count = len(items) if isinstance(items, Sized) else None
        return cls(
            lambda: zip(map(tuple, iter(items)), repeat(NO_KEYWORDS), strict=False),
            count=count,
            is_sized=count is not None,
        )

    @classmethod
    def none(cls) -> Source:
        """The inputs of a call that was opened elsewhere: not known here."""
        return cls(lambda: iter(()), count=None, is_sized=False)

    def __iter__(self) -> Iterator[Arguments]:
        iterator: Iterator[Arguments] = self._make()
        return iterator if self._noted is None else self._noted.around(iterator, self.numbers)

    def at_hand(self, bell: Bell) -> Iterator[Arguments]:
        """The inputs; of other maps' results :data:`WAITING` where one has to wait, until the bell rings."""
        if self._zipped is None or self._noted is not None:
            return iter(self)
        return inputs_at_hand(self._zipped, self.count, self.leftover, bell)

    def __aiter__(self) -> AsyncIterator[Arguments]:
        iterator: AsyncIterator[Arguments] = self._make()
        return iterator if self._noted is None else self._noted.around_async(iterator)

    def labelled(self, name: str, label: Label | None) -> Source:
        """The same, with what people call its inputs. Raises ``InvalidError`` for a label that is not understood."""
        if label is not None:
            found = labels_of(name, label, frame=self.frame, count=self.count)
            self.labels, self._noted = found, found if isinstance(found, Noted) else None
        return self

    @property
    def namer(self) -> Callable[[int], str] | None:
        """Number of an input → what people call it, "" for nothing; None without labels. Holds no inputs."""
        labels, numbers = self.labels, self.numbers
        if labels is None:
            return None
        return lambda number: labels.of(numbers[number] if numbers else number)

    def awaited(self) -> Source:
        """The same for a coroutine: other maps' results among its iterators are awaited rather than waited for."""
        zipped = self._zipped
        if zipped is None:
            return self
        left: dict[int, Any] = {}
        make = lambda: rows_async(zipped, self.count, left)  # noqa: E731
        source = Source(make, count=self.count, is_sized=False, is_async=True)
        source.leftover, source.labels, source._noted = left, self.labels, self._noted
        return source

    def limited(self, limit: int | None) -> Source:
        """So many of the inputs: spread evenly over a sized source, else the first. None: all of them."""
        if limit is None:
            return self
        check_count("limit", limit, low=1, high=2**31, takes="how many inputs to run, 1 or more")
        count = self.count
        if count is None:
            make = (lambda: _first(self, limit)) if self.is_async else (lambda: islice(self, limit))
            first = Source(make, count=None, is_sized=False, is_async=self.is_async)
            first.labels = self.labels  # noted, if at all, as the whole is pulled
            first.leftover = self.leftover
            return first
        last = max(1, limit - 1)
        numbers = [at * (count - 1) // last for at in range(limit)] if limit < count else range(count)
        few = self._only(numbers)
        few.whole = self
        return few

    def without(self, numbers: Collection[int]) -> Source:
        """The inputs but these."""
        return self if not numbers else self._only([at for at in range(self.count or 0) if at not in numbers])

    def _only(self, numbers: Sequence[int]) -> Source:
        wanted = frozenset(numbers)
        frame = self.frame if self.frame is None else frames.taken(self.frame, list(numbers))
        few = Source(
            lambda: (item for at, item in enumerate(self._make()) if at in wanted),
            count=len(numbers),
            is_sized=self.is_sized,
            frame=frame,
        )
        few.numbers, few.labels, few._noted, few.leftover = numbers, self.labels, self._noted, self.leftover
        return few


def _of_iterables(name: str, iterators: tuple[Any, ...]) -> Source:
    frame = iterators[0] if len(iterators) == 1 and frames.is_series(iterators[0]) else None
    iterators = tuple(iterator if (found := frames.values(iterator)) is None else found for iterator in iterators)
    is_async = any(only_awaited(iterator) for iterator in iterators)
    for iterator in iterators:
        if not only_awaited(iterator):
            _must_iterate(name, "map", iterator)
    known = [length_of(iterator) for iterator in iterators]
    lengths = [length for length in known if length is not None]
    is_sized = all(map(is_at_hand, iterators))
    shortest = min(lengths) if lengths else None
    left: dict[int, Any] = {}
    if is_async:
        source = Source(lambda: rows_async(iterators, shortest, left), count=None, is_sized=False, is_async=True)
        source.leftover = left
        return source
    # What can be pulled only once is not pulled beyond the shortest length, so that it loses nothing.
    if len(iterators) == 1:
        only = iterators[0]
        make: Callable[[], Iterator[tuple[Any, ...]]] = lambda: zip(only, strict=True)  # noqa: E731
    else:
        make = lambda: rows_of(iterators, shortest, left)  # noqa: E731
    count = shortest if len(lengths) == len(iterators) else None
    source = Source(lambda: zip(make(), repeat(NO_KEYWORDS), strict=False), count=count, is_sized=is_sized, frame=frame)
    source.leftover = left
    if any(isinstance(iterator, Streaming) for iterator in iterators):
        source._zipped = iterators
    return source


async def _spread(items: AsyncIterable[Any]) -> AsyncIterator[Arguments]:
    async for item in items:
        yield tuple(item), NO_KEYWORDS


async def _first(source: Source, limit: int) -> AsyncIterator[Arguments]:
    left = limit
    async for arguments in source:
        yield arguments
        left -= 1
        if not left:
            return


def _must_iterate(name: str, method: str, items: object) -> None:
    if not isinstance(items, Iterable):
        takes = "a list, a range, a frame, a generator, an async iterator"
        raise InvalidError(
            compose(f"{name}.{method} needs something to iterate", got=type(items).__name__, takes=takes)
        )
