"""F15: the disk runs full during a submit, and is freed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: A namespace in which a file system may be mounted; nothing of it is left when its processes have ended.
NAMESPACES = (["unshare", "-Urm"], ["unshare", "-m"])


def namespace() -> list[str]:
    """How to come into one here; skips the test where there is no way."""
    said = "unshare is not installed"
    for command in NAMESPACES:
        try:
            mounting = subprocess.run(
                [*command, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True
            )
        except OSError:
            continue
        if mounting.returncode == 0:
            return command
        said = mounting.stderr.strip()
    pytest.skip(f"no file system can be mounted here: {said}")


@pytest.mark.parametrize("how", ["nearly", pytest.param("wholly", marks=pytest.mark.slow)])
@pytest.mark.parametrize("disk", ["tmpfs", "limit"])
def test_submits_are_refused_and_running_work_completes(disk: str, how: str) -> None:
    command = namespace() if disk == "tmpfs" else []
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    scene = [sys.executable, "-P", str(ROOT / "test/faults/full_disk.py"), disk, how]
    played = subprocess.run([*command, *scene], capture_output=True, text=True, timeout=240, env=variables, cwd=ROOT)
    assert played.returncode == 0, played.stderr
    assert played.stdout == "ok\n", "the store is sound"
