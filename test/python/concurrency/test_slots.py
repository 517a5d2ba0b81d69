"""The slots of a control page, and what the supervisor makes of cancels and timeouts: with pages, without processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from farcall.host.several import Several
from farcall.wire.control_page import CANCELLED, TIMED_OUT, ContainerPage, SupervisorPage, word_of
from farcall.wire.slots import ContainerSlots

NOW = 1_000.0


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[tuple[SupervisorPage, ContainerPage]]:
    supervisor = SupervisorPage.create(tmp_path / "page")
    container = ContainerPage(tmp_path / "page")
    yield supervisor, container
    supervisor.close()
    container.close()


Pages = tuple[SupervisorPage, ContainerPage]


def begin(slots: ContainerSlots, lease: int, at: float = NOW, index: int = 0) -> int:
    slot = slots.begin(word_of(lease, index), at)
    assert slot is not None
    return slot


def test_the_supervisor_sees_what_runs(pages: Pages) -> None:
    supervisor, container = pages
    slots = ContainerSlots(container, 3)
    first, second = begin(slots, 1), begin(slots, 2, index=7)
    assert set(Several(supervisor).running) == {(1, 0), (2, 7)}
    slots.end(first)
    assert Several(supervisor).running == ((2, 7),)
    slots.end(second)
    assert Several(supervisor).running == ()


def test_a_notice_comes_before_an_input_begins(pages: Pages) -> None:
    supervisor, container = pages
    slots = ContainerSlots(container, 3)
    supervisor.revoke(5, 0)
    assert slots.begin(word_of(5, 0), NOW) is None
    assert Several(supervisor).running == ()
    container.heed(lambda _lease, first: first)
    assert slots.begin(word_of(6, 0), NOW) is not None


def test_a_cancel_reaches_one_input(pages: Pages) -> None:
    supervisor, container = pages
    slots, several = ContainerSlots(container, 3), Several(supervisor)
    first, second = begin(slots, 1), begin(slots, 2)
    several.cancel(2, 0, 1.0, NOW)
    assert (slots.cancelled(first), slots.cancelled(second)) == (0, CANCELLED)


def test_an_input_that_does_not_end_within_its_grace_is_named(pages: Pages) -> None:
    supervisor, container = pages
    slots, several = ContainerSlots(container, 3), Several(supervisor)
    begin(slots, 1)
    begin(slots, 2)
    several.cancel(2, 0, 1.0, NOW)
    assert several.check(NOW + 0.9)[1] is None
    overdue = several.check(NOW + 1.1)[1]
    assert overdue is not None
    assert (overdue.why, overdue.lease, overdue.index) == ("cancelled", 2, 0)


def test_an_input_that_ends_in_time_costs_nothing(pages: Pages) -> None:
    supervisor, container = pages
    slots, several = ContainerSlots(container, 3), Several(supervisor)
    slot = begin(slots, 2)
    several.cancel(2, 0, 1.0, NOW)
    slots.end(slot)
    container.heed(lambda _lease, first: first)
    begin(slots, 3)
    assert several.check(NOW + 2)[1] is None


def test_a_cancel_waits_for_an_input_that_is_on_its_way(pages: Pages) -> None:
    supervisor, container = pages
    slots, several = ContainerSlots(container, 3), Several(supervisor)
    several.cancel(2, 0, 1.0, NOW)
    container.heed(lambda _lease, first: first)
    slot = begin(slots, 2, NOW + 1)
    assert several.check(NOW + 2)[0], "the container is signalled"
    assert slots.cancelled(slot) == CANCELLED


def test_each_input_has_its_own_timeout(pages: Pages) -> None:
    supervisor, container = pages
    slots, several = ContainerSlots(container, 3), Several(supervisor)
    container.lease_begins(1, 10.0)
    late, early = begin(slots, 1, NOW), begin(slots, 2, NOW + 5)
    several.check(NOW + 11)
    assert (slots.cancelled(late), slots.cancelled(early)) == (TIMED_OUT, 0)
    overdue = several.check(NOW + 17)[1]
    assert overdue is not None
    assert (overdue.why, overdue.lease) == ("timeout", 1)


def test_a_batch_is_stopped_only_when_nobody_wants_it(pages: Pages) -> None:
    supervisor, container = pages
    slots, several = ContainerSlots(container, 3, together=True), Several(supervisor)
    begin(slots, 1)
    begin(slots, 2)
    several.cancel(1, 0, 1.0, NOW)
    assert several.check(NOW + 5)[1] is None
    several.cancel(2, 0, 1.0, NOW + 5)
    assert several.check(NOW + 7)[1] is not None


def test_more_cancels_than_the_page_has_revokes(pages: Pages) -> None:
    supervisor, container = pages
    slots, several = ContainerSlots(container, 200), Several(supervisor)
    running = {lease: begin(slots, lease) for lease in range(1, 201)}
    for lease in running:
        several.cancel(lease, 0, 1.0, NOW)
    assert all(slots.cancelled(slot) == CANCELLED for slot in running.values())


def test_a_page_without_slots_is_one_of_one_input(pages: Pages) -> None:
    supervisor, container = pages
    assert supervisor.slots == 0
    ContainerSlots(container, 1_000)
    assert supervisor.slots == 1_000
