"""Other gateways than the one we ship: with failpoints compiled in, or with a library loaded before it.

Whoever starts a gateway, a client or a supervisor, runs ``$FARCALL_NODE``: a script in its place runs another program.
"""

from __future__ import annotations

import functools
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from farcall.client import embedded
from test.python.support.home import ROOT


@functools.cache
def node() -> str:
    """The Node that gateways run on where nothing runs instead."""
    return embedded.node()


@functools.cache
def built_program() -> Path:
    """The gateway with failpoints; built when its sources have changed."""
    command = [node(), str(ROOT / "scripts/build.mjs"), "faults"]
    built = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.strip())


def shipped_program() -> Path:
    """The gateway that a wheel brings."""
    return embedded.bundle()


def arm(patch: pytest.MonkeyPatch, folder: Path, *lives: str) -> None:
    """Gateways started from now on end themselves, the first at the first failpoint, and so on; later ones live."""
    points = folder / "failpoints"
    points.write_text("\n".join(lives))
    patch.setenv("FARCALL_FAILPOINT", str(points))
    shipped, built = shlex.quote(str(shipped_program())), shlex.quote(str(built_program()))
    to_options = f'while [ "$1" != {shipped} ]; do shift; done; shift'
    run_instead(patch, folder, f'{to_options}; exec {shlex.quote(node())} {built} "$@"')


def library(name: str, folder: Path) -> Path:
    """One of ``preload/``, compiled, for the loader to put before the C library."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip(f"no C compiler (cc) to make preload/{name}.c with")
    made = folder / f"{name}.so"
    source = ROOT / "test/faults/preload" / f"{name}.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"], check=True)
    return made


def run_instead(patch: pytest.MonkeyPatch, folder: Path, line: str) -> None:
    """``line`` is what a shell does instead of ``node``; among its arguments is the program we ship."""
    script = folder / "node"
    script.write_text(f"#!/bin/sh\n{line}\n")
    script.chmod(0o755)
    patch.setenv("FARCALL_NODE", str(script))
