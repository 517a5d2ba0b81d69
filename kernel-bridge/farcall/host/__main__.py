"""``python -m farcall.host``: a supervisor.

The gateway's local engine starts it, with its configuration as one line of JSON on stdin.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from ..client.embedded import home_folder
from . import hardware
from .birth import MARK
from .cpu import CpuLimits
from .home import HomeFolder
from .image_folder import ImageFolder
from .images import Images, open_root
from .isolation import Isolation
from .orders import Reach, Starting
from .supervisor import Supervisor
from .uplink import Address, Uplink


def main() -> None:
    """Read the configuration, then serve until told to leave."""
    config: dict[str, Any] = json.loads(sys.stdin.readline())
    os.environ.pop(MARK, None)  # started from within a container, it is still not part of it
    home = home_folder(config.get("home"))
    (home / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
    log_to(home / "logs" / "supervisor.log")
    window = float(config.get("reconnect_window", 60.0))
    embedded = home if config.get("embedded", True) else None
    address = Address(config["url"], config["token"], config["host_id"], embedded, window)
    isolation = Isolation(config.get("isolation") or {}, home)
    folder = isolation.folder
    note = home / "supervisor.json"
    if not is_held(note):
        shutil.rmtree(folder, ignore_errors=True)  # what a killed supervisor left
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(isolation.folder_mode)
    write_note(note, config["host_id"])
    isolation.hold_lobby()
    try:
        cpus = CpuLimits(Path(config.get("cgroups", "/sys/fs/cgroup")))
        starting = Starting(home / "logs", Reach(config["url"], window), isolation, cpus)
        has = hardware.find(config.get("gpus"), config.get("labels"))
        uplink = Uplink(address, HomeFolder(home))
        Supervisor(uplink, starting, has, folder, images_of(home, isolation, uplink)).run()
    finally:
        remove_note(note)


def images_of(home: Path, isolation: Isolation, uplink: Uplink) -> Images:
    """The images of this host. What they are made of is put into the home by the gateway."""
    root = open_root(isolation.images, shared=isolation.kind != "none")
    sent = home / "sent"
    isolated = isolation.kind != "none"
    return Images(ImageFolder(root, sent), sent, isolated=isolated, tell=uplink.tell, say=uplink.send)


def write_note(path: Path, host_id: str) -> None:
    """Tell a new gateway that this host has a supervisor: it waits for it instead of starting another."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps({"pid": os.getpid(), "host_id": host_id}))
    part.chmod(0o600)
    part.replace(path)


def is_held(note: Path) -> bool:
    """Whether another supervisor of this home is still about; it may have containers."""
    try:
        os.kill(int(json.loads(note.read_text())["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return False
    return True


def remove_note(path: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        if json.loads(path.read_text())["pid"] == os.getpid():
            path.unlink()


def log_to(path: Path) -> None:
    """One JSON line an event."""
    handler = logging.FileHandler(path)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": record.created,
            "level": record.levelname.lower(),
            "pid": record.process,
            "said": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)


if __name__ == "__main__":
    main()
