"""What processes hold is read while it is there; what is gone holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from test.bench.processes import Memory, descriptors, disk, memory, watching

_HOLDS_100_MB = "import sys; held = bytearray(100_000_000); print('held', flush=True); sys.stdin.read()"


def test_memory_that_a_process_takes_is_seen() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS_100_MB], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with watching(process.pid) as (seen,):
            assert 100 < memory(process.pid) < 200
        process.communicate()
    assert 100 < seen.peak < 200
    assert memory(process.pid) == 0


def test_open_files_are_counted(tmp_path: Path) -> None:
    before = descriptors(os.getpid())
    with open(tmp_path / "file", "w"):
        assert descriptors(os.getpid()) == before + 1


def test_what_a_folder_takes_is_summed_over_its_folders(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    for name in ("one", "inside/two"):
        (tmp_path / name).write_bytes(os.urandom(1_000_000))
    assert 2 <= disk(tmp_path) < 2.2
    assert disk(tmp_path / "nowhere") == 0


def test_flat_is_the_last_quarter_beside_the_second() -> None:
    kept = Memory(os.getpid())
    kept.samples = [10, 20, 100, 100, 100, 100, 100, 100]
    assert kept.flatness == 1.0
    kept.samples = [10, 20, 100, 100, 120, 140, 200, 200]
    assert kept.flatness == 2.0
