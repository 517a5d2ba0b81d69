"""SIGTERM to a gateway with a map running: it leaves at once, in order, and the next one finds everything at work."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from support.waiting import is_gone, until

import farcall

from .support.home import Home

INPUTS = 60
CONTAINERS = 2


def noted(number: int, ran: str, hurry: str) -> tuple[int, int]:
    """Takes its time until the test says hurry, so that the gateway leaves in the middle of a map."""
    with open(ran, "a") as file:
        file.write(f"{number}\n")
    for _ in range(20):
        if Path(hurry).exists():
            break
        time.sleep(0.01)
    return number, os.getpid()


def test_a_map_goes_on_where_it_was(fresh_home: Home, tmp_path: Path) -> None:
    ran, hurry = tmp_path / "ran", tmp_path / "hurry"
    function = farcall.App("draining").function(max_containers=CONTAINERS)(noted)
    results = iter(function.map(range(INPUTS), kwargs={"ran": str(ran), "hurry": str(hurry)}))
    first = [next(results) for _ in range(5)]
    gateway = fresh_home.pid

    os.kill(gateway, signal.SIGTERM)
    until(lambda: is_gone(gateway))
    hurry.touch()
    everything = first + list(results)

    assert [number for number, _ in everything] == list(range(INPUTS))
    assert fresh_home.pid != gateway, "another gateway finished the map"
    assert sorted(map(int, ran.read_text().split())) == list(range(INPUTS)), "no input ran twice"
    assert len({process for _, process in everything}) <= CONTAINERS, "the containers of before were adopted"


def test_it_is_out_within_two_seconds_and_has_said_so(fresh_home: Home, tmp_path: Path) -> None:
    hurry = tmp_path / "hurry"
    function = farcall.App("draining").function(max_containers=CONTAINERS)(noted)
    results = iter(function.map(range(INPUTS), kwargs={"ran": str(tmp_path / "ran"), "hurry": str(hurry)}))
    next(results)
    gateway = fresh_home.pid

    os.kill(gateway, signal.SIGTERM)
    until(lambda: is_gone(gateway))
    hurry.touch()
    assert len(list(results)) == INPUTS - 1

    told = [line for line in log(fresh_home) if line["pid"] == gateway]
    leaving, drained = (moment(told, event) for event in ("leaving", "drained"))
    assert drained - leaving <= 2.0
    assert told[-1]["msg"] == "drained", "nothing was cut off"


def log(home: Home) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home.folder / "gateway.log").read_text().splitlines()]


def moment(lines: list[dict[str, Any]], event: str) -> float:
    return next(datetime.fromisoformat(line["time"][:-1]).timestamp() for line in lines if line["msg"] == event)
