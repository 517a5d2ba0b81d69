"""What people call the inputs of a map: ``label=`` of `Function.map`. Only views ask for them, by number.

They never leave this process but for a screen: no call, snapshot or store has them. Columns and lists are read when a
view asks; a function of the input is called as inputs are pulled, in the thread that waits for the map.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence, Set, Sized
from typing import Any, Protocol

from ..errors import InvalidError, compose, nearest
from ..frames import frame as frames

#: (args, kwargs) of one input.
Arguments = tuple[tuple[Any, ...], dict[str, Any]]
#: A column of the frame, a label for each input, or a function of the input's arguments.
Label = str | Sequence[Any] | Callable[..., Any]

_TAKES = "the name of a column, a label for each input, or a function of the input's arguments"
_LONGEST = 80
#: Of a function of the input so many are kept; later inputs are called by their number.
MOST_NOTED = 100_000


class Labels(Protocol):
    """Label by number of the input; "" where there is none."""

    def of(self, number: int) -> str: ...


class Listed:
    """A label for each input, given as they are: a column, a list."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values

    def of(self, number: int) -> str:
        return _text(self._values[number]) if 0 <= number < len(self._values) else ""


class Noted:
    """What a function of the input said of each input that was pulled."""

    def __init__(self, name: str, label: Callable[..., Any]) -> None:
        self._name = name
        self._label = label
        self._known: dict[int, str] = {}

    def of(self, number: int) -> str:
        return self._known.get(number, "")

    def around(self, inputs: Iterator[Arguments], numbers: Sequence[int]) -> Iterator[Arguments]:
        """The same inputs; ``numbers``: of a limited map, what they are called in the whole one."""
        for at, given in enumerate(inputs):
            self._note(numbers[at] if numbers else at, given)
            yield given

    async def around_async(self, inputs: AsyncIterator[Arguments]) -> AsyncIterator[Arguments]:
        """:meth:`around`, of what only a coroutine pulls."""
        at = 0
        async for given in inputs:
            self._note(at, given)
            yield given
            at += 1

    def _note(self, number: int, given: Arguments) -> None:
        if len(self._known) >= MOST_NOTED:
            return
        args, kwargs = given
        try:
            self._known[number] = _text(self._label(*args, **kwargs))
        except Exception as error:
            happened = f"{self._name}.map: label= failed for input {number}: {type(error).__name__}: {error}"
            raise InvalidError(compose(happened, do="It is called with the input's arguments")) from error


def labels_of(name: str, label: Label, *, frame: Any, count: int | None) -> Listed | Noted:
    """The labels of ``name.map(…, label=label)``. Raises ``InvalidError`` when the option cannot be understood."""
    if isinstance(label, str):
        return Listed(_column(name, label, frame))
    if callable(label):
        return Noted(name, label)
    values = frames.values(label)
    if values is None and not _is_list(label):
        raise InvalidError(compose(f"{name}.map: label= is not understood", got=type(label).__name__, takes=_TAKES))
    listed = Listed(tuple(label) if values is None else values)
    size = len(label) if values is None else len(values)
    if count is not None and size != count:
        happened = f"{name}.map: label= has {size:,} labels for {count:,} inputs"
        raise InvalidError(compose(happened, do="Give one label for each input"))
    return listed


def _is_list(label: object) -> bool:
    return isinstance(label, Sized) and isinstance(label, Iterable) and not isinstance(label, (bytes, Mapping, Set))


def _column(name: str, label: str, frame: Any) -> Sequence[Any]:
    if not frames.is_frame(frame):
        happened = f"{name}.map: label={label!r} names a column, but the inputs are not a dataframe"
        takes = "a label for each input, or a function of the input's arguments"
        raise InvalidError(compose(happened, takes=takes, do=f"{name}.map(inputs, label=labels)"))
    columns = frames.columns(frame)
    if label not in columns:
        happened = f"{name}.map: label={label!r} is no column of the dataframe"
        found = nearest(label, columns) or f"Its columns: {', '.join(columns[:20])}"
        raise InvalidError(compose(happened, do=found))
    return frames.column(frame, label)


def _text(value: Any) -> str:
    """On one line, short; "" for missing values."""
    if value is None:
        return ""
    try:
        if value != value:
            return ""  # NaN, NaT
        text = str(value)
    except Exception:
        return ""  # such as an array's truth, or pandas' NA: nothing to call an input by
    line = " ".join(text[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
