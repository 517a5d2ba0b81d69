"""The command `farcall`, against a gateway at work: what it says to people, and what to scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.home import Home, running_home
from support.waiting import PATIENCE_S

import farcall
from farcall import FunctionCall, cli
from farcall.client import place
from farcall.client.session import Session


@farcall.function
def double(x: int) -> int:
    print(f"doubling {x}")
    return 2 * x


@farcall.function
def picky(x: int) -> int:
    if x % 2:
        raise ValueError("odd")
    return x


@farcall.function
def wait_for(path: str) -> None:
    import time

    print("waiting", flush=True)
    while not Path(path).exists():
        time.sleep(0.01)
    print("done", flush=True)


class Said:
    """Runs a command here; its exit code, and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> str:
        self._capsys.readouterr()
        assert cli.main(arguments) == code, self._capsys.readouterr()
        read = self._capsys.readouterr()
        return read.out + read.err

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code))


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


def test_without_a_gateway_they_say_so_and_start_none(fresh_home: Home, said: Said) -> None:
    for command in (["status"], ["calls"], ["containers"], ["call", "fc-x"], ["logs", "fc-x"], ["cancel", "fc-x"]):
        assert "the first call starts one" in said(*command, code=3)
    assert "no gateway runs here" in said("stop")
    assert not (fresh_home.folder / "gateway.json").exists()


def test_status_containers_and_stop(fresh_home: Home, said: Said) -> None:
    double.remote(1)
    text = said("status")
    assert "double" in text
    assert "isolation" in text
    assert said.json("status")["pid"] == fresh_home.pid
    (container,) = said.json("containers")
    assert container["container_id"] in said("containers")
    assert said("stop").strip() == "stopped"
    assert "the first call starts one" in said("status", code=3)


def test_calls_are_listed_by_state_and_function(home: Home, said: Said) -> None:
    done = double.spawn(1)
    done.get(timeout=PATIENCE_S)
    failed = picky.spawn_map([1, 3])
    list(failed.results().wait(timeout=PATIENCE_S).failures())
    named = said.json("calls", "--function", "double", "--limit", "1")
    assert [call["name"] for call in named] == ["double"]
    assert said.json("calls", "--state", "failed", "--limit", "1")[0]["call_id"] == failed.object_id
    assert said("calls", "--function", "no_such").strip() == "none"
    head, *rows = said("calls", "--limit", "2").splitlines()
    assert head.split() == ["call", "function", "state", "inputs", "time", "from"]
    assert len(rows) == 2
    assert all(row[head.index("state") - 1] == " " for row in rows), "columns are aligned"


def test_one_call_tells_its_counts_and_its_failures_in_groups(home: Home, said: Said) -> None:
    call = picky.spawn_map(range(6))
    call.results().wait(timeout=PATIENCE_S)
    text = said("call", call.object_id)
    assert "3 succeeded, 3 failed" in text
    assert "3 × ValueError: odd" in text
    told = said.json("call", call.object_id)
    assert told["failures"][0]["count"] == 3
    assert told["call"]["counts"]["succeeded"] == 3


def test_logs_are_those_of_the_call_or_of_one_input(home: Home, said: Said) -> None:
    call = double.spawn_map(range(3))
    call.results().wait(timeout=PATIENCE_S)
    assert sorted(said("logs", call.object_id, "--follow").splitlines()) == [f"doubling {x}" for x in range(3)]
    assert said("logs", call.object_id, "--input", "1", "--follow") == "doubling 1\n"


def test_followed_logs_come_while_the_call_runs_and_end_with_it(home: Home, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    call = wait_for.spawn(str(gate))
    command = [sys.executable, "-m", "farcall.cli", "logs", call.object_id, "--follow", "--home", str(home.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "waiting\n"
        gate.touch()
        assert following.stdout.read() == "done\n"
        assert following.wait(PATIENCE_S) == 0


def test_cancel_ends_a_call(home: Home, said: Said, tmp_path: Path) -> None:
    call = wait_for.spawn(str(tmp_path / "never"))
    assert said("cancel", call.object_id).strip() == f"cancelled {call.object_id}"
    with pytest.raises(farcall.errors.RemoteError):
        call.get(timeout=PATIENCE_S)
    assert "no call" in said("cancel", call.object_id[:9] + "01JD8X4V9K3T7QH2M5RWCE6YBN", code=1)


def test_stop_drain_lets_open_calls_finish(fresh_home: Home, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    call = wait_for.spawn(str(gate))
    command = [sys.executable, "-m", "farcall.cli", "stop", "--drain", "--home", str(fresh_home.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stopping:
        assert stopping.stdout is not None
        assert "waiting for 1 open call" in stopping.stdout.readline()
        gate.touch()
        assert stopping.stdout.read().strip() == "stopped"
        assert stopping.wait(PATIENCE_S) == 0
    assert call.get(timeout=PATIENCE_S) is None, "it had finished; reading it starts the gateway again"


def test_doctor_finds_this_installation_well(home: Home, said: Said) -> None:
    text = said("doctor")
    assert "FAIL" not in text
    found = {finding["name"]: finding["state"] for finding in said.json("doctor")}
    assert found["Node"] == found["gateway"] == found["disk"] == "ok"
    assert {"home", "Python versions", "JupyterLab extension", "GPUs", "isolation", "clock"} <= set(found)


def test_doctor_says_what_to_do_about_what_is_missing(
    home: Home, said: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FARCALL_NODE", str(tmp_path / "none"))
    text = said("doctor", code=1)
    assert "FAIL  Node" in text
    assert "set FARCALL_NODE" in text


def test_doctor_warns_of_a_home_that_is_open_to_others(home: Home, said: Said) -> None:
    double.remote(1)
    home.folder.chmod(0o755)
    try:
        assert f"chmod 700 {home.folder}" in said("doctor")
    finally:
        home.folder.chmod(0o700)


def test_gc_deletes_what_ended_before_and_says_it_first(fresh_home: Home, said: Said) -> None:
    old = double.spawn(1)
    old.get(timeout=PATIENCE_S)
    assert said.json("gc", "--older-than", "0s", "--dry-run")["gone"]["calls"] == [old.object_id]
    assert said.json("gc", "--older-than", "1h")["gone"]["count"] == 0
    assert old.get(timeout=PATIENCE_S) == 2, "nothing went so far"
    assert "deleted 1 call " in said("gc", "--older-than", "0s")
    assert said("calls").strip() == "none"


def test_gc_takes_a_time_with_its_unit(said: Said) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["gc", "--older-than", "7"])
    assert raised.value.code == 2


def test_gc_leaves_folders_alone_that_are_new_or_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from farcall.cli import gc

    monkeypatch.setattr(gc, "_PLACES", tmp_path)
    names = ["dead", "fresh"]
    for name in names:
        (tmp_path / f"farcall-{os.getuid()}-{name}").mkdir()
    os.utime(tmp_path / f"farcall-{os.getuid()}-dead", (0, 0))
    assert [folder.name for folder in gc.leftovers()] == [f"farcall-{os.getuid()}-dead"]


def test_a_backup_made_while_calls_run_is_a_home_with_all_that_was_done(
    fresh_home: Home, said: Said, tmp_path: Path
) -> None:
    big = b"x" * 700_000  # as a blob
    blob = identity.spawn(big)
    many = double.spawn_map(range(2_000))
    assert blob.get(timeout=PATIENCE_S) == big
    under_way = wait_for.spawn(str(tmp_path / "gate"))
    many.results().wait(timeout=PATIENCE_S)
    target = tmp_path / "copy"
    assert str(target) in said("backup", str(target))
    assert "is there already" in said("backup", str(target), code=1)
    (tmp_path / "gate").touch()
    under_way.get(timeout=PATIENCE_S)
    with Restored(target):
        assert FunctionCall.from_id(blob.object_id).get(timeout=PATIENCE_S) == big
        assert list(FunctionCall.from_id(many.object_id).results()) == [2 * x for x in range(2_000)]
        again = FunctionCall.from_id(under_way.object_id)
        assert again.get(timeout=PATIENCE_S) is None, "what had not finished runs in the copy"


@farcall.function
def identity(value: bytes) -> bytes:
    return value


class Restored:
    """The copy as the home of this process's session."""

    def __init__(self, folder: Path) -> None:
        self._home = Home(folder)
        self._running = running_home()

    def __enter__(self) -> None:
        self._running.__enter__()
        os.environ["FARCALL_HOME"] = str(self._home.folder)
        place.choose(place.Place(home=str(self._home.folder)))

    def __exit__(self, *_: object) -> None:
        session = Session.existing()
        if session is not None:
            session.close()
        self._home.end()
        self._running.__exit__(None, None, None)


def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["nonsense"])
    assert raised.value.code == 2
