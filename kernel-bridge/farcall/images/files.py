"""Local files in an image: which ones, what they hash to now, and the tar file that travels.

Used by image.py. A step is looked at whenever its image is used; it is read again only when a file's
time or size changed.
"""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
import io
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import InvalidError, compose
from ..wire.messages import ImageStep

Ignore = Sequence[str] | Callable[[Path], bool]
_MOST_BYTES = 512 * 1024 * 1024
_MOST_FILES = 100_000

Stamp = tuple[str, str, int, int, int]  # name in the image, file, modification time, size, mode


@dataclass(frozen=True, slots=True)
class Source:
    """One file or folder from here, and its name in the image; a folder's files are chosen by ``ignore``."""

    local: str
    remote: str
    ignore: Ignore = ()
    only_python: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """A step of an image: some sources."""

    shown: str
    sources: tuple[Source, ...]
    _known: dict[tuple[Stamp, ...], str] = field(default_factory=dict, compare=False, repr=False)

    def step(self) -> ImageStep:
        """The step, with the digest of the files as they are now."""
        stamps = tuple(self._stamps())
        digest = self._known.get(stamps)
        if digest is None:
            digest = hashlib.sha256(_tar(stamps)).hexdigest()
            self._known.clear()
            self._known[stamps] = digest
        return ImageStep(do="add", digest=digest)

    def archive(self) -> tuple[str, bytes]:
        """Digest and content of the tar file."""
        content = _tar(tuple(self._stamps()))
        return hashlib.sha256(content).hexdigest(), content

    def _stamps(self) -> Iterator[Stamp]:
        left, count = _MOST_BYTES, 0
        for source in self.sources:
            for remote, file in _files(source):
                told = os.stat(file)  # noqa: PTH116 - at every call
                left, count = left - told.st_size, count + 1
                if left < 0 or count > _MOST_FILES:
                    takes = f"at most {_MOST_FILES:,} files and {_MOST_BYTES // 2**20} MiB"
                    do = "Leave some out with ignore=, or have the function fetch them"
                    raise InvalidError(compose(f"{source.local} is too large for an image", takes=takes, do=do))
                yield remote, str(file), told.st_mtime_ns, told.st_size, told.st_mode & 0o100

    def __hash__(self) -> int:
        return hash((self.shown, tuple((source.local, source.remote) for source in self.sources)))


def of_file(local: Path, remote: str | None) -> Files:
    """One file. Raises ``InvalidError`` at once if there is none."""
    path = local.expanduser().absolute()
    if not path.is_file():
        raise InvalidError(compose(f"add_local_file: {local} is no file here", do=_or_folder(path)))
    name = f"{remote}{path.name}" if remote is not None and remote.endswith("/") else remote or path.name
    return Files(f"file {local}", (Source(str(path), _within(name)),))


def of_dir(local: Path, remote: str | None, ignore: Ignore) -> Files:
    """A folder and all below it."""
    path = local.expanduser().absolute()
    if not path.is_dir():
        raise InvalidError(f"add_local_dir: {local} is no folder here")
    return Files(f"folder {local}", (Source(str(path), _within(remote or path.name), _checked(ignore)),))


def of_modules(names: Sequence[str], ignore: Ignore) -> Files:
    """Modules and packages, found as an import would."""
    if not names:
        raise InvalidError(compose("add_local_python_source needs names", takes='modules, such as "mypackage"'))
    sources = [source for name in names for source in _module(name, ignore)]
    return Files(f"modules {', '.join(names)}", tuple(sources))


def _module(name: str, ignore: Ignore) -> Iterator[Source]:
    if not name.isidentifier():
        raise InvalidError(compose("add_local_python_source takes top-level modules", got=repr(name)))
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise InvalidError(compose(f"there is no module {name!r} to be imported here", do="Is its folder on sys.path?"))
    if spec.submodule_search_locations is not None:
        for folder in spec.submodule_search_locations:
            yield Source(folder, name, _checked(ignore), only_python=True)
    elif spec.origin is not None and spec.origin.endswith(".py"):
        yield Source(spec.origin, f"{name}.py")
    else:
        raise InvalidError(compose(f"the module {name!r} has no source here", do="Install it with pip_install"))


def _files(source: Source) -> Iterator[tuple[str, Path]]:
    path = Path(source.local)
    if path.is_file():
        yield source.remote, path
        return
    if not path.is_dir():
        raise InvalidError(f"{path}, which is in an image, is gone")
    for place, folders, names in os.walk(path, followlinks=True):
        folders[:] = sorted(name for name in folders if name != "__pycache__" or not source.only_python)
        for name in sorted(names):
            file = Path(place, name)
            relative = file.relative_to(path)
            if (source.only_python and file.suffix not in (".py", ".pyi")) or _is_ignored(relative, source.ignore):
                continue
            if file.is_file():
                yield str(PurePosixPath(source.remote, *relative.parts)), file


def _is_ignored(path: Path, ignore: Ignore) -> bool:
    if callable(ignore):
        return bool(ignore(path))
    verdict = False
    for pattern in ignore:
        keeps = pattern.startswith("!")
        if _matches(path, pattern[1:] if keeps else pattern):
            verdict = not keeps
    return verdict


def _matches(path: Path, pattern: str) -> bool:
    """As in .dockerignore: ``**`` stands for any folders, none too, and what is below a match matches as well."""
    plain = pattern.strip("/").removesuffix("/**")
    names = [path.as_posix(), *(parent.as_posix() for parent in path.parents if parent.parts)]
    patterns = {plain, plain.removeprefix("**/"), plain.replace("/**/", "/")}
    return any(fnmatch.fnmatchcase(name, one) for name in names for one in patterns)


def _checked(ignore: object) -> Ignore:
    if callable(ignore):
        return ignore
    if isinstance(ignore, (list, tuple)) and all(isinstance(one, str) for one in ignore):
        return tuple(ignore)
    raise InvalidError(compose("ignore= is wrong", got=repr(ignore), takes="a list of patterns, or a function"))


def _within(remote: str) -> str:
    """A name within the image's folder."""
    path = PurePosixPath(remote)
    if path.is_absolute():
        raise InvalidError(
            compose(
                f"{remote!r} is absolute, and an image here has a folder of its own, but no root of its own",
                takes="a path in the folder in which containers work",
                do=f"Write {path.name!r}, and open it by that name",
            )
        )
    if not path.parts or ".." in path.parts or "\0" in remote:
        raise InvalidError(compose(f"{remote!r} is no path within the image"))
    return str(path)


def _or_folder(path: Path) -> str:
    return "It is a folder: use add_local_dir" if path.is_dir() else ""


def _tar(stamps: Sequence[Stamp]) -> bytes:
    """The same bytes for the same files, whoever owns them and whenever they were written."""
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for remote, file, _, _, mode in sorted(stamps):
                member = tarfile.TarInfo(remote)
                member.mode = 0o755 if mode else 0o644
                with open(file, "rb") as content:
                    member.size = os.fstat(content.fileno()).st_size
                    tar.addfile(member, content)
        return buffer.getvalue()
