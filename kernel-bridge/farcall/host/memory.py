"""Memory limits by looking: what a container and everything below it use, several times a second.

The cheap figure counts shared pages twice, so it is never too low; only above the limit the exact one is read.
"""

from __future__ import annotations

from . import processes
from .container import Container

#: Seconds between two looks.
EVERY_S = 0.3
_MIB = 1024 * 1024


def enforce(container: Container) -> None:
    """Kill the container if its processes together are over its limit."""
    limit = container.start.memory * _MIB
    if not limit or not container.pid:
        return
    below = list(processes.descendants(container.pid))
    used = processes.resident(below)
    if used > limit:
        used = processes.proportional(below) or used
    container.peak = max(container.peak, used)
    if used > limit:
        peak = -(-container.peak // _MIB)  # rounded up, so that it is above the limit
        container.kill("memory", f"limit {container.start.memory} MiB, peak {peak} MiB")


class KernelKills:
    """Tells whether the kernel killed something here for memory since the last time."""

    def __init__(self) -> None:
        self._before = processes.oom_kills()

    def happened(self) -> bool:
        now = processes.oom_kills()
        before, self._before = self._before, now
        return now > before
