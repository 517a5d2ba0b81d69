"""The functions of the sidebar: those defined in this kernel and those of recent calls, with the containers they have
now and the autoscaler's settings. Called on the bridge's worker threads; asks the gateway, and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from typing import Any

from ..errors import Error
from ..functions import registry
from ..wire.messages import AutoscalerState, AutoscalerUpdate, CallList, CallListing, RuntimeAsk, RuntimeState

_CALLS = 200
_MOST = 50
_ANSWER_S = 10.0

Name = tuple[str, str]


def function_views(session: Any) -> list[dict[str, object]]:
    """FunctionView of notebook.ts, by name; at most fifty, those that ran last before others."""
    listing, _ = session.request(CallList(request=0, limit=_CALLS)).result(_ANSWER_S)
    state, _ = session.request(RuntimeAsk(request=0)).result(_ANSWER_S)
    versions = _versions(listing)
    names = list(dict.fromkeys([*dict.fromkeys(versions.values()), *registry.all_names()]))[:_MOST]
    asked = {name: session.request(_ask(name)) for name in names}  # all at once, then the answers in any order
    running = _containers(state, versions)
    newest = {name: version for version, name in reversed(versions.items())}
    views = [_view(name, newest.get(name, ""), running, asked[name]) for name in names]
    return sorted(views, key=lambda view: (str(view["app"]), str(view["name"])))


def _versions(listing: CallListing) -> dict[str, Name]:
    """Version → the function's name, the one that ran last first."""
    return {call.function_id: (call.app, call.pool or call.name) for call in listing.calls if call.name}


def _containers(state: RuntimeState, versions: dict[str, Name]) -> dict[Name, Counter[str]]:
    found: dict[Name, Counter[str]] = {}
    for container in state.containers:
        name = versions.get(container.function_id)
        if name is not None:
            found.setdefault(name, Counter())[container.function_id] += 1
    return found


def _ask(name: Name) -> AutoscalerUpdate:
    """Changes nothing: the answer says how things are."""
    return AutoscalerUpdate(request=0, app=name[0], name=name[1])


def _view(name: Name, version: str, running: dict[Name, Counter[str]], scaling: Future[Any]) -> dict[str, object]:
    view: dict[str, object] = {
        "app": name[0],
        "name": name[1],
        "version": version,
        "containers": [{"version": each, "count": count} for each, count in running.get(name, Counter()).items()],
    }
    settings = _settings(scaling)
    return view if settings is None else view | {"scaling": settings}


def _settings(scaling: Future[Any]) -> dict[str, float] | None:
    """None for a function that never ran: the gateway does not know it."""
    try:
        state, _ = scaling.result(_ANSWER_S)
    except Error:
        return None
    assert isinstance(state, AutoscalerState)
    return {
        "min_containers": state.min_containers,
        "max_containers": state.max_containers,
        "buffer_containers": state.buffer_containers,
        "scaledown_window": state.scaledown_window,
    }
