"""The control page, both sides of it, also in two processes at once."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from farcall.container.lease import Lease
from farcall.container.leases import Leases
from farcall.wire.control_page import CANCELLED, NOTHING, ContainerPage, SupervisorPage, word_of
from farcall.wire.messages import InputsRun

#: Longer than the stores of one processor take to reach another.
SETTLE_S = 0.0015


@pytest.fixture
def sides(tmp_path: Path) -> tuple[SupervisorPage, ContainerPage]:
    supervisor = SupervisorPage.create(tmp_path / "page")
    return supervisor, ContainerPage(tmp_path / "page")


def test_the_supervisor_sees_what_runs(sides: tuple[SupervisorPage, ContainerPage]) -> None:
    supervisor, container = sides
    container.lease_begins(attempt=2, timeout=30.0)
    container.output_grew(10, 20)
    assert supervisor.running() is None
    assert container.begin(word_of(7, 5), 123.5)
    running = supervisor.running()
    assert running is not None
    assert (running.lease, running.index, running.started, running.attempt) == (7, 5, True, 2)
    assert (running.since, running.timeout, running.out, running.err) == (123.5, 30.0, 10, 20)
    container.rest()
    assert supervisor.running() is None


def test_a_notice_holds_the_next_input_back_until_it_was_heeded(sides: tuple[SupervisorPage, ContainerPage]) -> None:
    supervisor, container = sides
    supervisor.revoke(7, 5)
    assert not container.begin(word_of(7, 5), 0.0)
    asked: list[tuple[int, int]] = []
    container.heed(lambda lease, first: asked.append((lease, first)) or first)  # type: ignore[func-returns-value]
    assert asked == [(7, 5)]
    assert container.begin(word_of(8, 0), 0.0)


def test_a_revoke_answers_where_the_lease_really_ends(sides: tuple[SupervisorPage, ContainerPage]) -> None:
    supervisor, container = sides
    container.begin(word_of(7, 5), 0.0)
    notice = supervisor.revoke(7, 3)
    assert supervisor.revoked_from(7, 3, notice) == 6, "5 has started, so 6 is the first that will not"
    assert supervisor.revoked_from(7, 9, notice) == 9
    assert supervisor.revoked_from(8, 0, notice) == 0, "a later lease has not begun"


def test_an_input_between_announcement_and_start_is_undecided(sides: tuple[SupervisorPage, ContainerPage]) -> None:
    supervisor, container = sides
    notice = supervisor.revoke(7, 5)
    assert not container.begin(word_of(7, 5), 0.0)
    assert supervisor.revoked_from(7, 5, notice) is None
    container.heed(lambda _lease, first: first)
    container.rest()
    assert supervisor.revoked_from(7, 5, notice) == 5


def test_a_lease_that_ended_before_the_revoke_keeps_everything(sides: tuple[SupervisorPage, ContainerPage]) -> None:
    supervisor, container = sides
    container.begin(word_of(7, 9), 0.0)
    container.rest()
    notice = supervisor.revoke(7, 4)
    assert supervisor.revoked_from(7, 4, notice) == 10, "it may go on after 9: 10 is the first that will not start"
    container.lease_ended(7)
    assert supervisor.revoked_from(7, 4, notice) == NOTHING


def test_only_the_named_input_is_cancelled(sides: tuple[SupervisorPage, ContainerPage]) -> None:
    supervisor, container = sides
    container.begin(word_of(7, 5), 0.0)
    running = supervisor.running()
    assert running is not None
    supervisor.cancel(running.word, CANCELLED)
    assert container.cancelled() == CANCELLED
    container.heed(lambda _lease, first: first)
    container.begin(word_of(7, 6), 0.0)
    assert container.cancelled() == 0


def test_a_full_table_says_so_and_frees_itself_as_leases_end(sides: tuple[SupervisorPage, ContainerPage]) -> None:
    supervisor, container = sides
    notices = [supervisor.revoke(lease, 0) for lease in range(1, 65)]
    assert all(notices)
    assert supervisor.revoke(65, 0) == 0
    container.lease_ended(1)
    assert supervisor.revoked_from(1, 0, notices[0]) == NOTHING
    assert supervisor.revoke(65, 0) > 0


def test_a_file_that_is_no_control_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(bytes(4096))
    with pytest.raises(ValueError, match="is not a control page"):
        ContainerPage(tmp_path / "page")


def test_a_revoke_that_waits_for_its_answer_keeps_its_place(sides: tuple[SupervisorPage, ContainerPage]) -> None:
    supervisor, container = sides
    notices = {lease: supervisor.revoke(lease, lease) for lease in range(1, 65)}
    container.heed(lambda _lease, first: first)
    container.lease_ended(64)
    assert supervisor.revoke(65, 0) == 0, "none of them was answered"
    assert [supervisor.revoked_from(lease, lease, notices[lease]) for lease in notices] == list(range(1, 65))
    assert supervisor.revoke(65, 0) > 0


class Puppet:
    """A container in a thread, which makes one step on shared memory whenever it is told to."""

    def __init__(self, page: ContainerPage, size: int, leases: int) -> None:
        self.started: dict[int, int] = {}
        self.is_over = False
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        page.words = Stepped(page.words, self._step)  # type: ignore[assignment]
        self._thread = threading.Thread(target=self._run, args=(page, size, leases), daemon=True)
        self._thread.start()

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            if self.is_over:
                return
            self._go.release()
            self._done.acquire()

    def _step(self) -> None:
        self._done.release()
        self._go.acquire()

    def _run(self, page: ContainerPage, size: int, count: int) -> None:
        self._go.acquire()
        leases, lengths = Leases(page), struct.pack(f"<{size}I", *[0] * size)
        for id in range(1, count + 1):
            message = InputsRun(lease=id, call_id="fc-", first=0, count=size, attempt=1, lengths=lengths)
            lease = Lease(message, memoryview(b""))
            leases.add(lease)
            while lease.next < lease.stop:
                if not page.begin(word_of(id, lease.next), 0.0):
                    page.rest()
                    leases.heed()
                    continue
                lease.take(None)  # type: ignore[arg-type]
            page.rest()
            leases.end(lease)
            self.started[id] = lease.next
        self.is_over = True
        self._done.release()


class Stepped:
    """Shared memory; ``step`` is called before each look and each change. The table of revokes is read in one go."""

    def __init__(self, words: memoryview, step: Callable[[], None]) -> None:
        self._words = words
        self._step = step

    def __getitem__(self, slot: int) -> int:
        if slot < 32:
            self._step()
        return int(self._words[slot])

    def __setitem__(self, slot: int, word: int) -> None:
        self._step()
        self._words[slot] = word

    def release(self) -> None:
        self._words.release()


def test_a_revoke_is_answered_right_whatever_happens_between_two_looks(tmp_path: Path) -> None:
    """Model: 800 ways to weave the steps of both sides into each other."""
    size, leases = 3, 2
    for seed in range(800):
        dice = random.Random(seed)
        supervisor = SupervisorPage.create(tmp_path / str(seed))
        words: Any = supervisor.words
        puppet = Puppet(ContainerPage(tmp_path / str(seed)), size, leases)
        puppet.go_on(dice.randrange(30))
        lease, asked = dice.randint(1, leases), dice.randrange(size)
        notice = supervisor.revoke(lease, asked)
        puppet.go_on(dice.randrange(30))
        jump = dice.randrange(6)

        def between(left: list[int] = [jump], puppet: Puppet = puppet, dice: random.Random = dice) -> None:  # noqa: B006
            left[0] -= 1
            if left[0] == 0:
                puppet.go_on(dice.randrange(30))

        supervisor.words = Stepped(words, between)  # type: ignore[assignment]
        while (first := supervisor.revoked_from(lease, asked, notice)) is None:
            puppet.go_on(1)
        puppet.go_on(1000)
        assert puppet.started[lease] == min(first, size), f"seed {seed}: lease {lease}, asked {asked}"
        (tmp_path / str(seed)).unlink()


_RUNNER = """
import json, struct, sys, time
from farcall.container.lease import Lease
from farcall.container.leases import Leases
from farcall.wire.control_page import ContainerPage, word_of
from farcall.wire.messages import InputsRun
page, size, id = ContainerPage(sys.argv[1]), int(sys.argv[2]), 0
lengths = struct.pack(f"<{size}I", *[0] * size)
leases, started = Leases(page), {}
while not page.draining:
    id += 1
    lease = Lease(InputsRun(lease=id, call_id="fc-", first=0, count=size, attempt=1, lengths=lengths), memoryview(b""))
    leases.add(lease)
    while lease.next < lease.stop:
        if not page.begin(word_of(id, lease.next), time.monotonic()):
            page.rest()
            leases.heed()
            continue
        lease.take(None)
    page.rest()
    leases.end(lease)
    started[id] = lease.next
    if id % 5 == 0:
        time.sleep(0.0005)
json.dump(started, sys.stdout)
"""


def test_no_input_is_lost_or_run_twice_by_revokes_in_a_race(tmp_path: Path) -> None:
    """What the container started and what the supervisor was told will not start: each input is in exactly one."""
    size = 300
    supervisor = SupervisorPage.create(tmp_path / "page")
    command = [sys.executable, "-c", _RUNNER, str(tmp_path / "page"), str(size)]
    revoked: dict[int, int] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        dice = random.Random(1)
        while len(revoked) < 60:
            assert process.poll() is None
            running = supervisor.running()
            lease = running.lease + dice.choice((0, 0, 1)) if running is not None else 0
            if running is None or lease in revoked:
                continue
            asked = min(size, running.index + dice.randrange(100)) if lease == running.lease else dice.randrange(size)
            notice = supervisor.revoke(lease, asked)
            if notice:
                revoked[lease] = _settled(supervisor, lease, asked, notice)
        supervisor.drain()
        assert process.stdout is not None
        started = {int(lease): end for lease, end in json.load(process.stdout).items()}
    for lease, end in started.items():
        assert end == min(revoked.get(lease, size), size), f"lease {lease}"


def _settled(supervisor: SupervisorPage, lease: int, asked: int, notice: int) -> int:
    while True:
        time.sleep(SETTLE_S)
        first = supervisor.revoked_from(lease, asked, notice)
        if first is not None:
            return first
