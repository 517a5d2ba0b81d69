"""The call graph: every input of a call and of the calls beneath it, as a tree. `FunctionCall.get_call_graph` makes it.

What is below an input is read when it is looked at, for many of its neighbours at once, so that the graph of a large
map costs what is looked at. Names follow Modal's `modal.call_graph` and `modal.types`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from . import context
from .calls import graph, graph_text
from .client.asking import connected
from .client.waiting import Bell, drive, drive_async
from .wire.codes import CANCELLED, FAILED, SUCCEEDED, TIMED_OUT

if TYPE_CHECKING:
    from .wire.messages import GraphFolded

#: In the gateway's tables: failed because no container of its function came up.
_NEVER_STARTED = 6


class InputStatus(enum.IntEnum):
    """What became of an input. Queued, starting, running and retrying are all ``PENDING``.

    ``TERMINATED``: it was cancelled. ``INIT_FAILURE``: no container of its function came up.
    """

    PENDING = 0
    SUCCESS = 1
    FAILURE = 2
    TERMINATED = 3
    TIMEOUT = 4
    INIT_FAILURE = 5


_STATUSES = {
    SUCCEEDED: InputStatus.SUCCESS,
    FAILED: InputStatus.FAILURE,
    CANCELLED: InputStatus.TERMINATED,
    TIMED_OUT: InputStatus.TIMEOUT,
    _NEVER_STARTED: InputStatus.INIT_FAILURE,
}


class InputInfo:
    """One input of a call, and what it opened. Made by :class:`CallGraph`; what it says is of when it was looked at.

    Its state and its children are read from the gateway when they are first looked at, and stay as they were then:
    another ``get_call_graph()`` shows what became of them.
    """

    __slots__ = ("_level", "_position")

    def __init__(self, level: graph.Level, position: int) -> None:
        self._level = level
        self._position = position

    @property
    def input_id(self) -> str:
        """What :func:`farcall.current_input_id` says inside it."""
        run, index = self._level.place(self._position)
        return context.input_id(run.call_id, index)

    @property
    def function_call_id(self) -> str:
        """The call it belongs to, ``fc-…``."""
        return self._level.place(self._position)[0].call_id

    @property
    def task_id(self) -> str:
        """The container that runs it, or that brought its outcome, ``co-…``; empty: none did."""
        return self._state.container

    @property
    def status(self) -> InputStatus:
        """What became of it."""
        return _STATUSES.get(self._state.state, InputStatus.PENDING)

    @property
    def function_name(self) -> str:
        """Its function's name; of a method ``Class.method``."""
        return self._level.place(self._position)[0].name.name

    @property
    def module_name(self) -> str:
        """The module in which its function is defined; ``__main__`` in a notebook or a script."""
        return self._level.place(self._position)[0].name.module

    @property
    def children(self) -> Inputs:
        """The inputs of the calls that it opened, in the order of opening, whichever thread opened them."""
        return Inputs(*self._level.beneath(self._position))

    @property
    def started_at(self) -> float | None:
        """When its last attempt began, Unix seconds; None: not yet, or not known.

        From the container's clock, and known once the input has ended; while it runs, for calls of one input.
        """
        return self._state.started or None

    @property
    def ended_at(self) -> float | None:
        """When its outcome reached the gateway, Unix seconds; None: it did not, or no container made it."""
        return self._state.ended or None

    @property
    def attempts(self) -> int:
        """How often it was tried, the running attempt included; 1 before the first."""
        return self._state.attempt

    @property
    def _state(self) -> graph.State:
        return self._level.state(self._position)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InputInfo) and other.input_id == self.input_id

    def __hash__(self) -> int:
        return hash(self.input_id)

    def __repr__(self) -> str:
        return f"InputInfo(input_id={self.input_id!r}, function_name={self.function_name!r})"


class Inputs(Sequence[InputInfo]):
    """Inputs of a level. It behaves as a list that is not changed: length, index, slice, ``==``, ``+``."""

    def __init__(self, level: graph.Level, first: int, count: int) -> None:
        self._level = level
        self._first = first
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> InputInfo: ...
    @overload
    def __getitem__(self, index: slice) -> list[InputInfo]: ...

    def __getitem__(self, index: int | slice) -> InputInfo | list[InputInfo]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(self._count))]
        at = index + self._count if index < 0 else index
        if not 0 <= at < self._count:
            raise IndexError(f"input {index} of {self._count}")
        return InputInfo(self._level, self._first + at)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and list(self) == list(other)

    def __add__(self, other: Sequence[InputInfo]) -> list[InputInfo]:
        return [*self, *other]

    def __radd__(self, other: Sequence[InputInfo]) -> list[InputInfo]:
        return [*other, *self]

    def __repr__(self) -> str:
        names = ", ".join(map(repr, self[:3]))
        return f"[{names}{f', … {self._count - 3:,} more' if self._count > 3 else ''}]"


class CallGraph(Inputs):
    """The roots of a call graph: the inputs of the call that nobody above opened. Printed it is a tree."""

    def __init__(self, call_id: str, level: graph.Level) -> None:
        super().__init__(level, 0, len(level))
        self._call_id = call_id
        self._folded: GraphFolded | None = None

    @property
    def root_id(self) -> str:
        """The id of the call at the root."""
        return self._level.runs[0].call_id

    @property
    def folded(self) -> GraphFolded:
        """The whole tree folded by call path, as of the first look at it: counts, durations and shares of each path."""
        if self._folded is None:
            bell = Bell()
            self._folded = drive(graph.folded(self._call_id, bell), bell)
        return self._folded

    def walk(self) -> Iterator[InputInfo]:
        """Every input, a parent before what it opened."""
        waiting = [iter(self)]
        while waiting:
            found = next(waiting[-1], None)
            if found is None:
                waiting.pop()
                continue
            yield found
            waiting.append(iter(found.children))

    def __str__(self) -> str:
        return graph_text.tree(self.folded, lambda: self._lines(self, ""))

    def _lines(self, inputs: Inputs, indent: str) -> Iterator[str]:
        for at, one in enumerate(inputs):
            is_last = at == len(inputs) - 1
            is_root = inputs is self
            branch, below = ("", "") if is_root else ("└─ ", "   ") if is_last else ("├─ ", "│  ")
            took = one.ended_at - one.started_at if one.ended_at and one.started_at else None
            facts = graph_text.facts(one.status.name, one.attempts, took)
            yield f"{indent}{branch}{one.function_name} · {facts} · {one.input_id}"
            yield from self._lines(one.children, indent + below)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def __repr__(self) -> str:
        return f"<farcall.CallGraph of {self.root_id}: {self._count:,} input{'s'[: self._count != 1]}>"


def graph_of(call_id: str) -> CallGraph:
    """The graph of a call's whole tree."""
    bell = Bell()
    return CallGraph(call_id, drive(graph.root(call_id, bell), bell))


async def graph_of_async(call_id: str) -> CallGraph:
    """:func:`graph_of` in the running event loop. Reads up to 10,000 inputs ahead, so that they are there."""
    await connected()
    bell = Bell()
    level = await drive_async(graph.root(call_id, bell), bell)
    await drive_async(graph.read_ahead(level, bell), bell)
    return CallGraph(call_id, level)
