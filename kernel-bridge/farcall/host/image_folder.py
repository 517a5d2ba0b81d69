"""The folder of a host's images: one folder an image, whole once its ``ready.json`` is there, and a lock beside each.

Who builds holds the lock alone, who runs containers in the image holds it with others, and nothing goes without it:
so two builders, or a builder and the clearing, never meet. Used by the supervisor and by the builder it runs.

    im-<hash>/          env/ (the interpreter and its packages), files/ (where containers work), ready.json
    im-<hash>.lock      flock
    pins/im-<hash>.json what the requirements came to, the first time: kept when the image goes
    shelf/<hash>/       the running farcall, for images to find
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Kept(NamedTuple):
    """One image that is there."""

    id: str
    #: Unix seconds.
    used_at: float
    bytes: int


class ImageFolder:
    """Paths and locks; what is in them is the builder's business."""

    def __init__(self, root: Path, sent: Path) -> None:
        """``sent``: the folder in which the gateway puts what images are made of."""
        self.root = root
        self._sent = sent

    def image(self, id: str) -> Path:
        return self.root / id

    def ready(self, id: str) -> dict[str, Any] | None:
        """What its builder noted at the end; None: it is not there, or not whole."""
        try:
            told = json.loads((self.image(id) / "ready.json").read_text())
        except (OSError, ValueError):
            return None
        return told if isinstance(told, dict) and Path(str(told.get("executable"))).exists() else None

    def finish(self, id: str, told: dict[str, Any]) -> None:
        """It is whole: from now on others see it."""
        write_whole(self.image(id) / "ready.json", json.dumps(told))

    def touch(self, id: str) -> None:
        """It is used now."""
        with contextlib.suppress(OSError):
            os.utime(self.image(id) / "ready.json")

    def lock(self, id: str, *, alone: bool) -> int | None:
        """A descriptor that holds its lock until it is closed; None: others hold it."""
        self.root.mkdir(mode=0o711, parents=True, exist_ok=True)
        descriptor = os.open(self.root / f"{id}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def pins(self, id: str) -> Path:
        return self.root / "pins" / f"{id}.json"

    def sent(self, digest: str) -> Path:
        return self._sent / digest

    def kept(self) -> Iterator[Kept]:
        """Every image, whole or not: what is not whole was never used."""
        for folder in sorted(self.root.glob("im-*/")):
            try:
                used_at = (folder / "ready.json").stat().st_mtime
            except OSError:
                used_at = 0.0
            yield Kept(folder.name, used_at, size_of(folder))

    def expire(self, *, seconds: float, budget: float, keep: frozenset[str], pretend: bool) -> tuple[list[str], int]:
        """The images that go, and the bytes of those that stay. See the message ``images.expire``."""
        images = sorted(self.kept(), key=lambda kept: kept.used_at)
        left = sum(kept.bytes for kept in images)
        gone: list[str] = []
        before = time.time() - seconds
        for kept in images:
            is_due = kept.used_at < before or left > budget
            if is_due and kept.id not in keep and self._remove(kept.id, pretend=pretend):
                gone.append(kept.id)
                left -= kept.bytes
        return gone, left

    def _remove(self, id: str, *, pretend: bool) -> bool:
        """False: it is in use, or being built."""
        held = self.lock(id, alone=True)
        if held is None:
            return False
        try:
            if not pretend:
                (self.image(id) / "ready.json").unlink(missing_ok=True)
                shutil.rmtree(self.image(id), ignore_errors=True)
        finally:
            os.close(held)
        return True


def shelf(root: Path) -> Path:
    """A folder in which the running farcall is found, and nothing else of where it is installed."""
    package = Path(__file__).resolve().parents[1]
    folder = root / "shelf" / hashlib.sha256(os.fsencode(package)).hexdigest()[:16]
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    for part in (root / "shelf", folder):
        part.chmod(0o755)
    with contextlib.suppress(FileExistsError):
        (folder / package.name).symlink_to(package)
    return folder


def size_of(folder: Path) -> int:
    """Bytes of the files below, each name counted once; what they share with a cache counts as theirs."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - many thousands
    return total


def write_whole(path: Path, text: str) -> None:
    """The file is there whole or not at all."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text)
    part.replace(path)
