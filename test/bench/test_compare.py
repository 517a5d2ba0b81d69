"""Two builds are told apart by the pairs they were measured in, not by one lucky figure."""

from __future__ import annotations

import random

import pytest

from test.bench.compare import Comparison, needed


def test_a_build_slower_in_every_pair_is_flagged() -> None:
    assert Comparison([1.0] * 9, [1.3] * 9).is_slower


def test_equal_builds_are_not_flagged() -> None:
    assert not Comparison([1.0] * 9, [1.0] * 9).is_slower


def test_a_disturbance_of_whole_pairs_is_not_taken_for_a_slower_build() -> None:
    noise = [1.0, 5.0, 1.2, 9.0, 1.1, 3.0, 1.0, 2.0, 7.0]
    assert not Comparison(noise, noise).is_slower
    assert Comparison(noise, [figure * 1.2 for figure in noise]).is_slower


def test_a_few_very_slow_turns_are_not_taken_for_a_slower_build() -> None:
    assert not Comparison([1.0] * 9, [50.0, 40.0, 30.0] + [0.99] * 6).is_slower


def test_a_difference_below_a_tenth_is_not_flagged_however_steady() -> None:
    assert not Comparison([1.0] * 20, [1.05] * 20).is_slower


def test_noisy_equal_builds_are_seldom_flagged_and_noisy_slow_ones_often() -> None:
    dice = random.Random(20261121)

    def flagged(slower: float) -> int:
        pairs = [
            ([dice.lognormvariate(0, 0.2) for _ in range(9)], [slower * dice.lognormvariate(0, 0.2) for _ in range(9)])
            for _ in range(200)
        ]
        return sum(Comparison(before, after).is_slower for before, after in pairs)

    assert flagged(1.0) <= 8
    assert flagged(2.0) >= 190


@pytest.mark.parametrize(("pairs", "agreeing"), [(6, 6), (9, 8), (20, 16)])
def test_more_pairs_need_a_smaller_majority(pairs: int, agreeing: int) -> None:
    assert needed(pairs) == agreeing


def test_too_few_pairs_can_never_tell() -> None:
    assert needed(5) == 6
