"""The packages of an image: a virtual environment, and what uv installs into it. Used by image_build.py only.

Every step is resolved once, with what earlier steps installed preferred, and installed as pinned. An index that one
step names is looked at by later steps too: what came from there may be wanted again.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..wire.messages import ImageStep
from .building import Building, Failed

_PATH = "import sys, json, msgspec, cloudpickle; print(json.dumps([entry for entry in sys.path if entry]))"


class Packages:
    """One environment on its way."""

    def __init__(
        self, building: Building, uv: str, place: Path, variables: Mapping[str, str], *, wheels_only: bool
    ) -> None:
        self.bin = place / "env" / "bin"
        self.python = self.bin / "python"
        self._building = building
        self._uv = uv
        self._place = place
        self._wheels_only = wheels_only
        self._indexes = variables.get("UV_INDEX", variables.get("UV_EXTRA_INDEX_URL", "")).split()
        self._links = [link for link in variables.get("UV_FIND_LINKS", "").split(",") if link]
        ours = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
        self._variables = {name: value for name, value in variables.items() if name not in ours}
        self._pinned: dict[str, str] = {}  # name → requirement

    @property
    def site(self) -> Path:
        """Where its packages are."""
        return next((self._place / "env" / "lib").glob("python3*")) / "site-packages"

    def find_python(self, minor: str) -> str:
        """An interpreter of that minor that is on this machine; empty: there is none."""
        return self._building.ask(
            [self._uv, "python", "find", "--system", "--no-python-downloads", minor],
            cwd=self._place,
            variables={**self._variables, "PATH": os.pathsep.join(_places(minor, self._variables.get("PATH", "")))},
        )

    def fetch_python(self, minor: str) -> str:
        """One that uv brings here. Raises :class:`Failed`, stage ``python``."""
        try:
            self._run(["python", "install", minor], "python")
        except Failed as failed:
            raise Failed(
                "python", f"this host has no Python {minor}, and uv cannot fetch one: {failed.detail}"
            ) from None
        found = self._building.ask(
            [self._uv, "python", "find", "--managed-python", minor], cwd=self._place, variables=self._variables
        )
        if not found:
            raise Failed("python", f"uv fetched Python {minor}, and does not find it")
        return found

    def make_environment(self, python: str, *, seed: bool) -> None:
        """An empty one. ``seed``: with pip, which commands may want."""
        say_making()
        self._run(["venv", "--python", python, *(["--seed"] if seed else []), str(self._place / "env")], "python")

    def install(self, step: ImageStep, pins: str, *, constraints: Iterable[str] = (), what: str = "") -> str:
        """Install what a step names; its pins, one a line. ``pins``: what they were before, empty: resolve now."""
        where = self._where(step)
        if not pins:
            count = len(step.lines)
            say_line(f"resolving {what or (step.lines[0] if count == 1 else f'{count} requirements')}")
            pins = self._resolve(step, where, constraints)
        locked = self._write("step.lock", pins)
        names = [name for line in pins.splitlines() if (name := _name_of(line))]
        progress = _Progress(names, self.site)
        command = ["pip", "install", "--python", str(self.python), "--no-deps", "-r", str(locked), *where]
        self._run(command, "install", heard=progress.heard, looked=progress.looked)
        self._pinned.update((_name_of(line), line) for line in pins.splitlines() if _name_of(line))
        self._indexes = list(dict.fromkeys([*self._indexes, *step.indexes, *([step.index] if step.index else [])]))
        return pins

    def import_path(self, shelf: Path) -> list[str]:
        """What its interpreter has on its path. Nothing that was installed runs for it where only wheels are taken."""
        if not self._wheels_only:
            said = self._building.ask([str(self.python), "-c", _PATH], cwd=self._place, variables=self._variables)
            if not said:
                raise Failed("install", f"{self.python} does not run, or lacks what containers need")
            return list(map(str, json.loads(said)))
        command = [str(self.python), "-I", "-S", "-c", "import sys, json; print(json.dumps(sys.path))"]
        said = self._building.ask(command, cwd=self._place, variables=self._variables)
        return [*map(str, json.loads(said or "[]")), str(self.site), str(shelf)]

    def _resolve(self, step: ImageStep, where: list[str], constraints: Iterable[str]) -> str:
        wanted = self._write("step.in", "\n".join(step.lines))
        preferred = self._write("step.out", "\n".join(self._pinned.values()))
        bounds = self._write("step.bounds", "\n".join(constraints))
        command = ["pip", "compile", str(wanted), "-o", str(preferred), "--constraints", str(bounds)]
        command += ["--python", str(self.python), "--no-header", "--no-annotate", "--quiet", *where]
        self._run(command, "resolve", shown=f"resolving {', '.join(step.lines)}")
        return preferred.read_text()

    def _where(self, step: ImageStep) -> list[str]:
        """Options for uv: which indexes, which files, what kind of package."""
        indexes = list(dict.fromkeys([*step.indexes, *self._indexes]))
        options = ["--default-index", step.index] if step.index else []
        for index in indexes:
            options += ["--index", index]
        for link in [*step.find_links, *self._links]:
            options += ["--find-links", link]
        if indexes:
            options += ["--index-strategy", "unsafe-best-match"]
        if step.pre:
            options += ["--prerelease", "allow"]
        if self._wheels_only:
            options += ["--only-binary", ":all:"]
        return [*options, *step.options]

    def _run(self, arguments: list[str], stage: Any, *, shown: str = "", **listeners: Any) -> None:
        self._building.run(
            [self._uv, *arguments],
            stage,
            cwd=self._place,
            variables=self._variables,
            shown=shown or f"uv {' '.join(arguments[:2])}",
            **listeners,
        )

    def _write(self, name: str, text: str) -> Path:
        path = self._place / name
        path.write_text(f"{text}\n" if text else "")
        return path


class _Progress:
    """How far an installation is, from what uv says and from what is there."""

    def __init__(self, names: list[str], site: Path) -> None:
        self._names = names
        self._site = site
        self._now = ""
        self._said = ""
        self._done = 0

    def heard(self, line: str) -> None:
        match = re.match(r"(Downloading|Building) ([A-Za-z0-9._-]+)", line)
        if match:
            self._now = match[2]
            self._say()

    def looked(self) -> None:
        there = {_normal(path.name.partition("-")[0]) for path in self._site.glob("*.dist-info")}
        self._done = sum(name in there for name in self._names)
        if not self._now or self._done:
            self._now = next((name for name in self._names if name not in there), self._now)
        self._say()

    def _say(self) -> None:
        says = f"installing {self._now} {self._done}/{len(self._names)}"
        if says != self._said and self._done < len(self._names):
            self._said = says
            say_line(says)


def say_line(says: str) -> None:
    sys.stdout.write(json.dumps({"says": says}) + "\n")
    sys.stdout.flush()


def say_making() -> None:
    say_line("making an environment")


def _name_of(requirement: str) -> str:
    match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement)
    return _normal(match[1]) if match else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _places(minor: str, path: str) -> list[str]:
    """The PATH, and where pyenv keeps interpreters out of it."""
    root = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    versions = sorted((root / "versions").glob(f"{minor}.*/bin"), key=_version_of, reverse=True)
    return [*map(str, versions), path]


def _version_of(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.parent.name))
