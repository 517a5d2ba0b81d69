"""What this host has: processors, memory, GPUs. Asked once, when the supervisor starts.

GPUs come from nvidia-smi (absent is not an error) or are declared (``A100:2,T4:1``), for tests.
"""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..wire.messages import Gpu

log = logging.getLogger("farcall.host")
_QUERY = ("nvidia-smi", "--query-gpu=uuid,name,memory.total", "--format=csv,noheader,nounits")
_QUERY_TIMEOUT_S = 10.0
#: MiB of a declared GPU.
_DECLARED_MEMORY = 16 * 1024


@dataclass(frozen=True, slots=True)
class Hardware:
    """``memory`` in MiB."""

    cpus: int
    memory: int
    gpus: tuple[Gpu, ...]
    #: Its region and cloud, as far as it was given them.
    labels: Mapping[str, str] = field(default_factory=dict)
    #: Whether GPUs are those of nvidia-smi, rather than declared.
    is_real: bool = False

    def held_by(self, holders: Mapping[str, str]) -> tuple[Gpu, ...]:
        """The GPUs with the container that holds each; ``holders``: uuid → container id."""
        return tuple(
            Gpu(uuid=gpu.uuid, name=gpu.name, memory=gpu.memory, container_id=holders.get(gpu.uuid, ""))
            for gpu in self.gpus
        )


def find(declared: str | None, labels: Mapping[str, str] | None = None) -> Hardware:
    """What is here; ``declared`` GPUs instead of looking for them."""
    gpus = _gpus() if declared is None else declared_gpus(declared)
    return Hardware(_cpus(), _memory(), gpus, dict(labels or {}), is_real=declared is None and bool(gpus))


def declared_gpus(text: str) -> tuple[Gpu, ...]:
    """``A100:2,T4`` as three GPUs."""
    found: list[Gpu] = []
    for entry in filter(None, text.split(",")):
        name, _, count = entry.strip().partition(":")
        for _ in range(int(count or 1)):
            found.append(Gpu(uuid=f"GPU-declared-{len(found)}", name=name, memory=_DECLARED_MEMORY, container_id=""))
    return tuple(found)


def _gpus() -> tuple[Gpu, ...]:
    try:
        said = subprocess.run(_QUERY, capture_output=True, text=True, timeout=_QUERY_TIMEOUT_S, check=True).stdout
    except FileNotFoundError:
        return ()
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("nvidia-smi does not answer, so no GPU is offered: %s", error)
        return ()
    found: list[Gpu] = []
    for line in said.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) == 3 and fields[2].isdigit():
            found.append(Gpu(uuid=fields[0], name=fields[1], memory=int(fields[2]), container_id=""))
    return tuple(found)


def _cpus() -> int:
    """Processors this process may use: affinity, and the quota of the control group."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        count = os.cpu_count() or 1
    quota = _first_words("/sys/fs/cgroup/cpu.max")
    if len(quota) == 2 and quota[0].isdigit() and quota[1].isdigit():
        count = min(count, max(1, round(int(quota[0]) / int(quota[1]))))
    return count


def _memory() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        limit = _first_words(path)
        if limit and limit[0].isdigit():
            total = min(total, int(limit[0]))
    return total // (1024 * 1024)


def _first_words(path: str) -> list[str]:
    try:
        with open(path) as file:
            return file.readline().split()
    except OSError:
        return []
