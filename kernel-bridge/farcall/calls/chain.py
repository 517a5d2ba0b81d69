"""A call and the calls derived from it, as one list of inputs: each has the outcome of the last call that ran it.

Reads what is stored, in input order. Inputs are numbered as in the first call.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from ..client.session import Session
from ..client.waiting import Bell, Steps
from .outcomes import read_page
from .reading import Reading
from .stream import Settled

#: Outcomes in their order, a list at a time; None: wait for the bell, then go on.
Batches = Generator["list[Settled] | None", None, None]
T = TypeVar("T")
_RUN = 16_384


@dataclass(frozen=True)
class Chain:
    """``calls``: ids, the first one first. ``later``: input → (which call, its number there), where not the first's.

    ``kept``: the same for a map that a limited one came before: those that it ran; call ``rest`` has the others.
    """

    calls: tuple[str, ...]
    later: dict[int, tuple[int, int]] = field(default_factory=dict)
    kept: dict[int, tuple[int, int]] = field(default_factory=dict)
    rest: int = 0

    @property
    def last(self) -> str:
        """The call that a next one is derived from."""
        return self.calls[-1]

    def numbers(self, indexes: Sequence[int]) -> list[int]:
        """What the last call's inputs ``indexes`` are called here."""
        number = self.numbering(len(self.calls) - 1)
        return [number[at] if isinstance(number, dict) else number(at) for at in indexes]

    def numbering(self, call: int) -> dict[int, int] | Callable[[int], int]:
        """What the inputs of one of the calls are called here; a dict where there are some that are not here."""
        if call == self.rest:
            return (lambda at: at + bisect_right(self._gaps, at)) if self.kept else lambda at: at
        found = self.later if call > self.rest else self.kept
        return {at: index for index, (later, at) in found.items() if later == call}

    def then(self, call_id: str, numbers: Sequence[int]) -> Chain:
        """The chain with one more call, whose inputs are these."""
        newest = {number: (len(self.calls), at) for at, number in enumerate(numbers)}
        return Chain((*self.calls, call_id), {**self.later, **newest}, self.kept, self.rest)

    def count(self, session: Session, bell: Bell) -> Steps[int]:
        """How many inputs there are, once that is known."""
        with Reading(session, self.calls[self.rest], bell) as reading:
            return len(self.kept) + (yield from reading.sealed())

    def one(self, session: Session, index: int, bell: Bell) -> Steps[Settled]:
        """The outcome of one input, waited for."""
        call_id, at = self.where(index)
        with Reading(session, call_id, bell) as reading:
            _, status, attempt, payload = (yield from reading.page(at, 1))[0]
            return (index, status, attempt, payload)

    def batches(self, session: Session, bell: Bell) -> Batches:
        """All outcomes in input order, each waited for."""
        count = yield from _waited(self.count(session, bell))
        with ExitStack() as stack:
            readings = [stack.enter_context(Reading(session, call, bell)) for call in self.calls]
            index = 0
            while index < count:
                call, at, length = self._run(index, count)
                page = yield from _waited(readings[call].page(at, length))
                yield [(index + number - at, status, attempt, payload) for number, status, attempt, payload in page]
                index += len(page)

    def known(self, session: Session, count: int, bell: Bell) -> Batches:
        """The outcomes that there are now, in input order."""
        index = 0
        while index < count:
            call, at, length = self._run(index, count)
            page = yield from _waited(read_page(session, self.calls[call], at, length, bell))
            yield [(index + number - at, status, attempt, payload) for number, status, attempt, payload in page]
            seen = page[-1][0] + 1 - at if page else length
            index += max(1, seen)

    def where(self, index: int) -> tuple[str, int]:
        """The call that ran an input last, and its number there."""
        call, at = self.place(index)
        return self.calls[call], at

    def source(self, index: int) -> tuple[str, int]:
        """The call that an input was first given to, and its number there."""
        call, at = self._given(index)
        return self.calls[call], at

    def place(self, index: int) -> tuple[int, int]:
        """Which of the calls ran an input last, and its number there."""
        return self.later.get(index) or self._given(index)

    def _given(self, index: int) -> tuple[int, int]:
        if not self.kept:
            return 0, index
        return self.kept.get(index) or (self.rest, index - bisect_left(self._kept, index))

    @cached_property
    def _kept(self) -> list[int]:
        return sorted(self.kept)

    @cached_property
    def _gaps(self) -> list[int]:
        return [index - before for before, index in enumerate(self._kept)]

    def _run(self, index: int, count: int) -> tuple[int, int, int]:
        """The call that ran this input, its number there, and how many from it on are in a row there."""
        call, at = self.place(index)
        if not self.later and not self.kept:
            return call, at, min(_RUN, count - index)
        length = 1
        while index + length < count and length < _RUN and self.place(index + length) == (call, at + length):
            length += 1
        return call, at, length


def _waited(steps: Steps[T]) -> Generator[None, None, T]:
    return (yield from steps)
