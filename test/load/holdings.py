"""What the processes of a long run hold, over time: memory, descriptors, disk; and whether it grew.

Growth is the last quarter of the samples beside the second one: the first is for warming up. A gateway that was killed
begins anew, which can only hide growth for a while; runs without wounds (`--wounds 0`) show it plainly.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from test.bench.processes import descriptors, disk, memory, told_pid

#: Growth beyond this share and this much more is called growth.
_SHARE = 1.25
_GROWTH_MINUTES = 10
#: Fewer samples have no quarters.
_FEWEST = 8
_MORE = {"MB": 32.0, "descriptors": 32.0}


@dataclass
class Series:
    """One quantity of one process."""

    name: str
    unit: str
    limit: float
    samples: list[float] = field(default_factory=list)

    @property
    def quarters(self) -> tuple[float, float]:
        """Medians of the second and of the last quarter."""
        quarter = max(1, len(self.samples) // 4)
        return median(self.samples[quarter : 2 * quarter] or [0]), median(self.samples[-quarter:] or [0])

    @property
    def excess(self) -> str:
        """Why this is not well, however long it was watched; empty when it is."""
        most = max(self.samples, default=0)
        return f"{self.name} reached {most:,.0f} {self.unit}, more than {self.limit:,.0f}" if most > self.limit else ""

    @property
    def growth(self) -> str:
        """Why this is not steady; empty when it is."""
        early, late = self.quarters
        if late > early * _SHARE and late > early + _MORE[self.unit]:
            return f"{self.name} grew from {early:,.0f} to {late:,.0f} {self.unit}"
        return ""

    def words(self) -> str:
        early, late = self.quarters
        return (
            f"{self.name:<24} {early:>9,.0f} → {late:>9,.0f} {self.unit}, at most {max(self.samples, default=0):,.0f}"
        )


class Holdings(threading.Thread):
    """Samples the gateway, its supervisor, its home and the client processes, until :meth:`end`."""

    def __init__(self, home: Path, clients: Sequence[int], *, minutes: float, disk_limit: float) -> None:
        super().__init__(name="holdings", daemon=True)
        self._home = home
        self._clients = clients
        self._every = max(0.5, minutes / 10)
        #: In a short run everything still warms up, and V8 has not yet seen a reason to collect.
        self.tells_growth = minutes >= _GROWTH_MINUTES
        self._ended = threading.Event()
        self.series = {
            #: The sum of its parts: docs/operations.md, "How much memory the gateway takes".
            "gateway": Series("gateway, memory", "MB", 730),
            "gateway fds": Series("gateway, descriptors", "descriptors", 4_000),
            "supervisor": Series("supervisor, memory", "MB", 300),
            "supervisor fds": Series("supervisor, descriptors", "descriptors", 2_000),
            "clients": Series("clients, memory", "MB", 1_500 * len(clients)),
            "clients fds": Series("clients, descriptors", "descriptors", 1_000 * len(clients)),
        }
        #: The store keeps what was asked of it: its disk grows with the work, so only its limit counts.
        self.disk: list[float] = []
        self._disk_limit = disk_limit

    def run(self) -> None:
        while not self._ended.wait(self._every):
            self._sample()

    def end(self) -> None:
        self._ended.set()
        self.join()
        self._sample()

    def complaints(self) -> list[str]:
        found = [one.excess for one in self.series.values() if one.excess]
        if self.tells_growth:
            found += [one.growth for one in self.series.values() if one.growth]
        most = max(self.disk, default=0)
        if self.tells_growth and len(self.disk) < _FEWEST:
            found.append(f"only {len(self.disk)} samples were taken: growth cannot be told")
        if most > self._disk_limit:
            found.append(f"the home reached {most:,.0f} MB of disk, more than {self._disk_limit:,.0f}")
        return found

    def words(self) -> list[str]:
        most = max(self.disk, default=0)
        return [one.words() for one in self.series.values()] + [f"{'home, disk':<24} at most {most:,.0f} MB"]

    def _sample(self) -> None:
        pids = {"gateway": told_pid("gateway.json", self._home), "supervisor": told_pid("supervisor.json", self._home)}
        for name, pid in pids.items():
            if memory(pid):  # not while it is away
                self.series[name].samples.append(memory(pid))
                self.series[f"{name} fds"].samples.append(descriptors(pid))
        self.series["clients"].samples.append(sum(map(memory, self._clients)))
        self.series["clients fds"].samples.append(sum(map(descriptors, self._clients)))
        self.disk.append(disk(self._home))
