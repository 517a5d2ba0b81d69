"""What containers of this process's functions need to know of it: interpreter, folder, import path, variables."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from typing import Protocol

import msgspec

from ..errors import VersionError, compose
from ..wire.messages import EnvironmentPut, ImageRecipe

#: What each container is given of its own: its functions' containers are given theirs.
_OF_A_CONTAINER = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "FARCALL_CONTAINER_ID")
#: pytest's, another one in each phase of each test: with it, every test would begin with fresh containers.
_OF_A_MOMENT = ("PYTEST_CURRENT_TEST",)
#: Variables that stay here: tokens, and what tells a process which kernel, server or test it belongs to.
_PRIVATE = ("FARCALL_TOKEN", "FARCALL_URL", "FARCALL_KEY", *_OF_A_CONTAINER, *_OF_A_MOMENT)
_PRIVATE_PREFIXES = ("JPY_", "JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_CLIENT")

_last: tuple[object, EnvironmentPut] | None = None
#: Image → the environment it was described in, and with it.
_imaged: dict[str, tuple[EnvironmentPut, EnvironmentPut]] = {}
_MOST_IMAGED = 256


class Recipe(Protocol):
    """What an image knows to say of itself: farcall.Image."""

    def recipe(self) -> ImageRecipe:
        """What it is made of, now."""

    def archives(self) -> dict[str, bytes]:
        """The local files in it, by digest."""


def describe(image: Recipe | None = None) -> EnvironmentPut:
    """This process's environment as it is now, with what containers find instead of its packages, if anything.

    The same one again while nothing changed.

    Raises:
        VersionError: the image has another Python minor version: it could not read this one's code.
    """
    plain = _as_it_is()
    return plain if image is None else _with_image(plain, image.recipe())


def _with_image(plain: EnvironmentPut, recipe: ImageRecipe) -> EnvironmentPut:
    known = _imaged.get(recipe.image_id)
    if known is not None and known[0] is plain:
        return known[1]
    here = ".".join(platform.python_version_tuple()[:2])
    if recipe.python != here:
        happened = f"the image has Python {recipe.python}, this process runs Python {here}"
        takes = "the same minor version on both sides: code of one cannot be read by another"
        do = f'Write Image.debian_slim(), or Image.debian_slim("{here}"), or use a kernel with Python {recipe.python}'
        raise VersionError(compose(happened, takes=takes, do=do))
    digest = hashlib.sha256(f"{plain.environment_id} {recipe.image_id}".encode()).hexdigest()[:32]
    made = msgspec.structs.replace(plain, environment_id=f"en-{digest}", image=recipe)
    if len(_imaged) >= _MOST_IMAGED:
        _imaged.clear()
    _imaged[recipe.image_id] = plain, made
    return made


def _as_it_is() -> EnvironmentPut:
    global _last
    facts = (sys.executable, _folder(), tuple(sys.path), _variables())
    if _last is None or _last[0] != facts:
        _last = (facts, _describe())
    return _last[1]


def _describe() -> EnvironmentPut:
    executable, cwd, python = sys.executable, _folder(), platform.python_version()
    path = tuple(dict.fromkeys(os.path.abspath(entry) if entry else cwd for entry in sys.path))  # noqa: PTH100
    variables = {name: value for name, value in sorted(os.environ.items()) if not _is_private(name)}
    digest = hashlib.sha256(msgspec.msgpack.encode((executable, python, cwd, path, variables))).hexdigest()[:32]
    return EnvironmentPut(
        environment_id=f"en-{digest}", executable=executable, python=python, cwd=cwd, path=path, variables=variables
    )


def _variables() -> object:
    """A copy of the variables to compare with; undecoded where Python keeps them so, since this runs at every call."""
    raw = getattr(os.environ, "_data", None)
    return dict(raw) if isinstance(raw, dict) else dict(os.environ)


def _is_private(name: str) -> bool:
    return name in _PRIVATE or name.startswith(_PRIVATE_PREFIXES)


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return "/"
