"""What a forked container has of its own, and what it has from its zygote."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest
from support.host import Host, RunningContainer

from farcall.host import processes


def started(host: Host, name: str, function: Any, *, imports: tuple[str, ...] = (), **spec: Any) -> RunningContainer:
    container = host.start(name, imports=imports)
    container.load(function, **spec)
    container.run(0)
    return container


@pytest.mark.skipif(not processes.LINUX, reason="forking is for Linux")
def test_imports_of_the_function_are_there_before_it_starts(host: Host) -> None:
    (modules,) = started(host, "co-imports", lambda _: list(sys.modules), imports=("numpy",)).values()
    assert "numpy" in modules
    assert "pandas" not in modules


def test_forks_roll_different_dice(host: Host) -> None:
    def roll(_: int) -> tuple[float, float]:
        import random

        import numpy

        return random.random(), float(numpy.random.random())

    rolled = [started(host, f"co-dice-{number}", roll, imports=("numpy",)).values()[0] for number in range(2)]
    assert rolled[0][0] != rolled[1][0]
    assert rolled[0][1] != rolled[1][1]


def blas_threads(_: int) -> int:
    """As OpenBLAS itself says, or 0 where numpy has another library."""
    import ctypes
    from pathlib import Path

    import numpy

    for line in Path("/proc/self/maps").read_text().splitlines():
        if "openblas" in line:
            library = ctypes.CDLL("/" + line.partition("/")[2])
            for name in ("scipy_openblas_get_num_threads64_", "openblas_get_num_threads"):
                if hasattr(library, name):
                    return int(getattr(library, name)())
    return 0 * numpy.int64(0)


def test_numerical_libraries_get_as_many_threads_as_the_function_has_cores(host: Host) -> None:
    variables = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    container = host.start("co-blas", imports=("numpy",), variables=variables, environment_id="en-blas")
    container.load(blas_threads, cpu=2.0)
    container.run(0)
    assert container.values() in ([2], [0])


def test_nothing_secret_is_in_the_command_line_or_the_environment(host: Host) -> None:
    def told(_: int) -> tuple[list[str], dict[str, str]]:
        from pathlib import Path

        return [*sys.argv, Path("/proc/self/cmdline").read_text()], dict(os.environ)

    ((arguments, variables),) = started(host, "co-secret", told).values()
    text = repr((arguments, variables))
    assert "token of co-secret" not in text
    assert "container key" not in text
    assert "supervisor token" not in text


def test_secrets_of_the_function_are_variables(host: Host) -> None:
    container = started(host, "co-keys", lambda _: os.environ["API_KEY"], secrets={"API_KEY": "s3"})
    assert container.values() == ["s3"]
