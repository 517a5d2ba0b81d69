"""What a host says it has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farcall.host import hardware


def test_declared_gpus_are_counted_out() -> None:
    gpus = hardware.declared_gpus("A100:2,T4")
    assert [gpu.name for gpu in gpus] == ["A100", "A100", "T4"]
    assert len({gpu.uuid for gpu in gpus}) == 3
    assert hardware.declared_gpus("") == ()


def test_a_host_without_nvidia_smi_has_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = hardware.find(None)
    assert found.gpus == ()
    assert found.cpus >= 1
    assert found.memory > 0


def test_gpus_are_read_from_nvidia_smi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU-1, NVIDIA A100-SXM4-80GB, 81920'\necho 'GPU-2, Tesla T4, [N/A]'\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    (gpu,) = hardware.find(None).gpus
    assert (gpu.uuid, gpu.name, gpu.memory) == ("GPU-1", "NVIDIA A100-SXM4-80GB", 81920)


def test_a_gpu_that_does_not_answer_is_not_offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'No devices were found'\nexit 6\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    assert hardware.find(None).gpus == ()


def test_who_holds_a_gpu_is_told() -> None:
    host = hardware.Hardware(2, 1024, hardware.declared_gpus("T4:2"))
    held = host.held_by({host.gpus[1].uuid: "co-1"})
    assert [gpu.container_id for gpu in held] == ["", "co-1"]
