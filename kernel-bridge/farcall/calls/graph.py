"""Levels of a call graph, read from the gateway as they are looked at: which calls some inputs opened, and what state
their inputs are in.

`farcall.call_graph` makes what people see of them. A level is every call that was found together, its inputs in a row;
states are read a page at a time, and the calls beneath an input come with those beneath the inputs after it.
"""

from __future__ import annotations

import bisect
import itertools
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from ..client.asking import answered
from ..client.session import Session
from ..client.waiting import Bell, Steps, drive
from ..wire.messages import (
    GraphCalls,
    GraphChildren,
    GraphFold,
    GraphFolded,
    GraphInputs,
    GraphName,
    GraphRoot,
    GraphStates,
    Message,
)

T = TypeVar("T")
#: Inputs whose states are read at once; the gateway answers for at most as many calls.
PAGE = 1_000
#: Calls that are read ahead beneath the inputs of a page.
AHEAD = 10_000


class Run(NamedTuple):
    """A call of a level: its function, and how many inputs it has."""

    call_id: str
    name: GraphName
    inputs: int


class State(NamedTuple):
    """One input: its state on the wire, attempt, times (Unix seconds, 0 = none) and container."""

    state: int
    attempt: int
    started: float
    ended: float
    container: str


class Spread(NamedTuple):
    """A stretch of a level: the inputs that lie beneath one input."""

    level: Level
    first: int
    size: int


class Page:
    """A page of states, as the tables that came."""

    def __init__(self, reply: GraphStates) -> None:
        self._reply = reply
        self._containers = ("", *reply.containers)

    def state(self, at: int) -> State:
        reply = self._reply
        attempt, container = (memoryview(table).cast("I")[at] for table in (reply.attempts, reply.container))
        started, ended = (memoryview(table).cast("d")[at] for table in (reply.started, reply.ended))
        return State(reply.states[at], attempt, started, ended, self._containers[container])


class Level:
    """Inputs of calls that were found together, addressed by their position. Reads by itself what it is asked for."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        self._ends = list(itertools.accumulate(run.inputs for run in runs))
        self._pages: dict[int, Page] = {}
        self._beneath: dict[int, Spread] = {}

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def place(self, position: int) -> tuple[Run, int]:
        """The call of an input, and its index there."""
        at = bisect.bisect_right(self._ends, position)
        return self.runs[at], position - (self._ends[at] - self.runs[at].inputs)

    def state(self, position: int) -> State:
        """What is known of an input; asks the gateway once a page."""
        page = position // PAGE
        if page not in self._pages:
            bell = Bell()
            drive(self.read(page, bell), bell)
        return self._pages[page].state(position % PAGE)

    def beneath(self, position: int) -> Spread:
        """The inputs of the calls that this one opened; asks the gateway once for many inputs."""
        if position not in self._beneath:
            bell = Bell()
            drive(self.look_beneath(position, bell), bell)
        return self._beneath[position]

    def knows_beneath(self, position: int) -> bool:
        """Whether :meth:`beneath` waits for nothing."""
        return position in self._beneath

    def read(self, page: int, bell: Bell) -> Steps[None]:
        """Reads a page of states."""
        runs = list(self._stretches(page * PAGE, min(len(self), (page + 1) * PAGE)))
        reply = yield from _asked(
            GraphInputs(
                request=0,
                calls=tuple(run.call_id for run, _, _ in runs),
                firsts=_u32(first for _, first, _ in runs),
                counts=_u32(count for _, _, count in runs),
            ),
            GraphStates,
            bell,
        )
        self._pages[page] = Page(reply)

    def look_beneath(self, position: int, bell: Bell) -> Steps[None]:
        """Reads which calls an input opened, and those after it on its page, as far as `AHEAD` goes."""
        end = min(len(self), (position // PAGE + 1) * PAGE)
        end = next((later for later in range(position + 1, end) if later in self._beneath), end)
        found: list[tuple[int, Run]] = []
        at, after = position, 0
        while True:
            runs = list(self._stretches(at, end))
            starts = list(itertools.accumulate((count for _, _, count in runs), initial=at))
            reply = yield from _asked(
                GraphChildren(
                    request=0,
                    calls=tuple(run.call_id for run, _, _ in runs),
                    firsts=_u32(first for _, first, _ in runs),
                    counts=_u32(count for _, _, count in runs),
                    after=after,
                ),
                GraphCalls,
                bell,
            )
            for asked, index, run in _children(reply):
                found.append((starts[asked] + index - runs[asked][1], run))
            if not reply.more:
                break
            at, after = found[-1][0], reply.after
            if len(found) >= AHEAD and at > position:
                end = at  # what lies beneath this one is not all here
                found = [child for child in found if child[0] < at]
                break
        self._note(position, end, found)

    def _note(self, first: int, end: int, found: Sequence[tuple[int, Run]]) -> None:
        level = Level([run for _, run in found])
        inputs, at = 0, 0
        for position in range(first, end):
            began = inputs
            while at < len(found) and found[at][0] == position:
                inputs += found[at][1].inputs
                at += 1
            self._beneath[position] = Spread(level, began, inputs - began)

    def _stretches(self, first: int, end: int) -> Iterable[tuple[Run, int, int]]:
        """The calls of inputs [first, end), each with its first index and how many."""
        while first < end:
            at = bisect.bisect_right(self._ends, first)
            begin = self._ends[at] - self.runs[at].inputs
            stop = min(end, self._ends[at])
            yield self.runs[at], first - begin, stop - first
            first = stop


def root(call_id: str, bell: Bell) -> Steps[Level]:
    """The level of the call at the root of a call's tree. Raises ``NotFoundError``."""
    reply = yield from _asked(GraphRoot(request=0, call_id=call_id), GraphCalls, bell)
    return Level([run for _, _, run in _children(reply)])


def folded(call_id: str, bell: Bell) -> Steps[GraphFolded]:
    """The whole tree of a call, folded by call path."""
    return (yield from _asked(GraphFold(request=0, call_id=call_id), GraphFolded, bell))


def read_ahead(level: Level, bell: Bell) -> Steps[None]:
    """Reads what is beneath a level, at most `AHEAD` inputs, so that looking at it waits for nothing."""
    levels, left = [level], AHEAD
    while levels and left > 0:
        here = levels.pop(0)
        for position in range(min(left, len(here))):
            if position % PAGE == 0:
                yield from here.read(position // PAGE, bell)
            if not here.knows_beneath(position):
                yield from here.look_beneath(position, bell)
                levels.append(here.beneath(position).level)
        left -= len(here)


def _asked(message: Message, kind: type[T], bell: Bell) -> Steps[T]:
    return (yield from answered(Session.current(), message, kind, bell))


def _children(reply: GraphCalls) -> Iterable[tuple[int, int, Run]]:
    """Each call with which of those asked opened it, and which input of that."""
    asked, indexes = (memoryview(table).cast("I") for table in (reply.asked, reply.indexes))
    functions, inputs = (memoryview(table).cast("I") for table in (reply.functions, reply.inputs))
    for at, call_id in enumerate(reply.calls):
        run = Run(call_id, reply.names[functions[at]], inputs[at])
        yield (asked[at], indexes[at], run) if asked else (0, 0, run)


def _u32(numbers: Iterable[int]) -> bytes:
    return array("I", numbers).tobytes()
