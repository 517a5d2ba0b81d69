"""F13: cancel a 10,000-input map half way, twice."""

from __future__ import annotations

from pathlib import Path

import farcall
from test.python.support.waiting import until

from .conftest import Home


def test_a_cancelled_map_goes_quiet_and_a_second_cancel_is_fine(home: Home, tmp_path: Path) -> None:
    executions = tmp_path / "executions"
    executions.touch()

    def noted(number: int) -> int:
        import time

        with open(executions, "a") as file:
            file.write("x")
        time.sleep(0.001)
        return number

    results = farcall.App("faults").function(max_containers=2)(noted).map(range(10_000)).start()
    until(lambda: executions.stat().st_size > 500)
    results.cancel()
    results.cancel()
    results.wait(timeout=10)
    assert results.status == "cancelled"
    counts = results.counts
    assert counts.running == counts.queued == 0
    assert counts.succeeded + counts.cancelled == 10_000
    quiet = {"size": -1}

    def is_quiet() -> bool:
        before, quiet["size"] = quiet["size"], executions.stat().st_size
        return before == quiet["size"]

    until(is_quiet, seconds=2)
    assert executions.stat().st_size < 10_000
