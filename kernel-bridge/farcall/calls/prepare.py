"""Makes a function, as it is now, known to the gateway: its version, its environment, the functions it refers to."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

import msgspec

from .. import context
from ..client.session import Session
from ..versions.version import Version
from ..wire.blobs import BLOB_ABOVE
from ..wire.messages import FunctionAccepted, FunctionPut, FunctionReplace, FunctionSpec
from . import environment
from .launch import Bound, Prepared
from .naming import announce
from .packages import compare_with

if TYPE_CHECKING:
    from ..function import Function

_current: dict[str, str] = {}  # app/name → the version it meant at its last call from here
#: In a container: `app/name` → what it means in the call that runs there.
Meaning = Callable[[str], Prepared | None]
_meaning: Meaning = lambda _: None  # noqa: E731


#: A function, or the containers of a class → what stands for it in the app that is deployed.
Within = Callable[[Any], Any]


def as_they_are(thing: Any) -> Any:
    """Under its own name everything stands for itself."""
    return thing


def set_meaning(meaning: Meaning) -> None:
    """In a container functions mean the versions that the running call came with."""
    global _meaning
    _meaning = meaning


def brought(name: str) -> Prepared | None:
    """What a name means in the call that runs here; None outside of containers, and for what did not come with it."""
    return _meaning(name)


def prepare(session: Session, function: Function[..., object], within: Within | None = None) -> Prepared:
    """The function ready to be called: captured now, put to the gateway if it does not have it.

    ``within``: it is put under its name by whoever asks, with what stands there for functions that it refers to.

    Raises what :func:`farcall.versions.version.describe` raises, and what the gateway refuses.
    """
    context.must_run_an_input(function.full_name.strip("/"))
    if within is None and not context.is_local() and _is_global(function):
        known = _meaning(function.full_name)
        if known is not None:
            return known
    main = function.describe()
    prepared = _prepared(session, function, main, within or as_they_are)
    if within is None:
        announce(session, function, prepared, main.captures_hash)
    return prepared


def _is_global(function: Function[..., object]) -> bool:
    """Its name stands for it alone: not with other options, not made inside another function."""
    raw = function.get_raw_f()
    return function.given is None and isinstance(raw, FunctionType) and "<locals>" not in raw.__qualname__


def _prepared(session: Session, function: Function[..., object], main: Version, within: Within) -> Prepared:
    environment_id = _environment(session, function)
    function_id = _put(session, function, main, environment_id)
    if not main.references:
        return Prepared(function.name, function_id, function.is_generator, main.captures, {}, {}, main.sources)
    bindings: dict[str, str] = {}
    bound: dict[str, Bound] = {}
    sources = dict(main.sources)
    waiting = dict(main.references)
    while waiting:
        name, thing = waiting.popitem()
        if name in bindings:
            continue
        other = getattr(
            thing, "__farcall_pool__", thing
        )  # of a class, an instance, a method: the containers they share
        other = within(other)
        if not other.is_defined_here:
            part = other.prepare(session)
            bindings.update({**part.bindings, name: part.function_id})
            bound.update({**part.bound, name: (part.captures, part.is_generator, other.schema, other.calls_remotely)})
            sources.update(part.sources)
            continue
        known = other.describe()
        bindings[name] = _put(session, other, known, _environment(session, other))
        bound[name] = (known.captures, other.is_generator, other.schema, other.calls_remotely)
        sources.update(known.sources)
        waiting.update(known.references)
    return Prepared(function.name, function_id, function.is_generator, main.captures, bound, bindings, sources)


def _environment(session: Session, function: Function[..., object]) -> str:
    image = function.options.image
    described = environment.describe(image)
    if image is not None and not session.has_environment(described.environment_id):
        files = {digest: session.blobs.write([content]) for digest, content in image.archives().items()}
        described = msgspec.structs.replace(described, files=files or None)
    session.post_environment(described)
    return described.environment_id


def _put(session: Session, function: Function[..., object], described: Version, environment_id: str) -> str:
    function_id = function.known_as(described, environment_id)
    if function_id is None or function_id not in session.functions:
        spec = function.spec(described.imports)
        function_id = function.id_of(described, spec, environment_id)
        if function_id not in session.functions:
            if function.options.image is None:
                compare_with(session, function.name, described, environment_id)
            put_as = function.put_as(described, spec, environment_id)
            _send(session, function_id, environment_id, put_as, described.code)
            session.functions.add(function_id)
        function.remember(described, environment_id, function_id)
    is_news = function.given is None and function.is_called
    if is_news and _current.get(function.full_name) != function_id and context.is_local():
        _current[function.full_name] = function_id
        session.notify(FunctionReplace(app=function.app_name, name=function.name, function_id=function_id))
    return function_id


def _send(session: Session, function_id: str, environment_id: str, spec: FunctionSpec, code: bytes) -> None:
    blob = session.blobs.write([code]) if len(code) > BLOB_ABOVE else None
    message = FunctionPut(request=0, function_id=function_id, environment_id=environment_id, spec=spec, blob=blob)
    session.ask(message, FunctionAccepted, b"" if blob else code, timeout=60.0)
