"""F14: a client stops reading a gigabyte of results; the gateway neither grows nor slows, and goes on when it reads."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import farcall
from test.python.support.waiting import until

from .conftest import Home

MIB = 1024 * 1024
READER = """
import sys
import farcall

def made(number):
    return number.to_bytes(4, "big") * (size // 4)

count, size = int(sys.argv[1]), int(sys.argv[2])
results = farcall.App("faults").function(max_containers=2)(made).map(range(count)).start()
print(results.call.object_id, flush=True)
for number, value in enumerate(results):
    assert value == number.to_bytes(4, "big") * (size // 4), number
    if number == 100:
        print("reading", flush=True)
        sys.stdin.readline()
print(number + 1, flush=True)
"""


def resident(pid: int) -> int:
    """The memory of a process, in bytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.parametrize("size", [4_000, 250_000], ids=["streamed", "read by index"])
@pytest.mark.parametrize(
    "megabytes", [pytest.param(100, id="100 MB"), pytest.param(1_000, id="1 GB", marks=pytest.mark.slow)]
)
def test_the_gateway_stays_small_and_others_are_served(home: Home, tmp_path: Path, megabytes: int, size: int) -> None:
    app = farcall.App("faults")
    echo = app.function(lambda number: number)
    # What a gateway needs that is busy with such values and a reader that reads, garbage included, is no growth.
    assert (
        sum(
            map(
                len,
                app.function(max_containers=2)(lambda _: bytes(size)).map(
                    range(max(100, megabytes // 3) * 1_000_000 // size)
                ),
            )
        )
        > 0
    )
    gateway, count = home.pid, megabytes * 1_000_000 // size
    before = resident(gateway)
    script = tmp_path / "reader.py"
    script.write_text(READER)
    command = [sys.executable, str(script), str(count), str(size)]
    reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert reader.stdin is not None
    assert reader.stdout is not None
    try:
        call = farcall.FunctionCall.from_id(reader.stdout.readline().strip())
        assert reader.stdout.readline() == "reading\n"
        os.kill(reader.pid, signal.SIGSTOP)
        sizes, echoed = [before], 0

        def is_made() -> bool:
            nonlocal echoed
            sizes.append(resident(gateway))
            assert echo.remote(echoed) == echoed
            echoed += 1
            return call.status() == "succeeded"

        until(is_made, seconds=300)
        grown = (max(sizes) - before) / MIB
        print(f"{megabytes} MB in values of {size}: gateway +{grown:.0f} MiB over {before / MIB:.0f}, {echoed} calls")
        os.kill(reader.pid, signal.SIGCONT)
        said, _ = reader.communicate("go on\n", timeout=300)
    finally:
        reader.kill()
        reader.wait()
    assert said == f"{count}\n"
    assert grown < 64
    assert home.pid == gateway
