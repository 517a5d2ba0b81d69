"""The images of this host, in the eyes of its supervisor: builders at work, images in use, what goes.

A builder (image_build.py) is a child that is told by one line and answers in lines; when its stdin ends it ends.
Nothing here blocks. An image is in use while a container runs in it: the lock beside it is held for so long.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import stat
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ..wire.images import fault
from ..wire.messages import ImageBuilt, ImageFailed, ImageProgress, ImageRecipe, ImagesExpire, ImagesExpired, Message
from . import processes
from .image_folder import ImageFolder

log = logging.getLogger("farcall.host")
#: Builders at once; further images wait.
_MOST = 4
#: A builder that nobody wants, and that does not end by itself.
_LEAVE_S = 10.0
_LONGEST_LINE = 64 * 1024


class Images:
    """What the gateway asks of them. ``tell`` sends a message that must arrive, ``say`` one that may be lost."""

    def __init__(
        self,
        folder: ImageFolder,
        sent: Path,
        *,
        isolated: bool,
        tell: Callable[[Message], None],
        say: Callable[[Message], object],
    ) -> None:
        self._folder = folder
        self._place = {"root": str(folder.root), "sent": str(sent), "isolated": isolated}
        self._tell = tell
        self._say = say
        self._waiting: deque[ImageRecipe] = deque()
        self._builders: dict[str, _Child] = {}  # by image
        self._others: list[_Child] = []  # leaving builders, and clearing
        self._used: dict[str, int] = {}  # by container: the lock's descriptor

    # ── what the gateway asks

    def build(self, recipe: ImageRecipe) -> None:
        """Have it; answered when it is there, or cannot be."""
        id = recipe.image_id
        wrong = fault(recipe)
        if wrong:
            self._tell(ImageFailed(image_id=id, stage="refused", detail=wrong))
            return
        ready = self._folder.ready(id)
        if ready is not None:
            self._folder.touch(id)
            self._tell(built(id, ready))
        elif id not in self._builders and all(other.image_id != id for other in self._waiting):
            self._waiting.append(recipe)
            self._start_waiting()

    def stop(self, id: str) -> None:
        """Nobody waits for it any more."""
        self._waiting = deque(recipe for recipe in self._waiting if recipe.image_id != id)
        builder = self._builders.pop(id, None)
        if builder is not None:
            builder.leave()
            self._others.append(builder)
        self._start_waiting()

    def expire(self, asked: ImagesExpire) -> None:
        """Clear, in a process of its own: large images take a while to count and to delete."""
        if not any(self._folder.root.glob("im-*/")):
            self._tell(ImagesExpired(request=asked.request, images=(), bytes=0.0))
            return
        told = {
            "seconds": asked.seconds,
            "bytes": asked.bytes,
            "keep": [*asked.keep, *self._builders],
            "pretend": asked.pretend,
        }

        def heard(event: dict[str, Any] | None) -> None:
            if event is None or "expired" in event:
                gone = (event or {}).get("expired") or {"images": (), "bytes": 0}
                self._tell(
                    ImagesExpired(request=asked.request, images=tuple(gone["images"]), bytes=float(gone["bytes"]))
                )

        self._others.append(_Child("image_clear", {**self._place, **told}, heard))

    # ── what containers use

    def use(self, container: str, executable: str) -> None:
        """A container is to run with this interpreter: if it is an image's, the image stays as long as it lives."""
        id = self._image_of(executable)
        if id is None or container in self._used:
            return
        held = self._folder.lock(id, alone=False)
        if held is not None:
            self._used[container] = held
        self._folder.touch(id)

    def release(self, container: str) -> None:
        """The container is gone."""
        held = self._used.pop(container, None)
        if held is not None:
            os.close(held)

    # ── the loop

    def files(self) -> list[int]:
        """Descriptors that become readable when there is something to hear."""
        return [child.fileno() for child in (*self._builders.values(), *self._others) if not child.is_over]

    def turn(self) -> None:
        """Hear what the children say."""
        if not self._builders and not self._others:
            return
        for child in (*self._builders.values(), *self._others):
            child.listen()
        self._builders = {id: child for id, child in self._builders.items() if not child.is_over}
        self._others = [child for child in self._others if not child.is_over]
        self._start_waiting()

    def close(self) -> None:
        """End everything at work here. Idempotent."""
        self._waiting.clear()
        children = [*self._builders.values(), *self._others]
        for child in children:
            child.leave()
        for child in children:
            child.close()
        self._builders.clear()
        self._others.clear()
        for container in list(self._used):
            self.release(container)

    def _start_waiting(self) -> None:
        while self._waiting and len(self._builders) < _MOST:
            recipe = self._waiting.popleft()
            log.info("building %s", recipe.image_id)
            order = {**self._place, "recipe": msgspec.to_builtins(recipe)}
            heard = self._hearing(recipe.image_id)
            self._builders[recipe.image_id] = _Child("image_build", order, heard)
        for recipe in self._waiting:
            self._say(ImageProgress(image_id=recipe.image_id, says="waiting for other images"))

    def _hearing(self, id: str) -> Callable[[dict[str, Any] | None], None]:
        answered = False

        def heard(event: dict[str, Any] | None) -> None:
            nonlocal answered
            if event is not None and "says" in event:
                self._say(ImageProgress(image_id=id, says=str(event["says"])[:200]))
            elif not answered:
                answered = True
                # It still has to end; who asks again meanwhile gets another builder.
                child = self._builders.pop(id, None)
                if child is not None:
                    self._others.append(child)
                self._tell(answer_of(id, event))

        return heard

    def _image_of(self, executable: str) -> str | None:
        path = Path(executable)
        if not path.is_relative_to(self._folder.root):
            return None
        return path.relative_to(self._folder.root).parts[0]


class _Child:
    """A process that is told one line, and answers in lines of JSON. ``heard`` gets each; None: it ended."""

    def __init__(self, module: str, order: dict[str, Any], heard: Callable[[dict[str, Any] | None], None]) -> None:
        self._heard = heard
        self._rest = b""
        self._leave_by = 0.0
        self.is_over = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"farcall.host.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None, "they were asked for"  # noqa: PT018
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdout.fileno(), False)
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(json.dumps(order).encode() + b"\n")
            self._stdin.flush()

    def fileno(self) -> int:
        return self._stdout.fileno()

    def leave(self) -> None:
        """What it does is not wanted any more: it ends, and says nothing from now on."""
        self._heard = lambda _: None
        self._leave_by = time.monotonic() + _LEAVE_S
        with contextlib.suppress(OSError):
            self._stdin.close()

    def listen(self) -> None:
        """Hand on what it said."""
        if self.is_over:
            return
        try:
            piece = os.read(self._stdout.fileno(), 65536)
        except BlockingIOError:
            if self._leave_by and time.monotonic() > self._leave_by:
                processes.kill_group(self._process.pid)
            return
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[-_LONGEST_LINE:]
        for line in lines:
            with contextlib.suppress(ValueError):
                self._heard(json.loads(line))
        if not piece:
            self.close()
            self._heard(None)

    def close(self) -> None:
        """Wait for its end; it has ended, or was told to leave."""
        self.is_over = True
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            processes.kill_group(self._process.pid)
            self._process.wait()


def built(id: str, ready: dict[str, Any]) -> ImageBuilt:
    """What containers of it are started with, as its builder noted it."""
    return ImageBuilt(
        image_id=id,
        executable=str(ready["executable"]),
        cwd=str(ready["cwd"]),
        path=tuple(map(str, ready["path"])),
        bin=str(ready["bin"]),
    )


def answer_of(id: str, event: dict[str, Any] | None) -> ImageBuilt | ImageFailed:
    """A builder's last word; none: it was killed."""
    if event is None:
        return ImageFailed(image_id=id, stage="install", detail="the builder was killed")
    if "built" in event:
        return built(id, event["built"])
    failed = event["failed"]
    log.info("building %s failed: %s", id, failed["detail"])
    return ImageFailed(image_id=id, stage=failed["stage"], detail=str(failed["detail"]))


def open_root(folder: Path, *, shared: bool) -> Path:
    """The folder for images, made ours. ``shared``: containers of other users enter it.

    Raises OSError when somebody else made it: what is in it could not be trusted.
    """
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    told = folder.lstat()
    if not stat.S_ISDIR(told.st_mode) or told.st_uid != os.geteuid():
        raise PermissionError(f"{folder} is not a folder of this user")
    folder.chmod(0o711 if shared else 0o700)
    return folder
