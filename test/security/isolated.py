"""A gateway as `farcall serve` starts it, with isolation; its home, its log, and this process's session on it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from farcall.client import embedded, place
from farcall.client.session import Session
from test.python.support.home import Home, build_bundle

USERS = (60600, 61099)


@dataclass
class Served:
    """A running gateway. ``home`` is private to it; ``url`` and ``token`` are what another machine would have."""

    home: Path
    url: str
    token: str
    pid: int
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.home / "gateway.log").read_text().splitlines()]

    def command(self, *words: str) -> str:
        """What `farcall WORDS` prints about this gateway."""
        variables = {**os.environ, "FARCALL_URL": self.url, "FARCALL_TOKEN": self.token}
        said = subprocess.run(
            [sys.executable, "-m", "farcall.cli", *words],
            env=variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return said.stdout + said.stderr


def start(home: Path, *options: str, python: str, variables: dict[str, str]) -> subprocess.Popen[str]:
    """The gateway's process; its ready line, or what it complained about, is to be read."""
    build_bundle()
    command = [embedded.node(), str(embedded.bundle()), "--home", str(home), "--python", python]
    return subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", "0", *options],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def serving(*options: str, python: str = sys.executable, **changed: str) -> Iterator[Served]:
    """Serve, and let `farcall` in this process use it. ``changed``: variables of the gateway."""
    home = Path(tempfile.mkdtemp(prefix="fc-", dir="/tmp"))
    variables = {**os.environ, "FARCALL_HOME": str(home), **changed}
    process = start(home, *options, python=python, variables=variables)
    assert process.stdout is not None
    assert process.stderr is not None
    _leave()
    before = place.choose(None)
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        ready = json.loads(line)
        token = (home / "token").read_text().strip()
        place.choose(place.Place(ready["url"], token))
        yield Served(home, ready["url"], token, ready["pid"], variables)
    finally:
        _leave()
        place.choose(before)
        Home(home).end()
        process.wait(30)
        process.stdout.close()
        process.stderr.close()
        shutil.rmtree(home, ignore_errors=True)
        for lobby in Path("/tmp").glob(f"farcall-*-{hashlib.sha256(bytes(home)).hexdigest()[:8]}-lobby"):
            shutil.rmtree(lobby, ignore_errors=True)


def _leave() -> None:
    session = Session.existing()
    if session is not None:
        session.close()


def readable_python(folder: Path) -> str | None:
    """An interpreter of our version that every user can run, with what containers import; None: there is none here."""
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for program in (sys.executable, f"/usr/bin/{minor}", f"/usr/local/bin/{minor}"):
        if Path(program).exists() and _can_run(program):
            return program if program == sys.executable else environment_around(program, folder)
    return None


def _can_run(program: str) -> bool:
    with contextlib.suppress(OSError):
        ran = subprocess.run(
            [program, "-c", ""],
            cwd="/",
            user=USERS[0],
            group=USERS[0],
            extra_groups=[],
            capture_output=True,
            check=False,
        )
        return ran.returncode == 0
    return False


def environment_around(program: str, folder: Path) -> str:
    """An environment around it that finds the packages of this one."""
    subprocess.run([program, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    site = next((folder / "lib").glob("python*/site-packages"))
    paths = [path for path in sys.path if path.endswith("site-packages")]
    package = str(Path(embedded.__file__).parents[2])
    (site / "packages.pth").write_text("\n".join([*paths, package]) + "\n")
    return str(folder / "bin" / "python")
