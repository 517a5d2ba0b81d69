"""Keys of a dict as bytes that are equal when the keys are. The gateway compares bytes and never unpickles.

Two keys are the same when they are equal and of the same types all the way down: 1, 1.0 and True are three keys,
"a" and b"a" two. That holds for None, bool, int, float, complex, str, bytes, and tuples and frozensets of them. Any
other hashable value is known by its pickle: right for enum members, dates, UUIDs, paths and frozen dataclasses.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

from ..errors import InvalidError, compose
from ..values import serialize

#: The gateway takes no longer ones.
LONGEST = 16 * 1024
_PLAIN = frozenset((type(None), bool, int, str, bytes, complex, type(...)))


class _Unplain(Exception):
    """Something in a key is of a type that has no plain form."""


class _Set:
    """A frozenset whose members are in the order of their own bytes."""

    def __init__(self, members: frozenset[Any]) -> None:
        self._members = tuple(sorted(map(_plain, members), key=_pickled))

    def __reduce__(self) -> Any:
        return frozenset, (self._members,)


def key_bytes(key: object) -> bytes:
    """The bytes by which the gateway knows a key.

    Raises:
        TypeError: it is not hashable, as with Python's own dict.
        InvalidError: its bytes are more than 16 KiB.
        SerializationError: it cannot be pickled.
    """
    hash(key)
    try:
        written = _pickled(_plain(key))
    except _Unplain:
        written = serialize.dumps(key, name="key")
    if len(written) > LONGEST:
        raise InvalidError(compose("a key is too long", got=f"{len(written):,} bytes", takes=f"up to {LONGEST:,}"))
    return written


def _plain(key: Any) -> Any:
    """The key with everything in one form: sets in order, and one zero."""
    kind = type(key)
    if kind in _PLAIN:
        return key
    if kind is float:
        return key if key else 0.0
    if kind is tuple:
        return tuple(map(_plain, key))
    if kind is frozenset:
        return _Set(key)
    raise _Unplain


def _pickled(key: object) -> bytes:
    """Without a memo: whether two parts of a key are one object is no part of what it says."""
    with io.BytesIO() as file:
        pickler = pickle.Pickler(file, protocol=4)
        pickler.fast = True
        pickler.dump(key)
        return file.getvalue()
