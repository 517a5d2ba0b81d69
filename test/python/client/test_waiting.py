"""Waits are interruptible, and no interrupt is lost: not one that comes with what was waited for, nor right after."""

from __future__ import annotations

import signal
from types import FrameType

import pytest

from farcall.client.waiting import Bell, Interrupted, Steps, Wait, drive, settle


def rung() -> Bell:
    bell = Bell()
    bell.ring()
    return bell


def interrupted_with_its_result() -> Steps[str]:
    yield
    signal.raise_signal(signal.SIGINT)
    return "it came at the same moment"


def test_an_interrupt_that_comes_with_the_result_interrupts() -> None:
    with pytest.raises(Interrupted):
        drive(interrupted_with_its_result(), rung())


def test_and_the_steps_of_an_interrupt_are_taken() -> None:
    taken = []

    def steps() -> Steps[None]:
        taken.append("cancelled")
        yield from ()

    with pytest.raises(Interrupted):
        drive(interrupted_with_its_result(), rung(), interrupted=steps)
    assert taken == ["cancelled"]


def test_an_interrupt_that_the_wait_did_not_see_is_for_whoever_handles_them_outside() -> None:
    with pytest.raises(KeyboardInterrupt), Wait(Bell()):
        signal.raise_signal(signal.SIGINT)


def test_with_a_handler_of_the_users_own_it_is_called_once() -> None:
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGINT, hear)
    try:
        with Wait(Bell()):
            signal.raise_signal(signal.SIGINT)
            assert heard == [], "not while it waits"
        with Wait(Bell()) as wait:
            signal.raise_signal(signal.SIGINT)
            assert wait.interrupts == 1, "seen, so it is the waiter's"
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_a_second_interrupt_ends_what_the_first_one_waits_for() -> None:
    def never() -> Steps[None]:
        while True:
            yield

    with Wait(Bell(), interrupts=1) as wait:
        signal.raise_signal(signal.SIGINT)
        settle(never(), rung(), wait)
