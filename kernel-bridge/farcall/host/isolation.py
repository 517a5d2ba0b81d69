"""Keeps containers out of the gateway's folder and apart from each other: each as a user of its own, or in bubblewrap.

``python -m farcall.host.isolation`` tells the gateway, once, what is possible on this machine; the supervisor asks
:class:`Isolation` for a cell for every container. Isolated containers are spawned: a fork would show them what earlier
ones left in the zygote's memory. What they may enter is the *lobby*, a folder outside the home: it holds the socket of
their door, and a folder of each container's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from . import processes

Kind = Literal["none", "uid", "bwrap"]
_PROBE_S = 30.0
#: What an isolated container needs to be able to do before anything else.
_PROBE = "import farcall.container.main"


class Impossible(Exception):
    """This machine cannot isolate in that way; the message says why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How one container is kept apart. Travels in its start order, as JSON."""

    #: User and group to become; None: the supervisor's own.
    uid: int | None
    gid: int | None
    #: The command line that goes before the interpreter's.
    wrap: tuple[str, ...]
    #: Where its temporary files belong, and where it works when its folder is out of reach.
    work: str


class Isolation:
    """Makes cells, and takes the users of ended containers back."""

    def __init__(self, config: dict[str, Any], home: Path) -> None:
        """``config``: as the gateway sends it; see engines/isolation.ts."""
        self.kind: Kind = config.get("kind", "none")
        self._home = home.resolve()
        self._lobby = Path(config["lobby"]).resolve() if self.kind != "none" else self._home
        first, count = config.get("uids", (0, 0))
        self._first, self._count = int(first), int(count)
        self._next = 0
        self._uids: dict[str, int] = {}  # by container

    @property
    def folder(self) -> Path:
        """Where the supervisor makes the containers' folders."""
        return self._home / "run" if self.kind == "none" else self._lobby / "run"

    @property
    def images(self) -> Path:
        """Where images are: outside of the home where containers cannot enter it, and not in the lobby, which goes."""
        if self.kind == "none":
            return self._home / "images"
        digest = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:8]
        return Path("/var/tmp") / f"farcall-{os.getuid()}-{digest}-images"

    @property
    def folder_mode(self) -> int:
        return 0o711 if self.kind == "uid" else 0o700

    def hold_lobby(self) -> None:
        """Note in the lobby that this process needs it: see engines/lobbies.ts."""
        if self.kind != "none":
            note = self._lobby / "supervisor.pid"
            note.write_text(f"{os.getpid()}\n")
            note.chmod(0o600)

    def cell(self, container: str, folder: Path) -> Cell | None:
        """A cell around ``folder``, which becomes the container's own. None: it is not isolated."""
        if self.kind == "none":
            return None
        work = folder / "work"
        work.mkdir(mode=0o700)
        if self.kind == "bwrap":
            return Cell(None, None, tuple(self._wrap(folder)), str(work))
        uid = self._take(container)
        for path in (folder, *folder.iterdir()):
            os.chown(path, uid, self._first, follow_symlinks=False)
        return Cell(uid, self._first, (), str(work))

    def release(self, container: str) -> None:
        """The container is gone: its user may be another's."""
        self._uids.pop(container, None)

    def is_out_of_reach(self, folder: str) -> bool:
        """Whether an isolated container cannot enter ``folder`` because it belongs to the gateway."""
        return self.kind != "none" and Path(folder).resolve().is_relative_to(self._home)

    def _take(self, container: str) -> int:
        """The user that was free for longest."""
        taken = set(self._uids.values())
        for _ in range(self._count):
            uid = self._first + self._next % self._count
            self._next += 1
            if uid not in taken:
                self._uids[container] = uid
                return uid
        raise OSError(f"all {self._count} users for containers are in use: give the gateway a wider --uids")

    def _wrap(self, folder: Path) -> list[str]:
        return bubblewrap(self._home, self._lobby, folder, self.images)


def bubblewrap(home: Path, lobby: Path, folder: Path | None, images: Path | None = None) -> list[str]:
    """The sandbox: the machine as it is, without the home, without other containers, and with processes of its own."""
    program = shutil.which("bwrap")
    if program is None:
        raise Impossible("bubblewrap (bwrap) is not installed")
    line = [program, "--die-with-parent", "--unshare-user", "--unshare-pid", "--dev-bind", "/", "/", "--proc", "/proc"]
    line += ["--tmpfs", str(home), "--tmpfs", str(lobby)]
    if images is not None and images.is_dir():
        line += ["--ro-bind", str(images), str(images)]
    for kept in (lobby / "door", folder):
        if kept is not None:
            line += ["--bind", str(kept), str(kept)]
    return [*line, "--chdir", "/", "--"]


# ── what is possible here


def probe(asked: str, *, home: Path, lobby: Path, first: int) -> tuple[Kind, str]:
    """The best way that works here among those asked for, and why a better one does not."""
    ways: dict[str, tuple[Kind, ...]] = {"auto": ("uid", "bwrap"), "uid": ("uid",), "bwrap": ("bwrap",), "none": ()}
    reasons: list[str] = []
    for kind in ways[asked]:
        try:
            _try_uid(first) if kind == "uid" else _try_bubblewrap(home, lobby)
        except Impossible as error:
            reasons.append(str(error))
        else:
            return kind, "; ".join(reasons)
    return "none", "; ".join(reasons)


def _try_uid(uid: int) -> None:
    if not processes.LINUX:
        raise Impossible("users of their own need Linux")
    if os.geteuid() != 0:
        raise Impossible("the gateway does not run as root, so it cannot give containers users of their own")
    _run_probe(
        [sys.executable, "-c", _PROBE], f"user {uid} cannot run {sys.executable} (its folders must be readable)", uid
    )


def _try_bubblewrap(home: Path, lobby: Path) -> None:
    if not processes.LINUX:
        raise Impossible("bubblewrap needs Linux")
    _run_probe(
        [*bubblewrap(home.resolve(), lobby.resolve(), None), sys.executable, "-c", _PROBE], "bubblewrap does not work"
    )


def _run_probe(command: list[str], why: str, uid: int | None = None) -> None:
    try:
        ran = subprocess.run(
            command,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PROBE_S,
            check=False,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Impossible(f"{why}: {error}") from None
    if ran.returncode != 0:
        raise Impossible(f"{why}: {(ran.stderr.strip().splitlines() or ['it said nothing'])[-1][:300]}")


def main() -> None:
    """One line of JSON in, one out."""
    question = json.loads(sys.stdin.readline())
    home, lobby = Path(question["home"]), Path(question["lobby"])
    kind, why = probe(question["asked"], home=home, lobby=lobby, first=int(question["first"]))
    print(json.dumps({"kind": kind, "why": why}))


if __name__ == "__main__":
    main()
