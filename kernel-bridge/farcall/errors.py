"""Every exception that farcall raises. The tree is part of the API; `farcall.exception` is its old name.

All of them can be pickled. A message says what happened, what was given, what is possible and what to do:
`compose` puts such a message together, `nearest` finds the name that was meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = [
    "AuthError",
    "ClientClosed",
    "ConnectionError",
    "ContainerLostError",
    "DeserializationError",
    "Error",
    "ExecutionError",
    "FunctionTimeoutError",
    "ImageBuildError",
    "InputCancellation",
    "InvalidError",
    "NotFoundError",
    "OutOfMemoryError",
    "OutputExpiredError",
    "PoisonInputError",
    "RemoteError",
    "ResourceExhaustedError",
    "SerializationError",
    "TimeoutError",
    "VersionError",
]


class Error(Exception):
    """The base of everything farcall raises, except `InputCancellation`."""


class InvalidError(Error):
    """An option, an argument or a way of calling that cannot be meant."""


class NotFoundError(Error):
    """No app, function, call or input of that name or id here."""


class AuthError(Error):
    """The gateway did not accept the token."""


class ConnectionError(Error):
    """The gateway cannot be reached."""


class VersionError(Error):
    """Two sides cannot work together: Python minor versions or protocol versions differ."""


class ExecutionError(Error):
    """The function failed in a way that cannot be raised here as it was; the message holds the remote traceback."""


class SerializationError(Error):
    """A value cannot be pickled; the message names its type and the path to it."""


class DeserializationError(Error):
    """A value cannot be unpickled here; the message names the missing module, where that is the reason."""


class RemoteError(Error):
    """The container or the call failed, not the function."""


class ContainerLostError(RemoteError):
    """The container stopped before it answered, and no retry is left."""


class OutOfMemoryError(RemoteError):
    """The container went over its memory limit; the message gives limit and peak.

    Both are attributes too, in MiB; None where the system ran out of memory, not the container.
    """

    @property
    def limit(self) -> int | None:
        """What the function may use: its ``memory``, or the second of a pair."""
        return self._told("limit")

    @property
    def peak(self) -> int | None:
        """The most its container was seen to use, with all its processes."""
        return self._told("peak")

    def _told(self, name: str) -> int | None:
        # The supervisor's own words (host/memory.py), which are all that a failure carries.
        found = re.search(rf"\b{name} (\d+) MiB", str(self))
        return int(found[1]) if found else None


class PoisonInputError(RemoteError):
    """The input ended its container three times."""


class ImageBuildError(RemoteError):
    """The function's image could not be built."""


class TimeoutError(Error):
    """Something took longer than it may. Not the builtin: `FunctionCall.get(timeout=)` raises that one."""


class FunctionTimeoutError(TimeoutError):
    """One attempt of an input ran longer than the function's `timeout`."""


class OutputExpiredError(TimeoutError):
    """The result was kept as long as promised, and is gone."""


class ResourceExhaustedError(Error):
    """A limit of the gateway or the host is reached; what runs goes on."""


class ClientClosed(Error):
    """The session was closed; make a new one."""


class InputCancellation(BaseException):
    """Raised inside a running function whose input was cancelled. Clean up and let it pass."""


def add_note(exc: BaseException, note: str) -> None:
    """Like `BaseException.add_note`, on Python 3.10 too; the same note is added once."""
    notes = exc.__dict__.setdefault("__notes__", [])
    if note not in notes:
        notes.append(note)


def compose(happened: str, *, got: object = "", takes: str = "", do: str = "") -> str:
    """One message of up to four parts: what happened, what was given, what is possible, what to do."""
    parts = [happened.rstrip(".")]
    if got != "":
        parts[0] += f", got {got}"
    if takes:
        parts.append(f"It takes {takes}".rstrip("."))
    if do:
        parts.append(do.rstrip("."))
    return ". ".join(parts) + ("" if parts[-1].endswith(("?", "!")) else ".")


def nearest(name: str, names: Iterable[str]) -> str:
    """`Did you mean "gpu"?`, or an empty string when nothing is near."""
    known = {candidate.lower(): candidate for candidate in names}
    found = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f'Did you mean "{known[found[0]]}"?' if found else ""
