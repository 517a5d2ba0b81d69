"""Versions: what a function is, as two hashes and two payloads, so that unchanged code is never sent or started twice.

The code hash covers what `canonical.py` describes and the sources of local modules; the captures are the values that
the code sees. `describe` runs at the start of every call and costs microseconds while nothing changed.
"""

from __future__ import annotations

import hashlib
import linecache
import pickle
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from ..code.canonical import SNAPSHOT, Describer
from ..code.lookup import imported_names, is_once, reference_name
from ..code.places import places_of
from ..wire.messages import FunctionSpec
from . import captures as captured
from . import modules
from .captures import Pinned, Slots
from .loader import Loader, load_code, set_resolver
from .snapshot import Snapshot

__all__ = [
    "Loader",
    "Memory",
    "Pinned",
    "Version",
    "describe",
    "function_id",
    "load_code",
    "reference_name",
    "set_resolver",
]

#: Renders an object that stands for a farcall Function as `app/name`, anything else as None.
Resolve = Callable[[object], "str | None"]

#: How a function was last seen, by the exceptions of its retry policy.
Memory = dict[tuple[type[BaseException], ...], Snapshot]

NOTHING_PINNED = Pinned()
_FORMAT = 1
_SOURCE_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A function as it is now: its hashes, its payloads, and what it refers to."""

    code_hash: str
    captures_hash: str
    code: bytes
    captures: bytes | None
    #: The farcall Functions it names, by `app/name`.
    references: dict[str, Any]
    #: Installed packages it imports, for the zygote.
    imports: tuple[str, ...]
    #: Bytes of each captured value, by name.
    capture_sizes: dict[str, int]
    #: The text of the cells it is defined in, by file name: `call.open.sources`.
    sources: dict[str, str]
    #: Those of `imports` that it refers to as modules: without them its code cannot be read.
    modules: tuple[str, ...] = ()


def describe(
    function: Callable[..., Any],
    *,
    resolve: Resolve = reference_name,
    retry_on: tuple[type[BaseException], ...] = (),
    pinned: Pinned = NOTHING_PINNED,
    memory: Memory | None = None,
) -> Version:
    """The function's version now. Cheap when nothing it sees has changed since the last time.

    `retry_on` are the exceptions of its retry policy: their classes travel with the code (`Loader.retry_on`). A class
    is described as well: what `pinned` functions see is part of its code, and `memory` is where it is remembered.

    Raises:
        InvalidError: its captured values are over 64 MiB, or a local package is too large.
        SerializationError: a captured value cannot be pickled; the message names it.
    """
    memory = _memory(function) if memory is None else memory
    known = memory.get(retry_on)
    if known is not None and known.code_is_same():
        changed = known.changed_values()
        if not changed:
            return known.version
        if not any(_is_code(value, resolve) for value in changed):
            again = _recapture(known, resolve)
            if again is not None:
                return _warned(again)
    snapshot = _describe(function, resolve, retry_on, pinned)
    memory[retry_on] = snapshot
    return _warned(snapshot)


def function_id(code_hash: str, spec: FunctionSpec, environment_id: str) -> str:
    """The id of a version under a spec in an environment: `fv-` and 32 hex digits."""
    asked = msgspec.json.encode((code_hash, spec, environment_id), order="deterministic")
    return "fv-" + hashlib.blake2b(asked, digest_size=16).hexdigest()


def _memory(function: Callable[..., Any]) -> Memory:
    """What is remembered of a function: in its own `__dict__`, so that it is gone when the function is."""
    target = function.__farcall_once__ if is_once(function) else function  # type: ignore[attr-defined]
    attributes = getattr(target, "__dict__", None)
    if not isinstance(attributes, dict):
        return {}
    memory: Memory = attributes.setdefault(SNAPSHOT, {})
    return memory


def _describe(
    function: Callable[..., Any], resolve: Resolve, retry_on: tuple[type[BaseException], ...], pinned: Pinned
) -> Snapshot:
    references: dict[str, Any] = {}
    slots = Slots()

    def name(thing: object) -> str | None:
        found = resolve(thing)
        if found is not None:
            references[found] = thing
        return found

    describer = Describer(reference=name, spot=slots.spot)
    describer.describe(function)
    describer.describe(retry_on)
    code_references = dict(references)
    names = {*describer.modules, *_imported(describer.functions)}
    bundle = modules.bundle(names)
    values = captured.capture(slots, resolve, references)
    held = slots.pinned_by(pinned, resolve) if pinned.functions else frozenset()
    sources = dict(_sources(describer.functions))
    start = (captured.payload(values, places_of(describer.functions)), sources) if pinned.known else None
    version = Version(
        code_hash=_hash(
            describer.hexdigest(), bundle.digest if bundle else "", *filter(None, [values.digest_of(held)])
        ),
        captures_hash=values.digest,
        code=_code_payload((function, retry_on, start), slots, describer, bundle, resolve),
        captures=captured.payload(values.without(held), places_of(describer.functions)),
        references=references,
        imports=tuple(sorted(name for name in names if modules.kind(name) == "third-party" and "farcall" not in name)),
        capture_sizes=values.sizes,
        sources=sources,
        modules=tuple(sorted({name.partition(".")[0] for name in describer.modules})),
    )
    return Snapshot(version, describer, slots, values, bundle, code_references, held)


def _recapture(known: Snapshot, resolve: Resolve) -> Snapshot | None:
    """The same code with other values: only these are pickled again. None when they make it another version."""
    known.slots.read()
    references = dict(known.code_references)
    values = captured.capture(known.slots, resolve, references, known.values)
    if values.digest_of(known.pinned) != known.values.digest_of(known.pinned):
        return None
    version = replace(
        known.version,
        captures_hash=values.digest,
        captures=captured.payload(values.without(known.pinned), places_of(known.describer.functions)),
        references=references,
        capture_sizes=values.sizes,
    )
    return known.with_values(version, values)


def _code_payload(
    root: tuple[object, object, object],
    slots: Slots,
    describer: Describer,
    bundle: modules.Bundle | None,
    resolve: Resolve,
) -> bytes:
    parts = {
        "function": root[0],
        "retry_on": root[1],
        "slots": slots.places(),
        "functions": describer.functions,
        "caches": [(cache, slots.seen_by(cache, resolve)) for cache in describer.caches],
        **({} if root[2] is None else {"start": root[2]}),
    }
    code = captured.dumps_code(parts, slots, resolve)
    sources = tuple(map(tuple, bundle.sources)) if bundle else ()
    return pickle.dumps((_FORMAT, sources, code), 5)


def _imported(functions: Iterable[types.FunctionType]) -> Iterator[str]:
    """What functions import when they run."""
    for function in functions:
        yield from imported_names(function.__code__)


def _sources(functions: Iterable[types.FunctionType]) -> Iterator[tuple[str, str]]:
    for file in dict.fromkeys(function.__code__.co_filename for function in functions):
        text = "".join(linecache.getlines(file))
        if text and len(text) <= _SOURCE_LIMIT and not Path(file).is_file():
            yield file, text


def _is_code(value: object, resolve: Resolve) -> bool:
    """Whether a value that changed is code now, or may be; then everything is described again."""
    plain = (bool, int, float, str, bytes, list, dict, tuple, set, type(None))
    return not isinstance(value, plain) and (
        callable(value) or isinstance(value, types.ModuleType) or bool(resolve(value))
    )


def _warned(snapshot: Snapshot) -> Version:
    for warning in snapshot.values.warnings():
        warnings.warn(warning, stacklevel=4)
    return snapshot.version


def _hash(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
