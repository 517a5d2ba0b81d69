"""One WebSocket binary message = one frame: ``u32 header length (LE) · header (MessagePack map) · payload``.

The header is a message of messages/; the payload is opaque bytes. Mirrors src/wire/frame.ts. Malformed bytes raise
:class:`ProtocolError`, whatever they are.
"""

from __future__ import annotations

import msgspec

from .messages import Message

#: Lowest and highest protocol version this package speaks.
PROTOCOL = (1, 1)
#: A frame above this is refused; larger payloads travel as blobs.
MAX_FRAME = 1024 * 1024
#: A header above this is refused.
MAX_HEADER = 512 * 1024

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


class ProtocolError(Exception):
    """The bytes are no frame, or the frame holds no known message."""


class UnknownMessage(ProtocolError):
    """The frame is well formed, but its type is not of this protocol version."""


def encode(message: Message, payload: bytes | bytearray | memoryview = b"") -> bytes:
    """The frame of one message. Copies the payload once."""
    header = _encoder.encode(message)
    return b"".join((len(header).to_bytes(4, "little"), header, payload))


def encode_parts(message: Message, payload: bytes | bytearray | memoryview) -> tuple[int, bytes]:
    """The size of one message's frame, and all of it but the payload."""
    header = _encoder.encode(message)
    size = len(header)
    return 4 + size + len(payload), size.to_bytes(4, "little") + header


def decode(frame: bytes | bytearray | memoryview) -> tuple[Message, memoryview]:
    """The message and its payload (a view into ``frame``)."""
    view = memoryview(frame)
    size = int.from_bytes(view[:4], "little")
    if len(view) < 4 or size > len(view) - 4 or size > MAX_HEADER:
        raise ProtocolError(f"a frame of {len(view)} bytes cannot hold a header of {size}")
    try:
        message = _decoder.decode(view[4 : 4 + size])
    except msgspec.ValidationError as error:
        if str(error).startswith("Invalid value ") and str(error).endswith("`$.type`"):
            raise UnknownMessage(str(error)) from None
        raise ProtocolError(str(error)) from None
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ProtocolError(str(error)) from None
    return message, view[4 + size :]
