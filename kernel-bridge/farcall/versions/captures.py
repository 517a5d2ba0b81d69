"""Captured values: the globals and closure cells a function sees that are data. They travel beside the code.

`version.py` fills `Slots` while it describes a function, then pickles each value once; `loader.py` puts the values
back, in the same order. A value is known by the hash of its pickle.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import types
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..code.canonical import Describer, digest
from ..code.lookup import global_names
from ..errors import InvalidError, compose
from ..values import serialize
from ..values.pickler import InlinePickler

_WARN = 256 * 1024
_MOST = 64 * 1024 * 1024
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place where a function sees a value: a global by name, or a closure cell by number."""

    function: types.FunctionType
    where: str | int

    @property
    def name(self) -> str:
        return self.where if isinstance(self.where, str) else self.function.__code__.co_freevars[self.where]

    @property
    def key(self) -> tuple[int, str | int]:
        if isinstance(self.where, str):
            return id(self.function.__globals__), self.where
        assert self.function.__closure__ is not None
        return id(self.function.__closure__[self.where]), 0

    def read(self) -> object:
        """The value that is there now."""
        if isinstance(self.where, str):
            return self.function.__globals__.get(self.where, _MISSING)
        assert self.function.__closure__ is not None
        try:
            return self.function.__closure__[self.where].cell_contents
        except ValueError:
            return _MISSING


class Slots:
    """The slots of one function and all it reaches, in the order they were seen."""

    def __init__(self) -> None:
        self._slots: dict[tuple[int, str | int], Slot] = {}
        self.values: list[object] = []

    def spot(self, function: types.FunctionType, where: str | int, value: object) -> bool:
        """Take a value away from the description of code."""
        slot = Slot(function, where)
        if slot.key not in self._slots:
            self._slots[slot.key] = slot
            self.values.append(value)
        return True

    def read(self) -> None:
        """Look again at what is in the slots."""
        self.values = [slot.read() for slot in self]

    def has(self, slot: Slot) -> bool:
        return slot.key in self._slots

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots.values())

    def __len__(self) -> int:
        return len(self._slots)

    def places(self) -> list[tuple[types.FunctionType, str | int]]:
        return [(slot.function, slot.where) for slot in self]

    def seen_by(self, thing: object, resolve: Callable[[object], str | None]) -> list[int]:
        """The numbers of the slots that a cache's own function reaches: when they change, what it kept is stale."""
        own = Slots()
        Describer(reference=resolve, spot=own.spot).describe(thing)
        return [number for number, slot in enumerate(self) if own.has(slot)]

    def pinned_by(self, pinned: Pinned, resolve: Callable[[object], str | None]) -> frozenset[int]:
        """The numbers of the slots that belong to the version of a class: its hooks, or what they call, see them."""
        own = Slots()
        describer = Describer(reference=resolve, spot=own.spot)
        for known in pinned.known:
            describer.pass_by(known)
        for function in pinned.functions:
            describer.describe(function)
        return frozenset(number for number, slot in enumerate(self) if own.has(slot))


@dataclass(frozen=True, slots=True)
class Pinned:
    """Of a class: the functions whose captured values are part of its version, and what they refer to as a whole."""

    functions: tuple[Callable[..., Any], ...] = ()
    known: tuple[type, ...] = ()


@dataclass(frozen=True, slots=True)
class Captures:
    """The pickled values of slots: `index` says which payload is in which slot, so shared values stay shared."""

    names: tuple[str, ...] = ()
    index: tuple[int, ...] = ()
    payloads: tuple[bytes, ...] = ()
    digests: tuple[bytes, ...] = ()
    digest: str = ""
    sizes: dict[str, int] = field(default_factory=dict)

    def of(self, slot: int) -> bytes:
        return self.payloads[self.index[slot]]

    def digest_of(self, slots: frozenset[int]) -> str:
        """The hash of the values in some slots; empty for none."""
        whole = b"".join(self.digests[self.index[slot]] for slot in sorted(slots))
        return hashlib.blake2b(whole, digest_size=16).hexdigest() if slots else ""

    def without(self, slots: frozenset[int]) -> Captures:
        """The same for those who have the values in these slots: a digest that is known is not read again."""
        wanted = {number for slot, number in enumerate(self.index) if slot not in slots}
        payloads = tuple(payload if number in wanted else b"" for number, payload in enumerate(self.payloads))
        return replace(self, payloads=payloads)

    def warnings(self) -> Iterator[str]:
        if sum(map(len, self.payloads)) > _WARN:
            listed = _listed(self.sizes)
            yield f"the function captures {listed}; pass large values as arguments, or load them in the function"


def capture(
    slots: Slots,
    resolve: Callable[[object], str | None],
    references: MutableMapping[str, Any],
    known: Captures | None = None,
) -> Captures:
    """Pickle every value, once each; adds the farcall Functions inside them to `references`."""
    numbers: dict[int, int] = {}
    index: list[int] = []
    payloads: list[bytes] = []
    distinct: list[object] = []
    for slot, value in zip(slots, slots.values, strict=True):
        if id(value) not in numbers:
            numbers[id(value)] = len(payloads)
            distinct.append(value)
            payloads.append(_dump_value(value, slot.name, resolve, references))
        index.append(numbers[id(value)])
    digests = tuple(_digest(value, payload) for value, payload in zip(distinct, payloads, strict=True))
    names = tuple(slot.name for slot in slots)
    sizes = {name: len(payloads[number]) for name, number in zip(names, index, strict=True)}
    if sum(map(len, payloads)) > _MOST:
        raise InvalidError(
            compose(
                f"the function captures {_listed(sizes)}",
                takes="at most 64 MiB of captured values",
                do="Pass large values as arguments, or load them in the function",
            )
        )
    whole = hashlib.blake2b(b"".join(digests[number] for number in index), digest_size=16).hexdigest()
    return Captures(names, tuple(index), tuple(payloads), digests, whole if index else "", sizes)


def payload(values: Captures, places: bytes) -> bytes | None:
    """What `call.open` carries; None when there is nothing to say."""
    if not values.index and not places:
        return None
    return pickle.dumps((values.index, values.payloads, values.digests, places), 5)


def dumps_code(root: object, slots: Slots, resolve: Callable[[object], str | None]) -> bytes:
    """Pickle code without the values that are in slots, and farcall Functions by name."""
    with io.BytesIO() as file:
        pickler = _CodePickler(file, protocol=5)
        pickler.slots = slots
        pickler.resolve = resolve
        pickler.dump(root)
        return file.getvalue()


class _ValuePickler(InlinePickler):
    """Pickles a captured value; farcall Functions in it go by name."""

    resolve: Callable[[object], str | None]
    references: MutableMapping[str, Any]

    def persistent_id(self, thing: object) -> Any:
        name = self.resolve(thing)
        if name is None:
            return None
        self.references[name] = thing
        return ("reference", name)


class _CodePickler(InlinePickler):
    resolve: Callable[[object], str | None]
    slots: Slots

    def persistent_id(self, thing: object) -> Any:
        name = self.resolve(thing)
        return None if name is None else ("reference", name)

    def globals_of(self, function: types.FunctionType) -> Iterable[str]:
        return [name for name in global_names(function.__code__) if not self.slots.has(Slot(function, name))]

    def cells_of(self, function: types.FunctionType) -> tuple[types.CellType, ...] | None:
        cells = function.__closure__
        if cells is None:
            return None
        return tuple(
            types.CellType() if self.slots.has(Slot(function, index)) else cell for index, cell in enumerate(cells)
        )


def _digest(value: object, payload: bytes) -> bytes:
    """The hash of a value: of its description if that says all, so that a set has no order; else of its pickle."""
    if isinstance(value, (set, frozenset, dict, list, tuple)) and len(payload) <= _DESCRIBED and _is_plain(value):
        return bytes.fromhex(digest(value))
    return hashlib.blake2b(payload, digest_size=16).digest()


def _is_plain(value: object) -> bool:
    if type(value) is dict:
        return all(type(key) in _PLAIN for key in value) and all(map(_is_plain, value.values()))
    return type(value) in _PLAIN or (type(value) in (set, frozenset, list, tuple) and all(map(_is_plain, value)))  # type: ignore[call-overload]


_DESCRIBED = 4 * 1024
_PLAIN = frozenset((bool, int, float, str, bytes, type(None)))


def _dump_value(
    value: object, name: str, resolve: Callable[[object], str | None], references: MutableMapping[str, Any]
) -> bytes:
    if type(value) in _PLAIN:
        return pickle.dumps(value, 5)
    buffers = serialize.Large()
    try:
        with io.BytesIO() as file:
            pickler = _ValuePickler(file, protocol=5, buffer_callback=buffers.keep)
            pickler.resolve = resolve
            pickler.references = references
            pickler.dump(value)
            return b"".join(serialize.envelope(file.getvalue(), buffers)) if buffers else file.getvalue()
    except Exception as error:
        raise serialize.unpicklable(value, f"the captured {name}", error) from error


def _listed(sizes: dict[str, int]) -> str:
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    return ", ".join(f"{name} ({_size(size)})" for name, size in largest)


def _size(size: int) -> str:
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size / 1024:.0f} KiB" if size >= 1024 else f"{size} B"
