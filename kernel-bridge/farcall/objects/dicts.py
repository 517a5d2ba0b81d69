"""`Dict`: a dictionary at the gateway that every process and container of a person shares.

It is durable: what `put` returned from is on the gateway's disk, and every later `get`, wherever it is, sees it.
Source: Modal's Dict. Where Modal drops an entry after 7 days without use, here it stays until it is deleted.
"""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from ..client.waiting import Steps
from ..errors import NotFoundError
from ..twin import either
from ..wire.messages import DictGet, DictPage, DictPop, DictPut, DictRead, DictValue, ObjectClear, ObjectDone
from .changes import changes_of
from .handle import Handle, expect
from .keys import key_bytes
from .named import Objects
from .pieces import Piece, batches, blob_bytes, blobs_of, bytes_of, cut, lengths_of, piece_of, table, value_of
from .stepwise import Asking, run, run_async, stepwise

T = TypeVar("T")
_MISSING: Any = object()
#: One page: keys, or values, or both.
Page = tuple[list[T], float]


class Dict(Handle):
    """A dictionary that processes and containers share. Keys: see `farcall.objects.keys`; values: what pickles.

    Values up to 256 MiB, 250,000 entries (`farcall serve --limit` changes both). A value is a copy: changing one that
    was read changes nothing until it is put again. Of two that put the same key at once the later one counts.

    ``Dict({"a": 1})`` (2022) is an ephemeral one of this process, made at its first use.
    """

    _kind = "dict"
    _prefix = "di"
    #: The named ones: ``objects.list()``, ``objects.create(name)``, ``objects.delete(name)``.
    objects: Objects[Dict]
    #: ``objects.delete`` by its old name.
    delete: Any

    #: What goes in when it is made.
    _data: Mapping[Any, Any] = MappingProxyType({})

    def __init__(self, data: Mapping[Any, Any] | None = None) -> None:
        super().__init__()
        self._data = dict(data or {})

    # ── one entry

    @stepwise
    def get(self, asking: Asking, key: Any, default: Any = None) -> Steps[Any]:
        """The value of a key, or ``default``."""
        found = yield from self._value(asking, key)
        return default if found is _MISSING else found

    @stepwise
    def contains(self, asking: Asking, key: Any) -> Steps[bool]:
        """Whether the key is there. ``key in d``."""
        written = key_bytes(key)
        object_id = yield from self._found(asking)
        message = DictGet(request=0, object_id=object_id, what="presence")
        reply = yield from asking.reply(message, written)
        return expect(reply.message, DictValue).found

    @stepwise
    def put(self, asking: Asking, key: Any, value: Any, *, skip_if_exists: bool = False) -> Steps[bool]:
        """Set the value of a key. ``d[key] = value``.

        Returns:
            Whether it was written: False only with ``skip_if_exists``, when the key was there. Of all that put a key
            at once with ``skip_if_exists``, one gets True.

        Raises:
            TypeError: the key is not hashable. SerializationError: key or value cannot be pickled.
            ResourceExhaustedError: the value, or the dict, is larger than it may be; the message has the limit.
        """
        pieces = [piece_of(asking.session, value, key=key_bytes(key))]
        return bool((yield from self._put(asking, pieces, skip=skip_if_exists)))

    @stepwise
    def pop(self, asking: Asking, key: Any, default: Any = _MISSING) -> Steps[Any]:
        """Take a key out and return its value; without it ``default``. Of several that pop a key, one gets the value.

        Raises:
            KeyError: there is no such key, and no default was given.
        """
        found = yield from self._pop(asking, key)
        if found is not _MISSING:
            return found
        if default is _MISSING:
            raise KeyError(key)
        return default

    # ── all of them

    @stepwise
    def update(self, asking: Asking, other: Any = None, /, **kwargs: Any) -> Steps[None]:
        """Set many entries: a mapping or pairs, and names. Each becomes visible by itself, in order."""
        items = {**dict(other or {}), **kwargs}
        yield from self._fill_in(asking, items)

    @stepwise
    def len(self, asking: Asking) -> Steps[int]:
        """How many entries there are. ``len(d)``."""
        return (yield from self._ask(asking, None)).count

    @stepwise
    def clear(self, asking: Asking) -> Steps[None]:
        """Take all entries out."""
        object_id = yield from self._found(asking)
        with changes_of(asking.session).one() as number:
            yield from asking.reply(ObjectClear(request=0, object_id=object_id, **number._asdict()))

    def _keys_async(self) -> AsyncIterator[Any]:
        return self._pages_async("keys")

    @either(_keys_async)
    def keys(self) -> Iterator[Any]:
        """The keys, in the order they were first put: an iterator that reads page by page.

        What is put meanwhile comes at its end; what is taken out meanwhile may still come.
        """
        return self._pages("keys")

    def _values_async(self) -> AsyncIterator[Any]:
        return self._pages_async("values")

    @either(_values_async)
    def values(self) -> Iterator[Any]:
        """The values, in the order of :meth:`keys`."""
        return self._pages("values")

    def _items_async(self) -> AsyncIterator[tuple[Any, Any]]:
        return self._pages_async("items")

    @either(_items_async)
    def items(self) -> Iterator[tuple[Any, Any]]:
        """Pairs of key and value, in the order of :meth:`keys`."""
        return self._pages("items")

    # ── as Python writes it; these block, also in an event loop

    def __getitem__(self, key: Any) -> Any:
        found = self.get(key, _MISSING)
        if found is _MISSING:
            raise KeyError(key)
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        self.put(key, value)

    def __delitem__(self, key: Any) -> None:
        self.pop(key)

    def __contains__(self, key: Any) -> bool:
        return self.contains(key)

    def __len__(self) -> int:
        return self.len()

    def __iter__(self) -> Iterator[Any]:
        return self.keys()

    def __bool__(self) -> bool:
        return True  # a handle is not nothing; and asking would be I/O

    # ── steps

    def _found(self, asking: Asking) -> Steps[str]:
        object_id = yield from super()._found(asking)
        if self._data:
            data, self._data = self._data, {}
            yield from self._fill_in(asking, data)
        return object_id

    def _fill_in(self, asking: Asking, items: Mapping[Any, Any]) -> Steps[None]:
        pieces = (piece_of(asking.session, value, key=key_bytes(key)) for key, value in items.items())
        for batch in batches(pieces):
            yield from self._put(asking, batch, skip=False)

    def _put(self, asking: Asking, pieces: list[Piece], *, skip: bool) -> Steps[int]:
        object_id = yield from self._found(asking)
        with changes_of(asking.session).one() as number:
            message = DictPut(
                request=0,
                object_id=object_id,
                keys=table(builtins.len(piece.key) for piece in pieces),
                lengths=lengths_of(pieces),
                blobs=blobs_of(pieces),
                skip=skip,
                **number._asdict(),
            )
            payload = b"".join([piece.key for piece in pieces] + [piece.data for piece in pieces])
            reply = yield from asking.reply(message, payload)
            return expect(reply.message, ObjectDone).count

    def _value(self, asking: Asking, key: Any) -> Steps[Any]:
        """A blob that goes while it is read belonged to a value that is not this key's any more: look again."""
        written = key_bytes(key)
        object_id = yield from self._found(asking)
        before = ""
        while True:
            reply = yield from asking.reply(DictGet(request=0, object_id=object_id, what="value"), written)
            answer = expect(reply.message, DictValue)
            if not answer.found:
                return _MISSING
            if answer.blob is None:
                return value_of(reply.payload)
            data = blob_bytes(asking.session, answer.blob)
            if answer.blob == before or not isinstance(data, NotFoundError):
                return value_of(data)
            before = answer.blob

    def _pop(self, asking: Asking, key: Any) -> Steps[Any]:
        written = key_bytes(key)
        object_id = yield from self._found(asking)
        with changes_of(asking.session).one() as number:
            reply = yield from asking.reply(DictPop(request=0, object_id=object_id, **number._asdict()), written)
            answer = expect(reply.message, DictValue)
            if not answer.found:
                return _MISSING
            return value_of(reply.payload if answer.blob is None else blob_bytes(asking.session, answer.blob))

    def _page(self, asking: Asking, what: Any, after: float) -> Steps[Page[Any]]:
        object_id = yield from self._found(asking)
        reply = yield from asking.reply(DictRead(request=0, object_id=object_id, after=after, what=what))
        page = expect(reply.message, DictPage)
        keys = cut(page.keys, reply.payload)
        values = bytes_of(asking.session, page.lengths, reply.payload[sum(map(_size, keys)) :], page.blobs)
        found = [value_of(key) for key in keys if key is not None]
        if what == "keys":
            return found, page.next
        read = [value_of(value) for value in values]
        return (read if what == "values" else list(zip(found, read, strict=True))), page.next

    def _pages(self, what: str) -> Iterator[Any]:
        after = -1.0
        while True:
            page, after = run(_paging(self, what, after))
            yield from page
            if after < 0:
                return

    async def _pages_async(self, what: str) -> AsyncIterator[Any]:
        after = -1.0
        while True:
            page, after = await run_async(_paging(self, what, after))
            for each in page:
                yield each
            if after < 0:
                return


def _paging(dict_: Dict, what: str, after: float) -> Callable[[Asking], Steps[Page[Any]]]:
    return lambda asking: dict_._page(asking, what, after)


def _size(piece: memoryview | None) -> int:
    return 0 if piece is None else builtins.len(piece)


Dict.objects = Objects(Dict)
Dict.delete = staticmethod(Dict.objects.delete)
