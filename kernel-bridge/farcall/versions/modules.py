"""Local modules: what is imported from beside the notebook travels as source, so that a changed file is a new version.

`version.py` asks for the bundle of what a function uses; the container installs it through a meta-path finder before
it unpickles the function. Reads source files; never farcall itself, never installed packages, never data.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import sysconfig
import threading
import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Literal, NamedTuple

from ..errors import InvalidError, compose

Kind = Literal["local", "third-party", "standard", "unknown"]

_MAX_FILES = 2_000
_MAX_BYTES = 16 * 1024 * 1024
_SKIPPED = frozenset(("__pycache__", "node_modules", "site-packages", "dist-packages", "venv", "env", "build", "dist"))
_PACKAGE = __name__.partition(".")[0]
#: Guards ast.parse: CPython 3.11 counts the depth of a tree for all threads together, and fails when two build one.
_parsing = threading.Lock()


class Source(NamedTuple):
    """One module of a bundle. `origin` is where its file lies on the sender's machine; tracebacks show it."""

    name: str
    is_package: bool
    origin: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """The sources of some local modules, sorted by name. Equal digests mean equal sources."""

    digest: str
    sources: tuple[Source, ...]
    stamps: tuple[tuple[str, int, int], ...]  # file, modification time, size: what `is_fresh` compares

    def is_fresh(self) -> bool:
        """Whether every file is as it was read; a microsecond a file."""
        try:
            return all(_stamp(file) == (file, time, size) for file, time, size in self.stamps)
        except OSError:
            return False


def kind(name: str) -> Kind:
    """Where a module comes from: beside the notebook, an installed package, Python itself."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top in ("__main__", "__mp_main__"):
        return "standard"
    if top == _PACKAGE:
        return "third-party"
    spec = _spec(top)
    if spec is None:
        return "unknown"
    places = [spec.origin] if spec.origin and spec.has_location else list(spec.submodule_search_locations or ())
    if not places:
        return "unknown"
    return "third-party" if any(_is_installed(place) for place in places) else "local"


def bundle(names: Iterable[str]) -> Bundle | None:
    """The sources of the local modules among `names`, and of the local modules that these import. None: there are none.

    Raises:
        InvalidError: a package is over 2,000 files or 16 MiB of source; the message names it.
    """
    found: dict[str, Source] = {}
    waiting = sorted({name.partition(".")[0] for name in names})
    seen: set[str] = set()
    while waiting:
        top = waiting.pop()
        if top in seen or kind(top) != "local":
            continue
        seen.add(top)
        for source in _sources(top):
            found[source.name] = source
            waiting += _imported(source.text)
    return _bundle(tuple(found[name] for name in sorted(found))) if found else None


def install(sources: Sequence[Source | tuple[str, bool, str, bytes]]) -> None:
    """Make these modules importable here, before any other of their names. What was imported of them is forgotten."""
    if not sources:
        return  # a look at every module's name would cost a forked container a millisecond
    fresh = {source[0]: Source(*source) for source in sources}
    tops = {name.partition(".")[0] for name in fresh}
    for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
        if not _is_same(sys.modules[name], fresh.get(name)):
            del sys.modules[name]
    _finder.sources = {name: one for name, one in _finder.sources.items() if name.partition(".")[0] not in tops} | fresh
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


# ── reading


def _sources(top: str) -> Iterator[Source]:
    spec = _spec(top)
    assert spec is not None
    if spec.submodule_search_locations is None:
        assert spec.origin is not None
        yield Source(top, False, spec.origin, Path(spec.origin).read_bytes())
        return
    left = _MAX_BYTES
    for number, (name, is_package, file) in enumerate(_files(top, list(spec.submodule_search_locations))):
        text = file.read_bytes()
        left -= len(text)
        if left < 0 or number >= _MAX_FILES:
            raise InvalidError(
                compose(
                    f"the local package {top!r} is too large to travel",
                    takes=f"at most {_MAX_FILES:,} files and {_MAX_BYTES // 2**20} MiB of source",
                    do="Install it as a package on both sides",
                )
            )
        yield Source(name, is_package, str(file), text)


def _files(top: str, folders: list[str]) -> Iterator[tuple[str, bool, Path]]:
    for folder in folders:
        for place, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if _may_hold(Path(place, name)))
            parts = (top, *Path(place).relative_to(folder).parts)
            for name in sorted(name for name in names if name.endswith(".py")):
                stem = name.removesuffix(".py")
                if stem == "__init__":
                    yield ".".join(parts), True, Path(place, name)
                elif stem.isidentifier():
                    yield ".".join((*parts, stem)), False, Path(place, name)


def _may_hold(folder: Path) -> bool:
    if not folder.name.isidentifier() or folder.name in _SKIPPED:
        return False
    return not (folder / "pyvenv.cfg").exists()


def _imported(text: bytes) -> frozenset[str]:
    """The top-level names of what a source imports absolutely."""
    with _parsing:
        return _read_imports(text)


@lru_cache(_MAX_FILES)
def _read_imports(text: bytes) -> frozenset[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return frozenset()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return frozenset(name.partition(".")[0] for name in names)


def _bundle(sources: tuple[Source, ...]) -> Bundle:
    hashed = hashlib.blake2b(digest_size=16)
    for source in sources:
        for piece in (source.name.encode(), bytes((source.is_package,)), source.text):
            hashed.update(len(piece).to_bytes(8, "little") + piece)
    return Bundle(hashed.hexdigest(), sources, tuple(_stamp(source.origin) for source in sources))


def _stamp(file: str) -> tuple[str, int, int]:
    state = os.stat(file)  # noqa: PTH116 - a third of the time, at every call
    return file, state.st_mtime_ns, state.st_size


def _spec(top: str) -> ModuleSpec | None:
    module = sys.modules.get(top)
    spec = getattr(module, "__spec__", None)
    if isinstance(spec, ModuleSpec):
        return spec
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None


@cache
def _is_installed(place: str) -> bool:
    path = Path(place)
    if {"site-packages", "dist-packages"} & set(path.parts) or path.suffix in importlib.machinery.EXTENSION_SUFFIXES:
        return True
    return any(path.is_relative_to(root) for root in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})


# ── the container's side


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads the modules of installed bundles."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        source = self.sources.get(fullname)
        if source is None:
            return self._folder(fullname)
        spec = ModuleSpec(fullname, self, origin=source.origin, is_package=source.is_package)
        spec.has_location = True
        if source.is_package:
            spec.submodule_search_locations = [str(Path(source.origin).parent)]
        return spec

    def _folder(self, fullname: str) -> ModuleSpec | None:
        """A namespace package: a folder of modules without an `__init__`."""
        inside = next((one for name, one in self.sources.items() if name.startswith(fullname + ".")), None)
        if inside is None:
            return None
        spec = ModuleSpec(fullname, None, is_package=True)
        levels = inside.name.count(".") - fullname.count(".") - (0 if inside.is_package else 1)
        spec.submodule_search_locations = [str(Path(inside.origin).parents[levels])]
        return spec

    def exec_module(self, module: types.ModuleType) -> None:
        source = self.sources[module.__name__]
        exec(compile(source.text, source.origin, "exec", dont_inherit=True), module.__dict__)

    def get_source(self, fullname: str) -> str:
        return importlib.util.decode_source(self.sources[fullname].text)

    def is_package(self, fullname: str) -> bool:
        return self.sources[fullname].is_package


_finder = _Finder()


def _is_same(module: types.ModuleType, source: Source | None) -> bool:
    spec = getattr(module, "__spec__", None)
    return (
        source is not None and getattr(spec, "loader", None) is _finder and _finder.sources.get(source.name) == source
    )


def _after_fork() -> None:
    """A thread that was parsing is not in the child to let go."""
    global _parsing
    _parsing = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
