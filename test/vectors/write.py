"""Writes a vector for each message that has none yet: `python test/vectors/write.py`. It never touches an old one.

A vector is {message, payload, frame}; bytes are hex, those inside the message under {"hex": …}. Both languages must
read the frame as the message and write the message as the frame, byte for byte.
"""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any, Literal

import msgspec

from farcall.wire import frame, messages

HERE = Path(__file__).parent
ULID = "01JD8X4V9K3T7QH2M5RWCE6YBN"
TEXTS = {
    "call_id": f"fc-7KQ2M9{ULID}",
    "of": "fv-0123456789abcdef0123456789abcdef",
    "base": f"fc-7KQ2M9{ULID}",
    "function_id": "fv-0123456789abcdef0123456789abcdef",
    "environment_id": "en-0123456789abcdef0123456789abcdef",
    "container_id": f"co-{ULID}",
    "object_id": f"qu-{ULID}",
    "blob": f"bl-{ULID}",
}


def sample(name: str, kind: Any) -> Any:
    """A telling value for one field: floats are never whole, since JavaScript writes 1.0 as 1."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return args[0]
    if origin is tuple:
        return tuple(sample(name, each) for each in args if each is not Ellipsis)
    if origin is dict:
        return {"movies/score": sample(name, args[1])}
    if type(None) in args:
        return sample(name, next(each for each in args if each is not type(None)))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return make(kind)
    plain = {
        str: TEXTS.get(name, f"{name} ü"),
        int: 70_000,
        float: 1.5,
        bool: True,
        bytes: bytes([1, 0, 0, 0, 255, 255, 255, 255]),
        Any: f"{name} ü",
    }
    return plain[kind]


def make(struct: type[Any]) -> Any:
    """One struct with every field filled."""
    hints = typing.get_type_hints(struct)
    return struct(**{each.name: sample(each.name, hints[each.name]) for each in msgspec.structs.fields(struct)})


def main() -> None:
    for struct in typing.get_args(messages.Message):
        path = HERE / f"{struct.__struct_config__.tag}.json"
        if path.exists():
            continue
        message, payload = make(struct), b"payload\x00\xff"
        written = msgspec.to_builtins(message, builtin_types=(bytes,))
        record = {"message": hexed(written), "payload": payload.hex(), "frame": frame.encode(message, payload).hex()}
        path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def hexed(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {key: hexed(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [hexed(each) for each in value]
    return value


if __name__ == "__main__":
    main()
