"""A gateway's folder is deleted under it: all of it ends by itself, and nothing is made anew."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.home import Home
from support.waiting import until

import farcall
from farcall.client import embedded
from farcall.client.session import Session
from farcall.host import processes


@farcall.function
def stay(path: str) -> None:
    import os
    from pathlib import Path

    part = Path(path + ".part")
    part.write_text(str(os.getpid()))
    part.rename(path)
    time.sleep(600)


@dataclass(frozen=True)
class Running:
    gateway: int
    supervisor: int
    container: int

    @property
    def left(self) -> list[str]:
        """Which of them still run."""
        return [name for name, pid in vars(self).items() if processes.state(pid) not in ("", "Z", "X")]


@pytest.fixture
def running(fresh_home: Home, tmp_path: Path) -> Running:
    """A gateway with a container that is at work, and no client."""
    path = tmp_path / "pid"
    stay.spawn(str(path))
    until(path.exists)
    session = Session.existing()
    assert session is not None
    session.close()
    return Running(fresh_home.pid, fresh_home.supervisor, int(path.read_text()))


def nothing_is_left(running: Running) -> None:
    until(lambda: not running.left, "something of it runs on")


def test_all_of_it_ends(fresh_home: Home, running: Running) -> None:
    shutil.rmtree(fresh_home.folder)
    nothing_is_left(running)
    assert not fresh_home.folder.exists()


def test_a_supervisor_whose_gateway_was_killed_starts_no_other(fresh_home: Home, running: Running) -> None:
    os.kill(running.supervisor, signal.SIGSTOP)  # or it might start one before the folder is gone
    fresh_home.kill()
    shutil.rmtree(fresh_home.folder)
    os.kill(running.supervisor, signal.SIGCONT)
    nothing_is_left(running)
    assert not fresh_home.folder.exists()


def test_the_next_gateway_at_the_same_place_is_not_disturbed(fresh_home: Home, running: Running) -> None:
    shutil.rmtree(fresh_home.folder)
    embedded.ensure(fresh_home.folder)
    following = fresh_home.pid
    nothing_is_left(running)
    assert farcall.App("next").function(os.path.basename).remote("a/b") == "b"
    assert fresh_home.pid == following, "still the same one, found by its own socket"
