"""Functions that came by name and run here all the same: a direct call, ``.local()``, ``get_raw_f()``.

Their code is fetched from the gateway, once a version. Each set of captured values has its own copy: where several
inputs run at once, their calls may have brought different ones.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from ..client.asking import replied
from ..client.session import Session
from ..client.waiting import Bell, drive
from ..errors import ConnectionError
from ..versions.version import Loader, load_code
from ..wire.messages import FunctionCode, FunctionFetch

_ANSWER_S = 60.0
#: Copies kept: as many versions, with their values, as an input may reasonably go through again and again.
_KEPT = 32

_copies: OrderedDict[tuple[str, bytes | None], Loader] = OrderedDict()
_guard = threading.RLock()


def function(function_id: str, captures: bytes | None, bindings: Mapping[str, str]) -> Callable[..., Any]:
    """The plain function of a version, seeing these captured values.

    Raises:
        DeserializationError: its code, or a captured value, cannot be unpickled here.
        RemoteError: it did not come with the running call.
    """
    key = (function_id, captures)
    with _guard:
        loader = _copies.pop(key, None) or load_code(_fetch(function_id))
        _copies[key] = loader
        while len(_copies) > _KEPT:
            _copies.popitem(last=False)
        return loader.function(captures, dict(bindings))  # a copy: they may be its own, of a function that calls itself


def _fetch(function_id: str) -> Any:
    session, bell = Session.current(), Bell()
    reply = drive(replied(session, FunctionFetch(request=0, function_id=function_id), bell), bell, timeout=_ANSWER_S)
    if not isinstance(reply.message, FunctionCode):
        raise ConnectionError(f"the gateway answered FunctionFetch with {type(reply.message).__name__}")
    return session.blobs.read(reply.message.blob) if reply.message.blob else reply.payload
