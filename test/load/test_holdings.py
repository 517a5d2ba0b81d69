"""What grew is complained of; what was taken once and kept is not."""

from __future__ import annotations

from test.load.holdings import Series


def memory(*samples: float) -> Series:
    return Series("gateway, memory", "MB", 500, list(samples))


def test_a_steady_process_is_well() -> None:
    assert memory(100, 120, 121, 119, 120, 122, 121, 120).growth == ""


def test_what_is_taken_while_warming_up_is_not_growth() -> None:
    assert memory(20, 150, 150, 151, 150, 150, 150, 151).growth == ""


def test_steady_growth_is_complained_of() -> None:
    assert memory(*range(100, 260, 10)).growth.startswith("gateway, memory grew from")


def test_one_spike_is_not_growth_but_has_a_limit() -> None:
    assert memory(100, 100, 100, 100, 100, 400, 100, 100).growth == ""
    assert memory(100, 100, 100, 100, 100, 600, 100, 100).excess == "gateway, memory reached 600 MB, more than 500"


def test_a_run_without_samples_has_nothing_to_say() -> None:
    assert memory().growth == ""
