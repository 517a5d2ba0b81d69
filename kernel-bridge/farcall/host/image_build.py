"""``python -m farcall.host.image_build``: builds one image, and ends. A child of the supervisor, told by one line.

It runs uv: an interpreter, a virtual environment, the packages of each step as they were pinned the first time. What it
does it says on stdout, a line of JSON each. Everything is made in its final place; ``ready.json``, the last file
written, makes it an image. It knows nothing of gateways and containers.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..wire.images import fault
from ..wire.messages import ImageRecipe, ImageStep
from . import processes
from .building import Building, Failed
from .image_folder import ImageFolder, shelf, write_whole
from .indexes import uv_variables
from .packages import Packages

_UV_MISSING = (
    "images are built by uv, which this host lacks: install it beside farcall with "
    "`pip install 'farcall[images]'` (or `pip install uv`), or name it in FARCALL_UV"
)
#: What containers need of a package beside farcall itself, where its metadata cannot be read.
_NEEDS = ("cloudpickle>=3.0", "msgspec>=0.19", "narwhals>=2.0")
_KEPT_BACK = re.compile(r"FARCALL_(TOKEN|KEY|URL)|PYTHON(PATH|HOME)|VIRTUAL_ENV|CONDA_PREFIX|UV_(PYTHON|SYSTEM_PYTHON)")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built. ``isolated``: nothing that was sent may run as this user, so wheels only."""

    recipe: ImageRecipe
    root: Path
    sent: Path
    isolated: bool


class Build:
    """One image on its way."""

    def __init__(self, order: Order) -> None:
        self._recipe = order.recipe
        self._isolated = order.isolated
        self._root = order.root
        self._folder = ImageFolder(order.root, order.sent)
        self._place = self._folder.image(order.recipe.image_id)
        self._building = Building()
        self._variables: dict[str, str] = {}

    def run(self) -> dict[str, Any]:
        """The image, built now or before; what its containers are started with. Raises :class:`Failed`."""
        wrong = fault(self._recipe) or self._forbidden()
        if wrong:
            raise Failed("refused", wrong)
        held = self._locked()
        try:
            return self._folder.ready(self._recipe.image_id) or self._make()
        finally:
            os.close(held)

    def _forbidden(self) -> str:
        """Whoever may send images may run code in containers; on an isolating gateway, not outside of them."""
        if not self._isolated:
            return ""
        why = "this gateway isolates its containers, and builds images from wheels only: "
        for step in self._recipe.steps:
            if step.do == "run":
                return f"{why}it runs no commands. Put what they do into a package, or into the function"
            if step.options:
                return f"{why}it takes no extra_options"
            for link in (step.index, *step.indexes, *step.find_links):
                if link and not link.startswith(("https://", "http://")):
                    return f"{why}{link!r} is no index on the network"
            for line in step.lines:
                if re.search(r"\bfile:|git\+|^\s*[./~]|^[^;@\[]*/", line):
                    return f"{why}{line!r} is no package of an index"
        return ""

    def _locked(self) -> int:
        """Its lock. While another builder holds it, wait for what that makes."""
        waited = False
        while (held := self._folder.lock(self._recipe.image_id, alone=True)) is None:
            if not waited:
                say(says="waiting for another build of it")
                waited = True
            self._building.wait(0.2)
        return held

    def _make(self) -> dict[str, Any]:
        shutil.rmtree(self._place, ignore_errors=True)  # what a killed build left
        (self._place / "files").mkdir(parents=True, mode=0o755)
        (self._place / "files").chmod(0o755)
        work = self._work_folder()
        self._variables = {name: value for name, value in uv_variables().items() if not _KEPT_BACK.fullmatch(name)}
        if self._isolated:
            self._variables["UV_PYTHON_INSTALL_DIR"] = str(self._root / "python")
        packages = Packages(self._building, uv(), self._place, self._variables, wheels_only=self._isolated)
        packages.make_environment(self._python(packages), seed=any(step.do == "run" for step in self._recipe.steps))
        pins = Pins(self._folder.pins(self._recipe.image_id))
        needs = requirements()
        pins.keep(packages.install(ImageStep(do="install", lines=needs), pins.next(), what="what containers need"))
        for step in self._recipe.steps:
            if step.do == "install":
                pins.keep(packages.install(step, pins.next(), constraints=needs))
            elif step.do == "run":
                self._commands(step, packages.bin, work)
            else:
                say(says="adding files")
                lay_out(self._folder.sent(step.digest), step.digest, self._place / "files")
        told = self._describe(packages, work)
        pins.write()
        self._folder.finish(self._recipe.image_id, told)
        return told

    def _work_folder(self) -> Path:
        work = self._place / "files" / self._recipe.workdir
        if not Path(self._recipe.workdir).is_absolute():
            if ".." in Path(self._recipe.workdir).parts:
                raise Failed("refused", f"workdir {self._recipe.workdir!r} leaves the image")
            work.mkdir(parents=True, exist_ok=True)
        return work

    def _python(self, packages: Packages) -> str:
        minor = self._recipe.python
        if platform.python_version().startswith(f"{minor}."):
            return sys.executable
        say(says=f"finding Python {minor}")
        found = packages.find_python(minor)
        if not found:
            say(says=f"fetching Python {minor}")
            found = packages.fetch_python(minor)
        return found

    def _commands(self, step: ImageStep, bin: Path, work: Path) -> None:
        variables = {
            **self._variables,
            **(self._recipe.variables or {}),
            "VIRTUAL_ENV": str(bin.parent),
            "PATH": f"{bin}{os.pathsep}{self._variables.get('PATH', os.defpath)}",
        }
        for command in step.lines:
            short = command if len(command) <= 60 else f"{command[:57]}..."
            say(says=f"running {short}")
            self._building.run(
                ["/bin/sh", "-ec", command],
                "run",
                cwd=work if work.is_dir() else self._place / "files",
                variables=variables,
                heard=lambda line, short=short: say(says=f"running {short}: {line[:120]}"),  # type: ignore[misc]
                shown=command,
            )

    def _describe(self, packages: Packages, work: Path) -> dict[str, Any]:
        """What its containers are started with."""
        (packages.site / "farcall.pth").write_text(f"{shelf(self._root)}\n")
        path = packages.import_path(shelf(self._root))
        return {
            "executable": str(packages.python),
            "cwd": str(work),
            "path": [str(self._place / "files"), *path],
            "bin": str(packages.bin),
        }


class Pins:
    """What each install step came to, the first time the image was built here: so that it stays the same image."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: list[str] = []
        try:
            self._known: list[str] = list(map(str, json.loads(path.read_text())))
        except (OSError, ValueError, TypeError):
            self._known = []

    def next(self) -> str:
        """The pins of the step that comes now, one requirement a line; empty: it was never resolved."""
        at = len(self._made)
        return self._known[at] if at < len(self._known) else ""

    def keep(self, pins: str) -> None:
        self._made.append(pins)

    def write(self) -> None:
        write_whole(self._path, json.dumps(self._made))


def requirements() -> tuple[str, ...]:
    """What farcall needs in a container: its dependencies, without its extras and the gateway's Node."""
    try:
        found = importlib.metadata.requires("farcall") or []
    except importlib.metadata.PackageNotFoundError:
        return _NEEDS
    return tuple(one for one in found if "extra ==" not in one and not one.startswith("nodejs")) or _NEEDS


def uv() -> str:
    """The uv to run: FARCALL_UV, the package's own, or the one on the PATH. Raises :class:`Failed`."""
    told = os.environ.get("FARCALL_UV")
    if told is not None:
        if not shutil.which(told):
            raise Failed("uv", f"FARCALL_UV names {told!r}, which cannot be run")
        return told
    with contextlib.suppress(ImportError, OSError):
        from uv import find_uv_bin

        return str(find_uv_bin())
    found = shutil.which("uv")
    if not found:
        raise Failed("uv", _UV_MISSING)
    return found


def lay_out(archive: Path, digest: str, folder: Path) -> None:
    """Lay a tar file out below ``folder``: folders and plain files, none of them outside. Raises :class:`Failed`."""
    try:
        with open(archive, "rb") as file:
            if hash_of(file) != digest:
                raise Failed("add", f"the files {digest[:12]}… arrived damaged: call again")
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r:") as tar:
                for member in tar:
                    _lay_out_one(tar, member, folder)
        os.utime(archive)
    except (OSError, tarfile.TarError) as error:
        raise Failed("add", f"the files {digest[:12]}… cannot be laid out: {error}") from None


def hash_of(file: Any) -> str:
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()


def _lay_out_one(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    parts = Path(member.name).parts
    if not parts or ".." in parts or Path(member.name).is_absolute() or not (member.isfile() or member.isdir()):
        raise Failed("add", f"{member.name!r} is no file within the image")
    place = folder.joinpath(*parts)
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content is not None, "it is a file"
    place.unlink(missing_ok=True)
    with open(place, "wb") as file:
        shutil.copyfileobj(content, file)
    place.chmod(0o755 if member.mode & 0o100 else 0o644)


def say(**event: Any) -> None:
    """One line for the supervisor."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] = ()) -> None:
    """Read the order, build, say how it went."""
    told = json.loads(_line())
    os.umask(0o022)
    processes.adopt_orphans()
    recipe = msgspec.convert(told["recipe"], ImageRecipe)
    order = Order(recipe, Path(told["root"]), Path(told["sent"]), bool(told["isolated"]))
    try:
        say(built=Build(order).run())
    except Failed as failed:
        say(failed={"stage": failed.stage, "detail": failed.detail})
    except OSError as error:
        say(failed={"stage": "install", "detail": f"the image cannot be written: {error}"})


def _line() -> bytes:
    """One line, and nothing behind it: what follows is only the end."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 65536)
        if not piece:
            os._exit(3)
        line += piece
    return line


if __name__ == "__main__":
    main()
