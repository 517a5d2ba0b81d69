"""F17: a second gateway on the same folder."""

from __future__ import annotations

import subprocess
import sys

import farcall
from farcall.client import embedded
from test.python.support.waiting import is_gone

from .conftest import Home


def test_the_second_refuses_and_names_the_first(home: Home) -> None:
    assert farcall.App("faults").function(lambda: 1).remote() == 1
    first = home.pid
    command = [embedded.node(), str(embedded.bundle()), "--home", str(home.folder), "--python", sys.executable]
    command += ["--socket", str(home.folder / "b.sock")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 3
    assert str(first) in second.stderr
    assert not is_gone(first)
    assert farcall.App("faults").function(lambda: 2).remote() == 2
