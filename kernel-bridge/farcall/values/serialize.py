"""Values to payloads and back: inputs, results, items, captured values.

A payload is a plain pickle (first byte 0x80) or an envelope (first byte 1) with large buffers beside the pickle, so
that arrays are written without a copy and read in place. cloudpickle comes in only for what plain pickle cannot do:
functions and classes of `__main__`. The gateway never looks inside.
"""

from __future__ import annotations

import pickle
import struct
from typing import Any

from ..errors import DeserializationError, SerializationError, compose
from . import pickler

Buffer = bytes | bytearray | memoryview

#: Smaller buffers stay inside the pickle: a view each would cost more than the copy.
OUT_OF_BAND = 16 * 1024
_ALIGN = 64
_plain = pickle.dumps
_load = pickle.loads
_ENVELOPE, _PICKLE = 1, 0x80
_HEAD = struct.Struct("<BBHI")


def dumps(value: object, *, name: str = "value") -> bytes:
    """The value as one payload.

    `name` is what messages call the value: `result`, or `input` for a pair of arguments and keyword arguments.

    Raises:
        SerializationError: something in it cannot be pickled; the message names its type and the path to it.
    """
    buffers = Large()
    try:
        data = _plain(value, 5, buffer_callback=buffers.keep)
    except Exception:
        data = b"__main__"
    if b"_main__" in data:
        data = _by_value(value, buffers, name)
    return b"".join(envelope(data, buffers)) if buffers else data


def dump_parts(value: object, *, name: str = "value") -> list[Buffer]:
    """The payload of `dumps` in pieces, to be written one after the other; large buffers are not copied."""
    buffers = Large()
    try:
        data = _plain(value, 5, buffer_callback=buffers.keep)
    except Exception:
        data = b"__main__"
    if b"_main__" in data:
        data = _by_value(value, buffers, name)
    return envelope(data, buffers) if buffers else [data]


def loads(payload: Buffer | Any) -> Any:
    """The value of a payload: bytes, or a memoryview or mmap of them.

    Arrays are writable. They lie in the payload's own memory where that is writable, else in a copy.

    Raises:
        DeserializationError: it cannot be unpickled here; the message names the missing module, if one is missing.
    """
    try:
        if payload and payload[0] == _PICKLE:
            return _load(payload)
        view = memoryview(payload)
        if not is_envelope(view):
            return pickle.loads(view)
        data, buffers = open_envelope(view)
        return pickle.loads(data, buffers=buffers)
    except Exception as error:
        raise unreadable(error) from error


class Large(list[memoryview]):
    """The buffers of one pickle that are large enough to travel beside it."""

    __slots__ = ()

    def keep(self, buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < OUT_OF_BAND:
            return True
        self.append(raw)
        return False


def _by_value(value: object, buffers: Large, name: str) -> bytes:
    """What plain pickle cannot do, or would do by the name of something in `__main__`."""
    buffers.clear()
    try:
        return pickler.dumps(value, buffer_callback=buffers.keep)
    except Exception as error:
        raise unpicklable(value, name, error) from error


def is_envelope(view: memoryview) -> bool:
    return bool(view) and view[0] == _ENVELOPE


def envelope(data: bytes, buffers: Large) -> list[Buffer]:
    lengths = (len(data), *(buffer.nbytes for buffer in buffers))
    head = _HEAD.pack(_ENVELOPE, 0, 0, len(buffers)) + struct.pack(f"<{len(lengths)}Q", *lengths)
    parts: list[Buffer] = [head, data]
    end = len(head) + len(data)
    for buffer in buffers:
        parts += (bytes(-end % _ALIGN), buffer)
        end += -end % _ALIGN + buffer.nbytes
    return parts


def open_envelope(view: memoryview) -> tuple[memoryview, list[Any]]:
    count = _HEAD.unpack_from(view)[3]
    lengths = struct.unpack_from(f"<{count + 1}Q", view, _HEAD.size)
    start = _HEAD.size + 8 * (count + 1)
    data = view[start : start + lengths[0]]
    end = start + lengths[0]
    buffers: list[Any] = []
    for length in lengths[1:]:
        end += -end % _ALIGN
        piece = view[end : end + length]
        if piece.nbytes != length:
            raise EOFError("the payload is shorter than its table of lengths")
        buffers.append(bytearray(piece) if view.readonly else piece)
        end += length
    return data, buffers


def unpicklable(value: object, name: str, error: Exception) -> SerializationError:
    """The error that names what in the value cannot be pickled."""
    from .unpicklable import find  # only on the way to an error

    path, culprit = find(value, name)
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    kind = type(culprit)
    shown = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return SerializationError(
        compose(
            f"cannot pickle {path}: {shown}", do=f"{reason}. Pass what it is made from, and make it in the function"
        )
    )


def unreadable(error: Exception) -> DeserializationError:
    if isinstance(error, ModuleNotFoundError):
        happened = f"cannot unpickle: no module named {error.name!r} here"
        return DeserializationError(compose(happened, do=f"Install the package that has {error.name!r} on this side"))
    return DeserializationError(compose(f"cannot unpickle: {type(error).__name__}: {error}"))
