"""Who uses GPUs beside containers: as nvidia-smi lists them, in words."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from support.host import running_host
from support.waiting import until

from farcall.host.gpu_users import GpuUsers, users_of
from farcall.wire.messages import Heartbeat


def test_every_process_is_named_with_its_memory_but_those_of_containers() -> None:
    said = "GPU-1, 7, /usr/bin/python3.11, 512\nGPU-1, 8, /opt/render, [N/A]\nGPU-2, 9, python, 3000\nnonsense\n"
    assert users_of(said, {9}) == {"GPU-1": "python3.11 (pid 7, 512 MiB), render (pid 8)"}
    assert users_of("", set()) == {}
    assert users_of("No running processes found\n", set()) == {}


def test_a_long_list_is_cut() -> None:
    said = "".join(f"GPU-1, {pid}, python, 1\n" for pid in range(900001, 900010))
    assert users_of(said, set())["GPU-1"].endswith("(pid 900004, 1 MiB) and more")


def test_a_notebooks_kernel_is_called_that(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    with subprocess.Popen([sys.executable, "-c", "input()", "ipykernel_launcher"], stdin=subprocess.PIPE) as kernel:
        said = f"GPU-1, {kernel.pid}, {sys.executable}, 12000\n"
        until(lambda: users_of(said, set()) == {"GPU-1": f"a notebook's kernel (pid {kernel.pid}, 12,000 MiB)"})
        kernel.kill()


def nvidia_smi(folder: Path, apps: str) -> None:
    """A program that answers both questions; who is there is read from a file."""
    (folder / "apps").write_text(apps)
    program = folder / "nvidia-smi"
    has = "echo 'GPU-1, NVIDIA A100-SXM4-80GB, 81920'"
    program.write_text(f"#!/bin/sh\ncase $1 in *compute-apps*) cat {folder}/apps;; *) {has};; esac\n")
    program.chmod(0o700)


def test_the_supervisor_tells_it_with_its_heartbeat_and_only_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvidia_smi(tmp_path, "GPU-1, 1, /sbin/init, 100\n")
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    with running_host(tmp_path) as host:
        assert [gpu.uuid for gpu in host.state.gpus] == ["GPU-1"]
        beat, _ = host.peer.expect(Heartbeat, lambda said: said.used is not None)
        assert beat.used == {"GPU-1": "init (pid 1, 100 MiB)"}
        assert host.peer.expect(Heartbeat)[0].used is None


def test_a_program_that_does_not_answer_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    users, now = GpuUsers(), time.monotonic()
    assert users.news(now, set()) is None
    assert users.news(now + 1, set()) is None
    assert users.news(now + 100, set()) is None, "it is asked no more"
    assert users.news(now + 200, set()) is None
    users.close()


def test_without_the_program_there_is_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    users = GpuUsers()
    assert [users.news(now, set()) for now in (0.0, 100.0)] == [None, None]
    users.close()
