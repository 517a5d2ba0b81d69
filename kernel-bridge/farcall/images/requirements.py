"""What people write into an image, checked at once: requirements, files of them, versions, variables.

Used by image.py. Nothing here asks an index; whether a package is there shows when the image is built.
"""

from __future__ import annotations

import importlib
import platform
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InvalidError, compose

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_VERSION = re.compile(r"^3\.(\d{1,2})(\.\d{1,3})?$")
_OLDEST = 10
_DEEPEST = 10


@dataclass(slots=True)
class Told:
    """What a file of requirements says."""

    lines: list[str] = field(default_factory=list)
    index: str = ""
    indexes: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    pre: bool = False


def minor_of(version: str | None) -> str:
    """`3.12` of `3.12` or `3.12.4`; empty for None.

    Raises:
        InvalidError: no such version, or one older than farcall takes.
    """
    if version is None:
        return ""
    here = ".".join(platform.python_version_tuple()[:2])
    takes = f'a text such as "{here}", or None for the version of this notebook'
    match = _VERSION.match(version) if isinstance(version, str) else None
    if match is None:
        raise InvalidError(compose("python_version= is wrong", got=repr(version), takes=takes))
    if int(match[1]) < _OLDEST:
        raise InvalidError(compose(f"Python {version} is older than 3.{_OLDEST}, which containers need", takes=takes))
    return f"3.{int(match[1])}"


def texts(name: str, given: Sequence[Any]) -> tuple[str, ...]:
    """Strings, or nested lists of them, in order."""
    return tuple(_flat(name, given, "strings, or lists of strings"))


def packages_of(name: str, given: Sequence[Any]) -> tuple[str, ...]:
    """Requirements, or nested lists of them."""
    takes = 'requirements such as "numpy", "torch>=2" or "pkg @ https://…", or lists of them'
    found = tuple(text.strip() for text in _flat(name, given, takes))
    for text in found:
        if not text or text.startswith(("-", "#")) or "\n" in text or "\r" in text:
            raise InvalidError(
                compose(f"{name} cannot install this", got=repr(text), takes=takes, do="Give options by name")
            )
    return found


def variables_of(given: object) -> dict[str, str]:
    """A dict of variables, text to text."""
    takes = 'a dict such as {"LOG_LEVEL": "debug"}, text to text'
    if not isinstance(given, Mapping):
        raise InvalidError(compose("env takes variables", got=type(given).__name__, takes=takes))
    for name, value in given.items():
        if not isinstance(name, str) or not _NAME.match(name) or not isinstance(value, str) or "\0" in value:
            raise InvalidError(compose(f"env[{name!r}] is wrong", got=repr(value), takes=takes))
    return dict(given)


def extra_options(value: object) -> tuple[str, ...]:
    """Options as a shell would read them."""
    if not isinstance(value, str) or "\0" in value or "\n" in value:
        raise InvalidError(compose("extra_options= is wrong", got=repr(value), takes='one text, such as "--no-deps"'))
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise InvalidError(compose(f"extra_options= cannot be read: {error}", got=repr(value))) from None


def from_requirements(path: Path, told: Told | None = None, depth: int = 0) -> Told:
    """What a file of requirements names, and the files it includes.

    Raises:
        InvalidError: there is no such file, or it has an option that images do not take; the line is named.
    """
    told = told or Told()
    for number, line in _lines(path):
        if not line.startswith("-"):
            told.lines.append(line)
        elif not _take_option(line, told, path, depth):
            raise InvalidError(
                compose(
                    f"{path}, line {number}: an image does not take the option {line.split()[0]}",
                    takes="requirements, -r, -i, --extra-index-url, -f and --pre",
                )
            )
    return told


def from_pyproject(path: Path, groups: Iterable[str] = ()) -> Iterator[str]:
    """The dependencies of a project, and of some of its extras."""
    project = _toml(path).get("project", {})
    yield from project.get("dependencies", ())
    extras = project.get("optional-dependencies", {})
    for group in groups:
        if group not in extras:
            has = ", ".join(extras) or "none"
            raise InvalidError(compose(f"{path} has no optional dependencies {group!r}", takes=f"those it has: {has}"))
        yield from extras[group]


def _flat(name: str, given: Iterable[Any], takes: str) -> Iterator[str]:
    for one in given:
        if isinstance(one, str):
            yield one
        elif isinstance(one, (list, tuple)):
            yield from _flat(name, one, takes)
        else:
            raise InvalidError(compose(f"{name} takes {takes}", got=f"{one!r} ({type(one).__name__})"))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered, without comments, continued lines as one, and without the hashes of single files."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(compose(f"the requirements in {path} cannot be read: {error}")) from None
    for number, line in enumerate(re.sub(r"\\\n", " ", text).splitlines(), 1):
        bare = re.sub(r"(^|\s)#.*$", "", line)
        bare = re.sub(r"\s--hash=\S+", "", bare).strip()
        if bare:
            yield number, bare


def _take_option(line: str, told: Told, path: Path, depth: int) -> bool:
    name, _, value = re.sub(r"^(--?[a-z-]+)[ =]+", r"\1 ", line).partition(" ")
    value = value.strip()
    if name in ("-r", "--requirement"):
        if depth >= _DEEPEST:
            raise InvalidError(f"{path} includes itself")
        from_requirements(path.parent / value, told, depth + 1)
    elif name in ("-i", "--index-url"):
        told.index = value
    elif name == "--extra-index-url":
        told.indexes.append(value)
    elif name in ("-f", "--find-links"):
        told.find_links.append(value)
    elif name == "--pre":
        told.pre = True
    else:
        return False
    return True


def _toml(path: Path) -> dict[str, Any]:
    for module in ("tomllib", "tomli"):
        try:
            reader = importlib.import_module(module)
        except ImportError:
            continue
        try:
            read: dict[str, Any] = reader.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise InvalidError(f"{path} cannot be read: {error}") from None
        return read
    raise InvalidError("reading pyproject.toml needs Python 3.11 or newer, or the package tomli: pip install tomli")
