"""Names made by clients and supervisors: ULIDs (time, then chance) in Crockford's base 32. Mirrors src/wire/ids.ts."""

from __future__ import annotations

import os
import time

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _LETTERS for b in _LETTERS]


def ulid() -> str:
    """26 characters that sort by the millisecond they were made in."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])


def call_id(store: str) -> str:
    """A new call's name; ``store`` is the gateway's, so that another gateway refuses it by name."""
    return f"fc-{store}{ulid()}"


def is_call_id(text: object) -> bool:
    """Whether ``text`` has the shape of a call's name."""
    return isinstance(text, str) and len(text) == 35 and text.startswith("fc-") and set(text[3:]) <= set(_LETTERS)
