"""A table's line says met only when every goal is, and says so when it cannot tell."""

from __future__ import annotations

from test.bench import report
from test.bench.promise import Benchmark, Goal, Promise, medians, take_turns

RATE = Promise("rate", "inputs/s", True, (Goal(100), Goal(0.5, "Pool")))
TIME = Promise("time", "ms", False, (Goal(1.5, "Pool"),))


def test_every_goal_has_to_be_met() -> None:
    assert RATE.verdict({"farcall": 120, "Pool": 200}) == "met"
    assert RATE.verdict({"farcall": 120, "Pool": 400}) == "short"
    assert RATE.verdict({"farcall": 90, "Pool": 100}) == "short"


def test_of_a_time_less_is_better() -> None:
    assert TIME.verdict({"farcall": 1.4, "Pool": 1.0}) == "met"
    assert TIME.verdict({"farcall": 1.6, "Pool": 1.0}) == "short"


def test_a_peer_that_was_not_there_leaves_the_goal_open() -> None:
    assert RATE.verdict({"farcall": 120}) == "open: no Pool"
    assert RATE.verdict({"farcall": 90}) == "short", "the other goal tells"


def test_a_promise_that_nothing_measured_says_so() -> None:
    assert RATE.verdict({}) == "not measured"


def test_contenders_take_turns_and_each_is_first_once() -> None:
    order: list[str] = []

    def measure(name: str, figure: float) -> dict[str, float]:
        order.append(name)
        return {"rate": figure}

    benchmark = Benchmark((RATE,), {"farcall": lambda: measure("us", 1.0), "Pool": lambda: measure("pool", 2.0)})
    kept = take_turns(benchmark, 2)
    assert order == ["us", "pool", "pool", "us"]
    assert kept == {"rate": {"farcall": [1.0, 1.0], "Pool": [2.0, 2.0]}}


def test_the_figure_is_the_median_and_ours_comes_first() -> None:
    assert list(medians({"Pool": [1.0], "farcall": [1.0, 9.0, 2.0]}).items()) == [("farcall", 2.0), ("Pool", 1.0)]


def test_a_line_has_the_figure_the_ratio_the_goal_and_the_verdict() -> None:
    line = report.row(TIME, {"farcall": [3.0], "Pool": [1.5]})
    assert line == "| time | 3 ms | Pool 1.5 (2.00 ×) | ≤ 1.5 × Pool | short |"


def test_the_page_keeps_lines_of_earlier_runs_with_their_machine() -> None:
    one = {"cells": ["a", "1 ms", "–", "–", "met"], "machine": "here", "effort": "usual"}
    page = report.page({"a": one, "b": {**one, "cells": ["b", "2 ms", "–", "–", "met"], "machine": "there"}})
    assert "| a | 1 ms |" in page
    assert "| b | 2 ms |" in page
    assert "- here; effort usual\n- there; effort usual" in page
