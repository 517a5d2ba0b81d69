"""However inputs are cut, acknowledged, lost and sent again: the other side has each of them once, in order."""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Callable, Iterator
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from farcall.calls.feed import Feed
from farcall.calls.pump import CHUNK_BYTES, CHUNK_INPUTS, Pump
from farcall.client.lifeline import Frame
from farcall.client.session import Session
from farcall.client.waiting import Bell
from farcall.values import serialize
from farcall.wire.blobs import BLOB_ABOVE
from farcall.wire.codes import IN_BLOB
from farcall.wire.messages import CallSeal, InputsPut

CALL = "fc-" + "A" * 32


class Line:
    """The gateway's end of a session: what was sent waits here until it is delivered, or lost."""

    def __init__(self) -> None:
        self.under_way: list[Frame] = []
        self.inputs: list[bytes] = []
        self.sealed = -1
        self.largest = 0
        self._stored: dict[str, bytes] = {}

    # ── what feed and pump ask of their session

    @property
    def blobs(self) -> Line:
        return self

    def write(self, parts: list[serialize.Buffer]) -> str:
        name = f"bl-{len(self._stored)}"
        self._stored[name] = b"".join(parts)
        return name

    def post_due(self, due: Callable[[], list[Frame]]) -> None:
        self.under_way += due()

    def flush_soon(self, sender: Any) -> None:
        sender.flush()

    def send_for(self, call_id: str, sender: object) -> None:
        """It would be asked to say everything again after a lost connection."""

    def sent(self, call_id: str) -> None:
        """It need not be asked any more."""

    # ── what happens to what was sent

    def deliver(self, feed: Feed) -> None:
        """All that is under way arrives, and is acknowledged."""
        for message, payload in self.under_way:
            if isinstance(message, CallSeal):
                self.sealed = message.count
            elif isinstance(message, InputsPut):
                self._enter(message, bytes(payload))
        self.under_way.clear()
        feed.accepted(len(self.inputs))
        if self.sealed == len(self.inputs):
            feed.sealed()

    def lose(self, feed: Feed) -> None:
        """The connection breaks, and a new one is told what was not acknowledged."""
        self.under_way = feed.unacknowledged()

    def _enter(self, message: InputsPut, payload: bytes) -> None:
        lengths = array("I", bytes(message.lengths))
        assert len(lengths) == message.count <= CHUNK_INPUTS + 64
        assert message.first <= len(self.inputs), "a gap"
        blobs, at, found = iter(message.blobs or ()), 0, []
        for length in lengths:
            if length == IN_BLOB:
                found.append(self._stored[next(blobs)])
            else:
                found.append(payload[at : at + length])
                at += length
        assert at == len(payload)
        self.largest = max(self.largest, len(payload))
        self.inputs += found[len(self.inputs) - message.first :]


class Zeros(int):
    """So many bytes: short to read where a test fails."""


VALUES = st.one_of(
    st.integers(),
    st.text(max_size=20),
    st.none() | st.booleans() | st.floats(allow_nan=False),
    st.sampled_from([30_000, 70_000, BLOB_ABOVE, BLOB_ABOVE + 1]).map(Zeros),
    st.lists(st.integers(0, 9), max_size=3),
)
#: Many of one kind (which go in strides), among few of any kind.
RUNS = st.lists(st.tuples(VALUES, st.sampled_from([1, 1, 1, 70, 1500])), max_size=6)
STEPS = st.lists(st.sampled_from(["pull 1", "pull 50", "pull 5000", "flush", "deliver", "lose"]), max_size=20)


def expanded(runs: list[tuple[object, int]]) -> list[object]:
    values: list[object] = []
    for value, count in runs:
        values += [bytes(value)] if isinstance(value, Zeros) else [value] * count
    return values


def arguments(values: list[object]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    return iter([((value,), {}) for value in values])


def take(line: Line, feed: Feed, pump: Pump, step: str) -> None:
    if step.startswith("pull"):
        pump.pull(int(step.split()[1]))
    elif step == "flush":
        pump.flush()
    elif step == "deliver":
        line.deliver(feed)
    else:
        line.lose(feed)


@settings(deadline=None)
@given(RUNS, STEPS, st.booleans())
def test_inputs_arrive_once_and_in_order_however_they_are_cut(
    runs: list[tuple[object, int]], steps: list[str], is_sized: bool
) -> None:
    values = expanded(runs)
    line = Line()
    session = cast(Session, line)
    feed = Feed(session, CALL, Bell())
    pump = Pump(session, feed, arguments(values), is_sized=is_sized)
    for step in steps:
        take(line, feed, pump, step)
    while not pump.is_exhausted:
        pump.pull(10_000)
    pump.cut()
    feed.seal()
    feed.flush()
    while not feed.is_durable:
        line.deliver(feed)
    assert [serialize.loads(one)[0][0] for one in line.inputs] == values
    assert line.sealed == feed.count == pump.pulled == len(values)
    assert line.largest < CHUNK_BYTES + 64 * len(pickle.dumps(bytes(70_000)))
