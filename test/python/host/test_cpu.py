"""CPU limits: by a control group's quota where the supervisor may make groups, else by cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host import Host, running_host

from farcall.host.cpu import CpuCell, CpuLimits, Groups

GROUPS = Path("/sys/fs/cgroup")
CORES = sorted(os.sched_getaffinity(0))


@pytest.fixture
def without_groups(tmp_path: Path) -> Iterator[Host]:
    (tmp_path / "nothing").mkdir()
    with running_host(tmp_path, cgroups=str(tmp_path / "nothing")) as running:
        yield running


def cores_of(_: int) -> list[int]:
    import os

    return sorted(os.sched_getaffinity(0))


def threads_of(_: int) -> tuple[str, str]:
    import os

    return os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]


@pytest.mark.skipif(len(CORES) < 2, reason="one core cannot be shared out")
def test_without_groups_a_limit_is_that_many_cores_and_the_next_container_gets_others(without_groups: Host) -> None:
    seen = []
    for number, limit in enumerate([1.0, 0.5, 0.0, float(len(CORES))], start=1):
        container = without_groups.start(f"co-{number}", cpu_limit=limit)
        container.load(cores_of)
        container.run(1)
        seen += container.values()
    first, second, unlimited, whole = seen
    assert len(first) == len(second) == 1
    assert first != second
    assert unlimited == whole == CORES


def test_numerical_libraries_get_as_many_threads_as_the_limit_allows(without_groups: Host) -> None:
    container = without_groups.start(variables=_without_counts())
    container.load(threads_of, cpu=1.0, cpu_limit=2.5)
    container.run(1)
    assert container.values() == [("3", "3")]


def test_a_cell_is_free_again_once_its_container_is_gone(tmp_path: Path) -> None:
    limits = CpuLimits(tmp_path)
    if len(CORES) < 2:
        pytest.skip("one core cannot be shared out")
    first = limits.cell("co-1", 1)
    assert first.cores != limits.cell("co-2", 1).cores
    limits.release("co-1")
    assert limits.cell("co-3", 1).cores == first.cores
    assert limits.cell("co-4", 0) == CpuCell()
    limits.release("co-unknown")
    limits.close()


def burn_until_throttled(_: int) -> tuple[str, bool]:
    """Which group it is in, and whether its quota ever held it back."""
    import time
    from pathlib import Path

    name = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if "farcall-" in line)
    below = name.split(":", 2)[2].lstrip("/")
    roots = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup/cpu,cpuacct")]
    stat = next(root / below / "cpu.stat" for root in roots if (root / below / "cpu.stat").exists())
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if any(line.startswith("nr_throttled ") and not line.endswith(" 0") for line in stat.read_text().splitlines()):
            return below, True
    return below, False


def test_with_groups_a_part_of_a_core_is_a_quota_and_the_group_goes_with_the_container(tmp_path: Path) -> None:
    groups = Groups.found(GROUPS)
    if groups is None:
        pytest.skip("this user may not make control groups here")
    groups.close()
    with running_host(tmp_path) as host:
        container = host.start(cpu_limit=0.2)
        container.load(burn_until_throttled)
        container.run(1)
        ((group, throttled),) = container.values()
        assert throttled
        assert group.endswith("/co-1") or group == "co-1"
    assert not list(GROUPS.glob(f"**/{group}"))


def test_quotas_of_both_versions_are_written_as_the_kernel_reads_them(tmp_path: Path) -> None:
    """Folders and files only: where the kernel has no controller to give, it is not there to check them."""
    for version, files in ((1, ["cpu.cfs_quota_us"]), (2, ["cpu.max"])):
        folder = tmp_path / str(version)
        folder.mkdir()
        group = Path(Groups(folder, version).make("co-1", 0.25))
        assert [(group / name).read_text().split()[0] for name in files] == ["25000"]
    assert Groups(tmp_path / "nowhere", 2).make("co-1", 1) == ""
    assert Groups.found(tmp_path / "nowhere") is None


def _without_counts() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.endswith("_NUM_THREADS")}
