"""`farcall gc`: calls that ended long ago go, images that nobody used, and what gateways that are gone left in /tmp."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import time
from pathlib import Path

from ..client.session import Session
from ..notebook import words
from ..notebook.listing import many
from ..wire.messages import StoreExpire, StoreExpired
from .common import Commands, print_json, takes_json

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
#: A socket's folder that nobody used for so long is nobody's.
_LEFT_S = 86_400
_PLACES = Path("/tmp")


def add(commands: Commands) -> None:
    """Make the command known."""
    command = commands.add_parser("gc", help="delete old calls, images that nobody used, and files that belong to none")
    command.add_argument(
        "--older-than", type=_seconds, default="7d", metavar="TIME", help="such as 12h, 7d, 2w (default: 7d)"
    )
    command.add_argument("--dry-run", action="store_true", help="only say what would go")
    command.set_defaults(run=_run)
    takes_json(command)


def _run(asked: argparse.Namespace) -> int:
    question = StoreExpire(request=0, seconds=asked.older_than, pretend=asked.dry_run)
    gone = Session.current().ask(question, StoreExpired, timeout=None)
    left = leftovers()
    if not asked.dry_run:
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)
    if asked.json:
        print_json({"gone": gone, "folders": [str(folder) for folder in left], "dry_run": asked.dry_run})
        return 0
    would = "would delete" if asked.dry_run else "deleted"
    images = f"{many(len(gone.images), 'image')} that nobody used"
    print(f"{would} {many(gone.count, 'call')} and {images}, and {many(len(left), 'folder')} that a gateway left")
    kept = f"{words.size(gone.bytes)} of payloads and {words.size(int(gone.image_bytes))} of images"
    print(f"{kept} {'are there' if asked.dry_run else 'are left'}")
    return 0


def leftovers() -> list[Path]:
    """Folders for sockets of this user's gateways (homes with long paths have them there) in which nobody listens."""
    before = time.time() - _LEFT_S
    found = []
    for folder in sorted(_PLACES.glob(f"farcall-{os.getuid()}-*")):
        told = folder.lstat()
        is_ours = folder.is_dir() and not folder.is_symlink() and told.st_uid == os.getuid()
        if is_ours and told.st_mtime < before and not any(map(_listens, folder.rglob("*.sock"))):
            found.append(folder)
    return found


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"takes a number and s, m, h, d or w, such as 12h or 7d, not {text!r}")
    return float(match[1]) * _UNITS_S[match[2]]
