"""The control page, both sides of it, also in two processes at once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from farcall.wire.control_page import CANCELLED, DONE, NOTHING, ContainerPage, SupervisorPage, word_of

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
    assert all(supervisor.revoke(lease, 0) for lease in range(1, 65))
    assert supervisor.revoke(65, 0) == 0
    container.lease_ended(1)
    assert supervisor.revoke(65, 0) > 0


def test_a_file_that_is_no_control_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(bytes(4096))
    with pytest.raises(ValueError, match="is not a control page"):
        ContainerPage(tmp_path / "page")


_RUNNER = """
import json, struct, sys, time
from farcall.container.lease import Lease
from farcall.container.leases import Leases
from farcall.wire.control_page import ContainerPage, word_of
from farcall.wire.messages import InputsRun
page, count, size = ContainerPage(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
lengths = struct.pack(f"<{size}I", *[0] * size)
leases, started = Leases(page), {}
for id in range(1, count + 1):
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
    leases, size = 150, 300
    supervisor = SupervisorPage.create(tmp_path / "page")
    command = [sys.executable, "-c", _RUNNER, str(tmp_path / "page"), str(leases), str(size)]
    revoked: dict[int, int] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        dice = random.Random(1)
        while process.poll() is None:
            running = supervisor.running()
            if running is None or running.lease + 1 > leases:
                if running is not None or supervisor.words[DONE] >= leases:
                    break
                continue
            lease = running.lease + dice.choice((0, 0, 1))
            if lease in revoked:
                continue
            asked = min(size, running.index + dice.randrange(100)) if lease == running.lease else dice.randrange(size)
            notice = supervisor.revoke(lease, asked)
            if notice:
                revoked[lease] = _settled(supervisor, lease, asked, notice)
        assert process.stdout is not None
        started = {int(lease): end for lease, end in json.load(process.stdout).items()}
    for lease, end in started.items():
        assert end == min(revoked.get(lease, size), size), f"lease {lease}"
    assert len(revoked) > 10


def _settled(supervisor: SupervisorPage, lease: int, asked: int, notice: int) -> int:
    while True:
        time.sleep(SETTLE_S)
        first = supervisor.revoked_from(lease, asked, notice)
        if first is not None:
            return first
