"""Hints: what a remote exception most likely means, as a note on it.

Applied to every exception that comes back; `farcall.exc_with_hints` is the same for exceptions one has at hand.
"""

from __future__ import annotations

import os
import traceback
from typing import TypeVar

from ..errors import add_note

_E = TypeVar("_E", bound=BaseException)


def exc_with_hints(exc: _E) -> _E:
    """The same exception, with a note where there is something to say that its message does not."""
    hint = _environment(exc) or _relative_import(exc) or _cuda(exc)
    if hint:
        add_note(exc, hint)
    return exc


def _environment(exc: BaseException) -> str:
    if not isinstance(exc, KeyError) or not exc.args or not isinstance(exc.args[0], str):
        return ""
    frames = traceback.extract_tb(exc.__traceback__)
    if (
        not frames
        or frames[-1].filename.rpartition("/")[2] not in ("os.py", "<frozen os>")
        or exc.args[0] not in os.environ
    ):
        return ""
    name = exc.args[0]
    return f'{name} is set here, not there: secrets=[farcall.Secret.from_local_environ(["{name}"])] takes it along.'


def _relative_import(exc: BaseException) -> str:
    if isinstance(exc, ImportError) and "attempted relative import" in str(exc):
        return (
            "The module was run as a script: import it as part of its package, with the package's folder on sys.path."
        )
    return ""


def _cuda(exc: BaseException) -> str:
    if isinstance(exc, RuntimeError) and "no kernel image is available" in str(exc):
        return "The installed build does not support this GPU: install another build, or ask for another gpu=."
    return ""
