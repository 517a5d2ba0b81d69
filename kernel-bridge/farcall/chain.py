"""A call and the calls derived from it, as one list of inputs: each has the outcome of the last call that ran it.

Reads what is stored, in input order. Inputs are numbered as in the first call.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TypeVar

from .outcomes import read_page
from .reading import Reading
from .session import Session
from .stream import Settled
from .waiting import Bell, Steps

#: Outcomes in their order, a list at a time; None: wait for the bell, then go on.
Batches = Generator["list[Settled] | None", None, None]
T = TypeVar("T")
_RUN = 16_384


@dataclass(frozen=True)
class Chain:
    """``calls``: ids, the first one first. ``later``: input → (which call, its number there), where not the first's."""

    calls: tuple[str, ...]
    later: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def last(self) -> str:
        """The call that a next one is derived from."""
        return self.calls[-1]

    def numbers(self, indexes: Sequence[int]) -> list[int]:
        """What the last call's inputs ``indexes`` are called here."""
        if len(self.calls) == 1:
            return list(indexes)
        back = {at: index for index, (call, at) in self.later.items() if call == len(self.calls) - 1}
        return [back[at] for at in indexes]

    def then(self, call_id: str, numbers: Sequence[int]) -> Chain:
        """The chain with one more call, whose inputs are these."""
        newest = {number: (len(self.calls), at) for at, number in enumerate(numbers)}
        return Chain((*self.calls, call_id), {**self.later, **newest})

    def count(self, session: Session, bell: Bell) -> Steps[int]:
        """How many inputs there are, once that is known."""
        with Reading(session, self.calls[0], bell) as reading:
            return (yield from reading.sealed())

    def one(self, session: Session, index: int, bell: Bell) -> Steps[Settled]:
        """The outcome of one input, waited for."""
        call, at = self._where(index)
        with Reading(session, self.calls[call], bell) as reading:
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

    def _where(self, index: int) -> tuple[int, int]:
        return self.later.get(index, (0, index))

    def _run(self, index: int, count: int) -> tuple[int, int, int]:
        """The call that ran this input, its number there, and how many from it on are in a row there."""
        call, at = self._where(index)
        if not self.later:
            return call, at, min(_RUN, count - index)
        length = 1
        while index + length < count and length < _RUN and self._where(index + length) == (call, at + length):
            length += 1
        return call, at, length


def _waited(steps: Steps[T]) -> Generator[None, None, T]:
    return (yield from steps)
