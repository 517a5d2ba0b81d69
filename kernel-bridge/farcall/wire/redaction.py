"""Secrets in what a container says: their values become asterisks in output, messages and tracebacks.

Byte for byte, so that offsets and the lengths inside pickles and MessagePack stay right. It catches accidents (a client
library that puts its key into an error), not a function that wants to tell: that one has the secret. Used by container
and host alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: A shorter value is left alone: it would blot out half of everything.
SHORTEST = 6
#: So much of a value's beginning, at the end of what was printed so far, is held back until more comes.
_TELLING = 4
_NOTHING = re.compile(b"(?!)")


class Redaction:
    """Hides some values. Falsy when there is nothing to hide."""

    def __init__(self, values: Iterable[str]) -> None:
        found = {value.encode("utf-8", "surrogateescape") for value in values}
        self._values = sorted((value for value in found if len(value) >= SHORTEST), key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, self._values))) if self._values else _NOTHING

    @classmethod
    def of(cls, variables: Mapping[str, str], hidden: Iterable[str]) -> Redaction:
        """Hides the values of the named variables."""
        return cls(variables[name] for name in hidden if name in variables)

    def __bool__(self) -> bool:
        return bool(self._values)

    def hide(self, data: bytes) -> bytes:
        """The same number of bytes, without the values."""
        return self._pattern.sub(_blot, data) if self._values else data

    def hide_text(self, text: str) -> str:
        """The same for text."""
        if not self._values:
            return text
        return self.hide(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def whole(self, data: bytes) -> int:
        """How much of ``data`` can be shown now: without an end that may be the beginning of a value."""
        for value in self._values:
            for length in range(min(len(value) - 1, len(data)), _TELLING - 1, -1):
                if data.endswith(value[:length]):
                    return len(data) - length
        return len(data)


def _blot(found: re.Match[bytes]) -> bytes:
    return b"*" * len(found[0])
