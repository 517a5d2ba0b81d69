"""F7: the kernel's connection is cut in mid-map; the kernel is restarted and uses the call's id."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

import farcall
from test.python.support.home import cut
from test.python.support.waiting import until

from .conftest import Home

SCRIPT = """
import farcall, sys, time

def slow(number):
    import time
    time.sleep(0.01)
    return number * 3

if __name__ == "__main__":
    results = farcall.App("faults").function(slow).map(range(300)).start()
    print(results.call.object_id, flush=True)
    sys.stdin.read()
"""


def test_a_cut_connection_is_mended_and_iteration_goes_on(home: Home) -> None:
    def slow(number: int) -> int:
        import time

        time.sleep(0.005)
        return number * 3

    results = iter(farcall.App("faults").function(slow).map(range(400)))
    first = [next(results) for _ in range(20)]
    cut()
    assert first + list(results) == [number * 3 for number in range(400)]


@pytest.mark.slow
def test_thirty_seconds_without_the_gateway_lose_nothing(home: Home) -> None:
    def slow(number: int) -> int:
        import time

        time.sleep(0.005)
        return number * 3

    results = iter(farcall.App("faults").function(slow).map(range(2_000)))
    first = [next(results) for _ in range(20)]
    door, away = home.folder / "gateway.sock", home.folder / "away.sock"
    door.rename(away)
    back = threading.Timer(30, lambda: away.rename(door))
    back.start()
    cut()
    assert first + list(results) == [number * 3 for number in range(2_000)]
    back.join()


def test_a_new_process_reads_all_results_of_a_killed_one(home: Home, tmp_path: Path) -> None:
    script = tmp_path / "first.py"
    script.write_text(SCRIPT)
    first = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    call_id = first.stdout.readline().strip()
    assert call_id.startswith("fc-")
    first.kill()
    first.wait()
    call = farcall.FunctionCall.from_id(call_id)
    until(lambda: call.status() in ("done", "succeeded"), seconds=90)
    assert list(call.iter()) == [number * 3 for number in range(300)]
