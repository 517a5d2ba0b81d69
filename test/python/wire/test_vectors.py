"""Both languages read and write the same bytes: test/vectors/ holds them, one file a message."""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farcall.wire import frame, messages

VECTORS = sorted((Path(__file__).parents[2] / "vectors").glob("*.json"))
TYPES = {struct.__struct_config__.tag: struct for struct in typing.get_args(messages.Message)}


def bytes_from(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"hex"}:
            return bytes.fromhex(value["hex"])
        return {key: bytes_from(each) for key, each in value.items()}
    return [bytes_from(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_vector_round_trips(path: Path) -> None:
    vector = json.loads(path.read_text())
    message = msgspec.convert(bytes_from(vector["message"]), TYPES[path.stem], builtin_types=(bytes,))
    payload = bytes.fromhex(vector["payload"])
    assert frame.encode(message, payload).hex() == vector["frame"]
    decoded, rest = frame.decode(bytes.fromhex(vector["frame"]))
    assert decoded == message
    assert bytes(rest) == payload


def test_every_message_has_a_vector() -> None:
    assert {path.stem for path in VECTORS} == set(TYPES)
