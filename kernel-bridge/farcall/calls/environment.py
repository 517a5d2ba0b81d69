"""What containers of this process's functions need to know of it: interpreter, folder, import path, variables."""

from __future__ import annotations

import hashlib
import os
import platform
import sys

import msgspec

from ..wire.messages import EnvironmentPut

#: Variables that stay here: tokens, and what tells a process which kernel or server it belongs to.
_PRIVATE = ("FARCALL_TOKEN", "FARCALL_URL", "FARCALL_KEY")
_PRIVATE_PREFIXES = ("JPY_", "JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_CLIENT")

_last: tuple[object, EnvironmentPut] | None = None


def describe() -> EnvironmentPut:
    """This process's environment as it is now; the same one again while nothing changed."""
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
