"""F2: the gateway dies between a commit and what it would have said about it; the client says everything again."""

from __future__ import annotations

from pathlib import Path

import pytest

import farcall

from .conftest import Home
from .program import arm, built_program, shipped_program


@pytest.mark.parametrize("put", ["function", "call", "chunk"])
def test_saying_again_what_was_committed_changes_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: str
) -> None:
    arm(monkeypatch, tmp_path, f"after.{put}:1")
    executions = tmp_path / "executions"

    def noted(number: int) -> int:
        with open(executions, "a") as file:
            file.write(f"{number}\n")
        return number * 2

    results = farcall.App("faults").function(max_containers=2)(noted).map(range(3_000))
    assert list(results) == [number * 2 for number in range(3_000)]
    assert home.starts() == 2, "the gateway died once, and came back"
    assert results.counts.succeeded == 3_000
    assert sorted(map(int, executions.read_text().split())) == list(range(3_000)), "each ran once"


def test_every_life_of_a_gateway_that_keeps_dying_brings_the_map_further(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm(monkeypatch, tmp_path, "after.call:1", "after.chunk:1", "after.chunk:2", "after.outcomes:1", "after.outcomes:3")

    def double(number: int) -> int:
        return number * 2

    results = farcall.App("faults").function(max_containers=2)(double).map(range(10_000))
    assert list(results) == [number * 2 for number in range(10_000)]
    assert home.starts() == 6


def test_the_gateway_we_ship_has_no_failpoints() -> None:
    assert "failpoint" in built_program().read_text().lower()
    assert "failpoint" not in shipped_program().read_text().lower()
