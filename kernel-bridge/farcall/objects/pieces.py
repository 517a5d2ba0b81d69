"""Values of dicts and queues on their way: a table of lengths, a payload, and blobs for what is large."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from .. import errors
from ..client.session import Session
from ..values import serialize
from ..wire.blobs import BLOB_ABOVE, BlobError, BlobGone
from ..wire.codes import IN_BLOB

#: Payload of one message: a frame holds 1 MiB, and a value that is no blob at most 256 KiB.
_MOST_BYTES = 512 * 1024
_MOST_PIECES = 1000


class Piece(NamedTuple):
    """One value, pickled: its bytes, or the blob that has them. ``key`` is a dict's."""

    data: bytes
    blob: str | None
    key: bytes = b""


def piece_of(session: Session, value: object, *, key: bytes = b"") -> Piece:
    """Pickle a value; a large one is written as a blob, now.

    Raises:
        SerializationError: it cannot be pickled. ConnectionError: the blob could not be written.
    """
    parts = serialize.dump_parts(value, name="value")
    if sum(memoryview(part).nbytes for part in parts) <= BLOB_ABOVE:
        return Piece(b"".join(parts), None, key)
    try:
        return Piece(b"", session.blobs.write(parts), key)
    except BlobError as error:
        raise errors.ConnectionError(str(error)) from None


def batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Consecutive pieces, as many at a time as one message takes."""
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        cost = len(piece.data) + len(piece.key)
        if batch and (size + cost > _MOST_BYTES or len(batch) == _MOST_PIECES):
            yield batch
            batch, size = [], 0
        batch.append(piece)
        size += cost
    if batch:
        yield batch


def lengths_of(pieces: Sequence[Piece]) -> bytes:
    """Their table of lengths."""
    return table(len(piece.data) if piece.blob is None else IN_BLOB for piece in pieces)


def blobs_of(pieces: Sequence[Piece]) -> tuple[str, ...] | None:
    """Their blobs, in order; None: there are none."""
    return tuple(piece.blob for piece in pieces if piece.blob is not None) or None


def table(entries: Iterable[int]) -> bytes:
    """A table of u32."""
    listed = list(entries)
    return struct.pack(f"<{len(listed)}I", *listed)


def cut(lengths: bytes, payload: memoryview) -> list[memoryview | None]:
    """The pieces of a payload; None: it is a blob."""
    found: list[memoryview | None] = []
    at = 0
    for (length,) in struct.iter_unpack("<I", lengths):
        if length == IN_BLOB:
            found.append(None)
        else:
            found.append(payload[at : at + length])
            at += length
    return found


def bytes_of(
    session: Session, lengths: bytes, payload: memoryview, blobs: Sequence[str] | None
) -> list[memoryview | errors.Error]:
    """The bytes of each value, blobs read; in the place of one that is gone, the error to raise for it."""
    named = iter(blobs or ())
    return [blob_bytes(session, next(named)) if piece is None else piece for piece in cut(lengths, payload)]


def blob_bytes(session: Session, blob: str) -> memoryview | errors.Error:
    """The bytes of a blob, or the error that says why there are none."""
    try:
        return session.blobs.read(blob)
    except BlobGone as gone:
        return errors.NotFoundError(f"the value went while it was read: {gone}")
    except BlobError as error:
        return errors.ConnectionError(str(error))


def value_of(data: memoryview | errors.Error) -> Any:
    """The value of some bytes.

    Raises:
        DeserializationError: it cannot be unpickled here. Or what `blob_bytes` found instead of the bytes.
    """
    if isinstance(data, errors.Error):
        raise data
    return serialize.loads(data)
