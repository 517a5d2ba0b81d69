"""A gateway on another machine: notebooks of another Python minor version, and packages that are not there."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from support.home import Home

from farcall.calls.packages import Difference, differences
from farcall.host.building import Failed
from farcall.host.image_build import Order
from farcall.wire.images import bare_id
from farcall.wire.messages import ImageRecipe

HERE = ".".join(platform.python_version_tuple()[:2])
OTHERS = [minor for minor in ("3.12", "3.13", "3.10", "3.11", "3.14") if minor != HERE]
WHICH = """
import sys, farcall
@farcall.function
def which(): return sys.version_info[:2]
try:
    print("ran", which.remote() == sys.version_info[:2])
except farcall.errors.VersionError as error:
    print("refused", error)
"""
ABSENT = """
import sys, farcall
sys.path.insert(0, sys.argv[1])
import fc_only_here
@farcall.function
def use(): return fc_only_here.VALUE
try:
    use.remote()
except farcall.errors.VersionError as error:
    print(error)
"""


@contextmanager
def served(home: Home, **variables: str) -> Iterator[dict[str, str]]:
    """The variables with which a client reaches a gateway that runs here as if it ran elsewhere."""
    command = [sys.executable, "-m", "farcall.cli", "serve", "--port", "0", "--isolation", "none"]
    command += ["--home", str(home.folder)]
    environment = {**os.environ, **variables}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as serving:
        assert serving.stdout is not None
        url = serving.stdout.readline().split()[-1]
        token = Path(serving.stdout.readline().split()[-1]).read_text().strip()
        yield {**os.environ, "FARCALL_URL": url, "FARCALL_TOKEN": token}
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(60) == 0


def said(python: str, script: str, variables: dict[str, str], *arguments: str) -> str:
    command = [python, "-c", script, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, env=variables, check=False)
    return ran.stdout.strip() or ran.stderr


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter of another minor version that has farcall; made as the gateway's host would make it."""
    root = tmp_path_factory.mktemp("other")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_PYTHON_DOWNLOADS", "never")
        for minor in OTHERS:
            recipe = ImageRecipe(image_id=bare_id(minor), python=minor)
            try:
                return str(_built(Order(recipe, root / "images", root / "sent", False))["executable"])
            except Failed as failed:
                assert failed.stage == "python", failed.detail  # noqa: PT017
    pytest.skip(f"this machine has no Python but {HERE}")


def _built(order: Order) -> dict[str, object]:
    """In a process of its own: a builder listens to its stdin."""
    told = {"recipe": msgspec.to_builtins(order.recipe), "root": str(order.root), "sent": str(order.sent)}
    with subprocess.Popen(
        [sys.executable, "-m", "farcall.host.image_build"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as builder:
        assert builder.stdin is not None
        assert builder.stdout is not None
        builder.stdin.write(msgspec.json.encode({**told, "isolated": order.isolated}) + b"\n")
        builder.stdin.flush()
        last = msgspec.json.decode(builder.stdout.read().splitlines()[-1])
    if "failed" in last:
        raise Failed(last["failed"]["stage"], last["failed"]["detail"])
    built: dict[str, object] = last["built"]
    return built


def test_a_notebook_of_another_minor_version_gets_an_interpreter_of_its_own(fresh_home: Home, other: str) -> None:
    with served(fresh_home) as variables:
        assert said(other, WHICH, variables) == "ran True"


def test_where_there_is_no_such_interpreter_the_first_call_says_so(
    fresh_home: Home, other: str, tmp_path: Path
) -> None:
    missing = tmp_path / "uv"
    missing.write_text("#!/bin/sh\nexit 2\n")
    missing.chmod(0o755)
    with served(fresh_home, FARCALL_UV=str(missing)) as variables:
        text = said(other, WHICH, variables)
    assert text.startswith("refused this notebook runs Python 3.")
    assert f"the gateway's containers run Python {HERE}" in text
    assert "change the kernel" in text


def test_a_package_that_the_far_side_lacks_is_named_before_anything_runs(fresh_home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "fc_only_here.py").write_text("VALUE = 1")
    with served(fresh_home) as variables:
        text = said(sys.executable, ABSENT, variables, str(folder))
    assert text.startswith("use uses fc_only_here, which the gateway's host has not")
    assert 'pip_install("fc_only_here")' in text


def test_what_differs_is_told_apart_from_what_is_missing() -> None:
    here = {"numpy": "numpy 2.1", "PIL": "pillow 11.0", "only": "only 1"}
    there = {"numpy": "numpy 1.26", "PIL": "pillow 11.0", "local": ""}
    found = list(differences(["numpy.linalg", "PIL", "only", "cloudpickle", "local", "unknown"], here, there))
    assert found == [
        Difference("numpy", "numpy 2.1", "numpy 1.26"),
        Difference("only", "only 1", ""),
        Difference("unknown", "", ""),
    ]
