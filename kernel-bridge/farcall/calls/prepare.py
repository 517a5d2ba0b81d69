"""Makes a function, as it is now, known to the gateway: its version, its environment, the functions it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import context
from ..client.session import Session
from ..versions import version
from ..versions.version import Version
from ..wire.blobs import BLOB_ABOVE
from ..wire.messages import FunctionAccepted, FunctionPut, FunctionReplace, FunctionSpec
from . import environment
from .launch import Prepared

if TYPE_CHECKING:
    from ..function import Function

_current: dict[str, str] = {}  # app/name → the version it meant at its last call from here


def prepare(session: Session, function: Function[..., object]) -> Prepared:
    """The function ready to be called: captured now, put to the gateway if it does not have it.

    Raises what :func:`farcall.versions.version.describe` raises, and what the gateway refuses.
    """
    environment_id = _environment(session)
    main = function.describe()
    function_id = _put(session, function, main, environment_id)
    if not main.references:
        return Prepared(function.name, function_id, function.is_generator, main.captures, {}, {}, main.sources)
    bindings: dict[str, str] = {}
    bound: dict[str, tuple[bytes | None, bool]] = {}
    sources = dict(main.sources)
    waiting = dict(main.references)
    while waiting:
        name, other = waiting.popitem()
        if name in bindings:
            continue
        known = other.describe()
        bindings[name] = _put(session, other, known, environment_id)
        bound[name] = (known.captures, other.is_generator)
        sources.update(known.sources)
        waiting.update(known.references)
    return Prepared(function.name, function_id, function.is_generator, main.captures, bound, bindings, sources)


def _environment(session: Session) -> str:
    described = environment.describe()
    session.post_environment(described)
    return described.environment_id


def _put(session: Session, function: Function[..., object], described: Version, environment_id: str) -> str:
    function_id = function.known_as(described, environment_id)
    if function_id is None or function_id not in session.functions:
        spec = function.spec(described.imports)
        function_id = version.function_id(described.code_hash, spec, environment_id)
        if function_id not in session.functions:
            _send(session, function_id, environment_id, spec, described.code)
            session.functions.add(function_id)
        function.remember(described, environment_id, function_id)
    if function.given is None and _current.get(function.full_name) != function_id and context.is_local():
        _current[function.full_name] = function_id
        session.notify(FunctionReplace(app=function.app_name, name=function.name, function_id=function_id))
    return function_id


def _send(session: Session, function_id: str, environment_id: str, spec: FunctionSpec, code: bytes) -> None:
    blob = session.blobs.write([code]) if len(code) > BLOB_ABOVE else None
    message = FunctionPut(request=0, function_id=function_id, environment_id=environment_id, spec=spec, blob=blob)
    session.ask(message, FunctionAccepted, b"" if blob else code, timeout=60.0)
