"""How a gateway is started beside a client."""

from __future__ import annotations

import os
from pathlib import Path

from support.home import Home

import farcall


@farcall.function
def variables() -> set[str]:
    return set(os.environ)


def test_how_malloc_serves_the_gateway_is_not_handed_on(home: Home) -> None:
    inside = variables.remote()
    for_malloc = {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"}
    assert for_malloc <= started_with(home.pid)
    assert not for_malloc & (started_with(home.supervisor) | inside)


def started_with(pid: int) -> set[str]:
    """The names of the variables that a process began with."""
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return {entry.partition(b"=")[0].decode() for entry in entries}
