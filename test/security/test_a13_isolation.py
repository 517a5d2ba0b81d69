"""A13: a container reaches for the store, the tokens, another container's files, the gateway's environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import farcall
from test.python.support.home import running_home
from test.python.support.waiting import until

from .isolated import Served, environment_around, readable_python, serving, start

PLANTED = "planted-in-the-gateways-environment"
#: Made here and now: the source of this file travels with its functions.
SECRET = f"hunter2-{os.urandom(12).hex()}"
#: Larger than a frame: it travels as a blob, which isolated containers cannot write as files.
LARGE = 3_000_000


@pytest.fixture(scope="module")
def python() -> Iterator[str]:
    """An interpreter that other users can run."""
    folder = Path(tempfile.mkdtemp(prefix="fc-py-", dir="/tmp"))
    folder.chmod(0o755)
    found = readable_python(folder / "venv") if os.geteuid() == 0 else None
    if found is None:
        pytest.skip("needs root, and an interpreter that other users can run")
    yield found
    shutil.rmtree(folder)


@pytest.fixture(scope="module", params=["uid", "bwrap"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A gateway whose containers are isolated, in each way that there is here."""
    program = sys.executable
    if request.param == "uid":
        program = request.getfixturevalue("python")
    elif shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with serving("--isolation", request.param, python=program, PLANTED=PLANTED) as running:
        yield running


def app() -> farcall.App:
    return farcall.App("isolation")


def attempts(home: str, gateway: int, other: str) -> dict[str, str]:
    """What a container gets of everything that is not its own: the error's name, or what it found."""
    import contextlib
    import os
    import signal
    from pathlib import Path

    def trying(reach: Any) -> str:
        try:
            found = reach()
        except Exception as error:
            return f"refused: {type(error).__name__}"
        return f"FOUND {str(found)[:200]}" if found else "nothing there"

    def listed(folder: str) -> list[str]:
        return [path.name for path in Path(folder).iterdir()]

    def signalled() -> bool:
        os.kill(gateway, signal.SIGCONT)
        return True

    files = ("store.db", "token", "supervisor.token", "key", "gateway.json", "gateway.log", "leases.journal")
    with contextlib.suppress(OSError):
        (Path(home) / "token").write_text("mine")
        (Path(home) / "token").unlink()
    return {
        **{name: trying((Path(home) / name).read_bytes) for name in files},
        "the home": trying(lambda: listed(home)),
        "the payloads": trying(lambda: listed(f"{home}/payloads")),
        "the gateway's environment": trying(lambda: Path(f"/proc/{gateway}/environ").read_bytes()),
        "its memory": trying(lambda: Path(f"/proc/{gateway}/maps").read_bytes()),
        "a signal to it": trying(signalled),
        "another container's folder": trying(lambda: listed(other)),
        "its output": trying(lambda: (Path(other).parent / "out").read_bytes()),
        "its control page": trying(lambda: (Path(other).parent / "page").read_bytes()),
    }


def where(seconds: float) -> str:
    import time
    from pathlib import Path

    Path("mine.txt").write_text("mine")
    time.sleep(seconds)
    return str(Path.cwd())


def test_nothing_of_the_gateway_or_of_another_container_is_within_reach(served: Served) -> None:
    neighbour = app().function(where, max_containers=1)
    folder = neighbour.remote(0.0)
    running = neighbour.spawn(60.0)
    try:
        assert Path(folder, "mine.txt").read_text() == "mine", "it is really there, and running"
        found = app().function(attempts).remote(str(served.home), served.pid, folder)
    finally:
        running.cancel()
    assert {said for said in found.values() if said.startswith("FOUND")} == set(), found
    assert (served.home / "token").read_text().strip() == served.token, "nothing was written there"


def test_what_a_function_does_works_as_ever(served: Served) -> None:
    def work(value: int) -> tuple[int, int, str]:
        import os
        import tempfile
        from pathlib import Path

        with tempfile.NamedTemporaryFile() as file:
            file.write(b"temporary")
        Path("note.txt").write_text("its folder is its own")
        return value * value, len(os.environ["PASSWORD"]), os.environ.get("PLANTED", "nothing")

    function = app().function(work, secrets=[farcall.Secret.from_dict({"PASSWORD": SECRET})], max_containers=3)
    assert list(function.map(range(30))) == [(value * value, len(SECRET), "nothing") for value in range(30)]


def test_large_values_come_and_go_without_the_folder(served: Served) -> None:
    def double(data: bytes) -> bytes:
        return data + data

    assert app().function(double).remote(os.urandom(LARGE) + b"end")[-3:] == b"end"


def test_stops_and_failures_reach_through_the_wall(served: Served) -> None:
    def die(how: str) -> None:
        import os
        import signal
        import time

        if how == "segfault":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)

    with pytest.raises(farcall.exception.TimeoutError):
        app().function(die, timeout=1).remote("sleep")
    with pytest.raises(farcall.exception.Error):
        app().function(die, retries=0).remote("segfault")
    call = app().function(die).spawn("sleep")
    call.cancel()
    with pytest.raises(farcall.exception.Error):
        call.get(timeout=60)


def test_containers_are_users_of_their_own(python: str) -> None:
    def who(seconds: float) -> tuple[int, int, list[int], int]:
        import os
        import time

        time.sleep(seconds)
        return os.getuid(), os.getgid(), os.getgroups(), os.getpid()

    with serving("--isolation", "uid", "--uids", "60700-60709", python=python):
        found = list(app().function(who, max_containers=2).map([1.0] * 6))
    users = {user for user, *_ in found}
    assert len(users) == len({pid for *_, pid in found}), "one user a container"
    assert users <= set(range(60700, 60710))
    assert {(group, tuple(groups)) for _, group, groups, _ in found} == {(60700, ())}


def test_a_secret_is_only_where_it_is_declared_and_nowhere_on_the_disk(served: Served) -> None:
    def look() -> list[str]:
        import os

        return [name for name, value in os.environ.items() if "hunter2" in value]

    secret = farcall.Secret.from_dict({"PASSWORD": SECRET})
    assert SECRET not in repr(secret)
    assert app().function(look, secrets=[secret]).remote() == ["PASSWORD"]
    assert app().function(look).remote() == []
    for path in served.home.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_secret_that_is_printed_or_raised_is_redacted_and_other_variables_are_not(served: Served) -> None:
    def tell() -> None:
        import os
        import sys

        print("the key is", os.environ["PASSWORD"], "for", os.environ["MODEL"])
        sys.stderr.write(os.environ["PASSWORD"][:-3])
        sys.stderr.flush()
        raise ValueError(f"401: {os.environ['PASSWORD']} may not read {os.environ['MODEL']}")

    secret = farcall.Secret.from_dict({"PASSWORD": SECRET})
    function = app().function(tell, secrets=[secret], env={"MODEL": "/data/models/large"}, max_containers=1)
    call = function.spawn()
    with pytest.raises(ValueError, match=r"401: \*+ may not read /data/models/large") as raised:
        call.get(timeout=60)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    until(lambda: "/data/models/large" in call.logs(), "what it printed arrives")
    assert f"the key is {'*' * len(SECRET)} for" in call.logs()
    for path in served.home.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_where_isolation_is_on_status_says_how(served: Served) -> None:
    assert "isolation   each container runs" in served.command("status")
    assert "Warning" not in served.command("doctor")
    assert not [entry for entry in served.log if "not isolated" in str(entry)]


def test_where_it_is_not_possible_the_warning_is_shown_and_logged_once(tmp_path: Path) -> None:
    """An interpreter that only its owner can run, and a PATH without bubblewrap."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    program = environment_around(sys.executable, private / "venv")
    with serving("--isolation", "auto", python=program, PATH=str(private)) as served:
        status, doctor = served.command("status"), served.command("doctor")
        told = [entry for entry in served.log if "not isolated" in str(entry)]
    assert "isolation   none. Warning: containers are not isolated" in status
    assert "bubblewrap (bwrap) is not installed" in status
    assert "Warning: containers are not isolated" in doctor
    assert len(told) == 1


def test_what_was_asked_for_by_name_and_is_not_possible_ends_the_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "bin").mkdir()
    variables = {**os.environ, "FARCALL_HOME": str(home), "PATH": str(tmp_path / "bin")}
    process = start(home, "--isolation", "bwrap", python=sys.executable, variables=variables)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--isolation bwrap is not possible here: bubblewrap (bwrap) is not installed" in said


def test_the_embedded_gateway_isolates_nothing_and_says_so() -> None:
    command = [sys.executable, "-m", "farcall.cli", "status"]
    with running_home():
        assert app().function(lambda: os.getpid()).remote() > 0
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    assert "isolation   none: containers run as the gateway's user" in said
    assert "Warning" not in said
