"""One container in the eyes of its supervisor, with this process in the container's place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host import start_message

from farcall.container.lease import Lease
from farcall.container.leases import Leases
from farcall.host.container import Container
from farcall.wire.control_page import TIMED_OUT, ContainerPage, word_of
from farcall.wire.messages import InputsRun

#: When the attempt began, its timeout, and a moment after it; seconds.
BEGAN, TIMEOUT, LATER = 100.0, 1.0, 101.5


class Inner:
    """What the container does with its page: a lease of three inputs whose first runs."""

    def __init__(self, folder: Path) -> None:
        self.page = ContainerPage(folder / "page")
        self.leases = Leases(self.page)
        lengths = bytes(12)
        message = InputsRun(lease=1, call_id="fc-1", first=0, count=3, attempt=1, lengths=lengths)
        self.leases.add(Lease(message, memoryview(b"")))
        self.page.lease_begins(1, TIMEOUT)
        self.page.begin(word_of(1, 0), BEGAN)
        self.leases.first.next += 1
        self.signals: list[int] = []

    def on_signal(self, pid: int, _number: int) -> None:
        """Notes why it was signalled, and stands where the container goes on to its next input."""
        assert pid == os.getpid()
        self.signals.append(self.page.cancelled())
        self.leases.heed()


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    made = Container(start_message("co-1"), tmp_path / "co-1", BEGAN)
    yield made
    made.close()


@pytest.fixture
def inner(container: Container, monkeypatch: pytest.MonkeyPatch) -> Inner:
    inner = Inner(container.folder)
    container.started(os.getpid())
    monkeypatch.setattr(os, "kill", inner.on_signal)
    return inner


def test_what_comes_after_an_input_that_ran_out_of_time_is_held_back_before_it_is_told(
    container: Container, inner: Inner
) -> None:
    container.check(LATER)
    assert inner.signals == [TIMED_OUT]
    assert (inner.leases.first.next, inner.leases.first.stop) == (1, 1), "however fast it unwinds, nothing else starts"


def test_an_input_that_is_to_stop_is_told_at_every_look_until_it_has(container: Container, inner: Inner) -> None:
    # The first signal may come while its arguments are being read, which no signal interrupts.
    container.check(LATER)
    container.check(LATER + 0.05)
    assert inner.signals == [TIMED_OUT, TIMED_OUT]
    inner.page.rest()
    container.check(LATER + 0.1)
    assert inner.signals == [TIMED_OUT, TIMED_OUT]
