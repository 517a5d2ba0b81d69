"""Functions under names: what the gateway is told when an app is deployed or runs, and what a name means when asked.

A function that is known by name is called with what its owner captured when the name was put.
"""

from __future__ import annotations

import hashlib
import inspect
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from .. import context
from ..client.session import Session
from ..client.waiting import Bell, Steps, ready
from ..errors import ConnectionError, NotFoundError, compose, nearest
from ..values import serialize
from ..wire.blobs import BlobGone
from ..wire.codes import IN_BLOB
from ..wire.messages import AppLeave, AppPut, FunctionFind, FunctionFound, FunctionVary, NamedFunction, Schedule
from .launch import Prepared, shared_payload
from .signatures import signature_of, told

if TYPE_CHECKING:
    from ..functions.definition import Definition

#: Payloads of one message, and texts of cells in it, take so much at most; the rest travels as blobs, or not at all.
_MOST_INLINE = 384 * 1024
_MOST_SOURCES = 128 * 1024

#: full name → (session, version, captures) at its last announcement from here.
_announced: dict[str, tuple[str, str, str]] = {}
#: Apps that `with app.run():` keeps active: names are put with their schedules there.
_running: dict[str, int] = {}


@dataclass(frozen=True)
class Meaning:
    """What a name meant when the gateway was asked."""

    prepared: Prepared
    is_async: bool
    signature: inspect.Signature
    #: Of a class: its packed schema.
    schema: str


Names = Iterable[tuple["Definition[..., Any]", Prepared, "Schedule | None"]]


def app_put(
    session: Session, app: str, names: Names, *, deploys: bool, tags: Mapping[str, str] | None = None
) -> tuple[AppPut, bytes]:
    """The message that gives functions their names, and its payload."""
    functions: list[NamedFunction] = []
    lengths: list[int] = []
    payloads: list[bytes] = []
    blobs: list[str] = []
    room, room_for_sources = _MOST_INLINE, _MOST_SOURCES
    for function, prepared, schedule in names:
        texts = sum(map(len, prepared.sources.values()))
        sources = prepared.sources if texts <= room_for_sources else {}
        room_for_sources -= texts if sources else 0
        functions.append(_named(function, prepared, sources, schedule))
        payload, blob = shared_payload(session, prepared, {})
        if blob is None and len(payload) > room:
            payload, blob = b"", session.blobs.write([payload])
        room -= len(payload)
        payloads.append(payload)
        blobs += [blob] if blob is not None else []
        lengths.append(IN_BLOB if blob is not None else len(payload))
    message = AppPut(
        request=0,
        app=app,
        deploys=deploys,
        since=time.time(),
        tags=dict(tags or {}),
        functions=tuple(functions),
        lengths=struct.pack(f"<{len(lengths)}I", *lengths),
        blobs=tuple(blobs) or None,
    )
    return message, b"".join(payloads)


def announce(session: Session, function: Definition[..., Any], prepared: Prepared, captures_hash: str) -> None:
    """A function of a named app was called from here: from now on others may call it by name, as it is now."""
    name = function.full_name
    now = (session.id, prepared.function_id, captures_hash)
    if not function.app_name or function.given is not None or _announced.get(name) == now or not context.is_local():
        return
    _announced[name] = now
    if function.app_name not in _running:
        session.announce(name, *app_put(session, function.app_name, [(function, prepared, None)], deploys=False))


def run_begins(session: Session, app: str, names: Names, tags: Mapping[str, str]) -> None:
    """`with app.run():` was entered: names and schedules of all its functions."""
    _running[app] = _running.get(app, 0) + 1
    session.announce(f"{app}/", *app_put(session, app, names, deploys=False, tags=tags))


def run_ends(session: Session | None, app: str) -> None:
    """It was left: names and schedules go, unless somebody else here still runs it."""
    _running[app] -= 1
    if _running[app] > 0:
        return
    del _running[app]
    for name in [name for name in _announced if name.rpartition("/")[0] == app]:
        del _announced[name]
    if session is not None:
        session.withdraw(f"{app}/", AppLeave(app=app))
        session.found.clear()  # what is asked from now on is asked after that


def meaning(session: Session, app: str, name: str, bell: Bell) -> Steps[Meaning]:
    """What the name means now; asked once, until the gateway says that it moved. Raises ``NotFoundError``."""
    key = (app, name)
    known: Meaning | None = session.found.get(key)
    if known is not None:
        return known
    moves = session.found.moves
    future = session.request(FunctionFind(request=0, app=app, name=name))
    future.add_done_callback(lambda _: bell.ring())
    reply = yield from ready(future)
    found = reply.message
    if not isinstance(found, FunctionFound):
        raise ConnectionError(f"the gateway answered function.find with {type(found).__name__}")
    if found.function is None:
        raise _missing(app, name, found)
    payload = reply.payload if found.blob is None else _captured(session, app, name, found.blob)
    known = _meaning(found.function, serialize.loads(payload))
    session.found.put(key, known, moves)
    return known


def _captured(session: Session, app: str, name: str, blob: str) -> memoryview:
    """Captured values of their own file. Of what only runs nobody keeps it for longer than a day after its process."""
    try:
        return session.blobs.read(blob)
    except BlobGone:
        happened = f"what {name!r} of the app {app!r} captured is gone: it is not deployed, and nobody kept it running"
        do = f"Deploy the app where it is defined: app.deploy(), or farcall deploy FILE, then {name} is found for good"
        raise NotFoundError(compose(happened, do=do)) from None


def vary(
    session: Session, base: str, changes: dict[str, Any], hidden: dict[str, str] | None, shown: dict[str, str] | None
) -> FunctionVary:
    """The message that makes another version of the same code known. Its id follows from what is asked."""
    asked = msgspec.json.encode((base, changes, hidden, shown), order="deterministic")
    function_id = "fv-" + hashlib.blake2b(asked, digest_size=16).hexdigest()
    return FunctionVary(request=0, of=base, function_id=function_id, changes=changes, hidden=hidden, shown=shown)


def _named(
    function: Definition[..., Any], prepared: Prepared, sources: dict[str, str], schedule: Schedule | None
) -> NamedFunction:
    return NamedFunction(
        name=function.name,
        function_id=prepared.function_id,
        is_generator=function.is_generator,
        is_async=function.is_async,
        parameters=told(function.get_raw_f()),
        bindings=prepared.bindings,
        sources=sources,
        schedule=schedule,
        schema=function.schema,
    )


def _meaning(named: NamedFunction, shared: Mapping[str, Any]) -> Meaning:
    prepared = Prepared(
        named.name,
        named.function_id,
        named.is_generator,
        shared.get("captures"),
        dict(shared.get("bound", {})),
        dict(named.bindings),
        dict(named.sources),
    )
    return Meaning(prepared, named.is_async, signature_of(named.parameters), named.schema)


def _missing(app: str, name: str, found: FunctionFound) -> NotFoundError:
    names = found.names or ()
    listed = ", ".join(sorted(names)[:20])
    if found.app_known:
        happened = f"the app {app!r} has no function {name!r}"
        return NotFoundError(compose(f"{happened}: it has {listed}", do=nearest(name, names)))
    happened = f"no app {app!r} is deployed or runs here, so there is no function {name!r} of it"
    do = nearest(app, names) or "Deploy it: app.deploy(), or farcall deploy FILE"
    return NotFoundError(compose(happened + (f"; there are {listed}" if names else ""), do=do))
