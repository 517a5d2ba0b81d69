"""What every starter promises: one suite, run over fork and spawn."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.waiting import PATIENCE_S, is_gone, until

from farcall.host import processes
from farcall.host.birth import Order
from farcall.host.keeper import Event, Exited, Started, Unsafe
from farcall.host.starter import Environment, Fork, Spawn, Starter

ENVIRONMENT = Environment("en-1", sys.executable, tuple(sys.path), dict(os.environ))
KINDS = [
    pytest.param(Fork, marks=pytest.mark.skipif(not processes.LINUX, reason="forking is for Linux")),
    Spawn,
]


@pytest.fixture(params=KINDS)
def starter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Starter]:
    made: Starter = request.param(tmp_path)
    yield made
    made.close()


def order(tmp_path: Path, container: str = "co-1", **config: object) -> Order:
    """A container that waits for a gateway that is not there."""
    from farcall.wire.control_page import SupervisorPage

    page = tmp_path / f"{container}.page"
    SupervisorPage.create(page).close()
    return Order(
        do="start",
        id=container,
        executable=sys.executable,
        variables=dict(os.environ),
        imports=[],
        out=str(tmp_path / f"{container}.out"),
        err=str(tmp_path / f"{container}.err"),
        config={
            "id": container,
            "url": f"unix://{tmp_path}/nobody.sock",
            "token": "t",
            "page": str(page),
            "cwd": str(tmp_path),
            "path": list(sys.path),
            "window": 60.0,
            **config,
        },
        cell=None,
        group="",
        cores=[],
    )


def event_of(starter: Starter, kind: type[Event], container: str = "co-1") -> Event:
    """The next event of that kind; there must be no other of that container."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        poll = select.poll()
        for descriptor in starter.files():
            poll.register(descriptor, select.POLLIN)
        poll.poll(100)
        for event in starter.events():
            if event.id == container:
                assert isinstance(event, kind), event
                return event
    raise AssertionError(f"no {kind}")


def started(starter: Starter, tmp_path: Path, container: str = "co-1", **config: object) -> int:
    starter.start(order(tmp_path, container, **config), ENVIRONMENT)
    event = event_of(starter, Started, container)
    assert isinstance(event, Started)
    return event.pid


def test_a_start_is_answered_with_the_process(starter: Starter, tmp_path: Path) -> None:
    pid = started(starter, tmp_path)
    until(lambda: os.getpgid(pid) == os.getsid(pid) == pid, "it leads its own group and session")


def test_an_end_is_reported_with_its_signal(starter: Starter, tmp_path: Path) -> None:
    os.kill(started(starter, tmp_path), signal.SIGSEGV)
    assert event_of(starter, Exited) == Exited("co-1", -signal.SIGSEGV)


def test_a_container_that_fails_before_it_runs_reports_its_exit_code(starter: Starter, tmp_path: Path) -> None:
    started(starter, tmp_path, page="/nowhere")
    assert event_of(starter, Exited) == Exited("co-1", 1)
    assert "FileNotFoundError" in (tmp_path / "co-1.err").read_text()


def test_closing_leaves_nothing(starter: Starter, tmp_path: Path) -> None:
    pids = [started(starter, tmp_path, f"co-{number}") for number in range(3)]
    starter.close()
    until(lambda: all(is_gone(pid) for pid in pids))
    starter.close()


def test_a_killed_keeper_takes_its_containers_along_and_they_are_reported(starter: Starter, tmp_path: Path) -> None:
    pid = started(starter, tmp_path)
    keeper = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(keeper, signal.SIGKILL)
    assert event_of(starter, Exited) == Exited("co-1", -signal.SIGKILL)
    until(lambda: is_gone(pid))
    assert started(starter, tmp_path, "co-2"), "the next one gets a new keeper"


@pytest.mark.skipif(not processes.LINUX, reason="forking is for Linux")
def test_a_module_that_starts_a_thread_makes_forking_unsafe(tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "starts_a_thread.py").write_text(
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    )
    fork = Fork(tmp_path)
    try:
        environment = Environment("en-2", sys.executable, (*sys.path, str(folder)), dict(os.environ))
        asked = order(tmp_path)
        asked["imports"] = ["starts_a_thread"]
        fork.start(asked, environment)
        event = event_of(fork, Unsafe)
        assert event == Unsafe("co-1", "starts_a_thread", "2 threads are running")
        fork.start(order(tmp_path, "co-2"), environment)
        assert event_of(fork, Started, "co-2"), "others are forked from a new zygote"
    finally:
        fork.close()


@pytest.mark.skipif(not processes.LINUX, reason="forking is for Linux")
def test_a_zygote_does_not_import_what_lies_beside_the_notebook(tmp_path: Path) -> None:
    (tmp_path / "users_own.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    fork = Fork(tmp_path)
    try:
        environment = Environment("en-3", sys.executable, (str(tmp_path), *sys.path), dict(os.environ))
        asked = order(tmp_path)
        asked["imports"] = ["users_own"]
        fork.start(asked, environment)
        event_of(fork, Started)
        assert not (tmp_path / "imported").exists()
    finally:
        fork.close()
