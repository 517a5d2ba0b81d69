"""F3: the gateway dies when an outcome has arrived and is not committed; the container says it again."""

from __future__ import annotations

from pathlib import Path

import pytest

import farcall

from .conftest import Home
from .program import arm


@pytest.mark.parametrize(
    "lives", [("before.outcomes:1",), ("before.outcomes:3", "before.outcomes:1", "before.outcomes:2")]
)
def test_an_input_whose_outcome_was_lost_does_not_run_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lives: tuple[str, ...]
) -> None:
    arm(monkeypatch, tmp_path, *lives)
    executions = tmp_path / "executions"

    def noted(number: int) -> int:
        with open(executions, "a") as file:
            file.write(f"{number}\n")
        return number * 3

    results = farcall.App("faults").function(max_containers=2)(noted).map(range(5_000))
    assert list(results) == [number * 3 for number in range(5_000)]
    assert home.starts() == 1 + len(lives)
    assert sorted(map(int, executions.read_text().split())) == list(range(5_000)), "each ran once"


def test_a_lone_call_runs_once(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arm(monkeypatch, tmp_path, "before.outcomes:1", "before.outcomes:1")
    executions = tmp_path / "executions"

    def noted(number: int) -> int:
        with open(executions, "a") as file:
            file.write(f"{number}\n")
        return number + 1

    assert farcall.App("faults").function(noted).remote(41) == 42
    assert home.starts() == 3
    assert executions.read_text().split() == ["41"]
