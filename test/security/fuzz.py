"""Frames for the decoder: the vectors and the crafted ones of corpus/, and a mutator that a seed replays.

The twin of fuzz.ts; both know the same tricks.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

HERE = Path(__file__).parent
#: First bytes of MessagePack values that lead somewhere: counts, sizes, extensions, nothing.
TELLING = bytes.fromhex("c0c1c6c7c9cfd3d4d5d8d9dbdcdddedfff007f")
LARGEST = 4096


def corpus() -> dict[str, bytes]:
    """Name → frame."""
    vectors = sorted((HERE.parent / "vectors").glob("*.json"))
    crafted = sorted((HERE / "corpus").glob("*.hex"))
    return {
        **{path.name: bytes.fromhex(json.loads(path.read_text())["frame"]) for path in vectors},
        **{path.name: bytes.fromhex(path.read_text()) for path in crafted},
    }


def mutated(frames: Sequence[bytes], roll: random.Random) -> bytes:
    """One to four changes of one frame; half of the time the header's length is made right again."""
    frame = roll.choice(frames)
    for _ in range(roll.randint(1, 4)):
        frame = roll.choice(_MUTATIONS)(frame, roll, frames)[:LARGEST]
    if len(frame) >= 4 and roll.random() < 0.5:
        size = len(frame) - 4 - roll.randrange(min(8, len(frame) - 3))
        frame = size.to_bytes(4, "little") + frame[4:]
    return frame


def _flip(frame: bytes, roll: random.Random, _: Sequence[bytes]) -> bytes:
    return _changed(frame, roll, lambda byte: byte ^ 1 << roll.randrange(8))


def _any(frame: bytes, roll: random.Random, _: Sequence[bytes]) -> bytes:
    return _changed(frame, roll, lambda _byte: roll.randrange(256))


def _telling(frame: bytes, roll: random.Random, _: Sequence[bytes]) -> bytes:
    return _changed(frame, roll, lambda _byte: roll.choice(TELLING))


def _cut(frame: bytes, roll: random.Random, _: Sequence[bytes]) -> bytes:
    return frame[: roll.randint(0, len(frame))]


def _remove(frame: bytes, roll: random.Random, _: Sequence[bytes]) -> bytes:
    first, last = sorted((roll.randint(0, len(frame)), roll.randint(0, len(frame))))
    return frame[:first] + frame[last:]


def _insert(frame: bytes, roll: random.Random, _: Sequence[bytes]) -> bytes:
    at = roll.randint(0, len(frame))
    return frame[:at] + roll.randbytes(roll.randint(1, 8)) + frame[at:]


def _splice(frame: bytes, roll: random.Random, others: Sequence[bytes]) -> bytes:
    other = roll.choice(others)
    return frame[: roll.randint(0, len(frame))] + other[roll.randint(0, len(other)) :]


def _repeat(frame: bytes, roll: random.Random, _: Sequence[bytes]) -> bytes:
    at = roll.randint(0, len(frame))
    return frame[:at] + frame[at : at + roll.randrange(64)] * roll.randint(1, 8) + frame[at:]


_MUTATIONS = (_flip, _any, _telling, _cut, _remove, _insert, _splice, _repeat)


def _changed(frame: bytes, roll: random.Random, change: Callable[[int], int]) -> bytes:
    if not frame:
        return frame
    at = roll.randrange(len(frame))
    return frame[:at] + bytes([change(frame[at])]) + frame[at + 1 :]
