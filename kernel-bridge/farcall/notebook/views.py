"""What the kernel shows of a call: the Structs of kernel-bridge/src/notebook.ts, and how they come from `progress`.

Used by the display (saved snapshots) and the bridge (live views). It formats nothing and sends nothing. Snapshots hold
counts, types, lines and times, never the user's values: :func:`saved` is the one place that takes them out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from ..client.place import default_place
from ..wire.codes import CallState
from ..wire.messages import CallSummary, Progress

BRIDGE = "farcall.bridge"
MIME = "application/vnd.farcall.view.v1+json"

CallKind = Literal["remote", "map", "spawn", "spawn_map"]
FINAL: frozenset[str] = frozenset({"done", "failed", "cancelled", "incomplete"})

#: Bounds of a saved snapshot, so that a notebook stays small whatever the functions are called.
_GROUPS = 20
_TEXT = 200


class CountsView(msgspec.Struct, frozen=True, kw_only=True):
    """How many inputs are in each state."""

    queued: int = 0
    retrying: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    timed_out: int = 0

    @property
    def settled(self) -> int:
        return self.succeeded + self.failed + self.cancelled + self.timed_out


class FailureView(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of one exception type at one user line. ``message`` is empty in saved snapshots."""

    kind: str
    message: str
    where: str
    count: int
    examples: tuple[int, ...]


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """What a card shows of a call. Times are Unix seconds, 0 = not yet."""

    call_id: str
    kind: CallKind
    name: str
    state: CallState
    inputs: int
    sealed: bool
    attached: bool
    counts: CountsView
    rate: float
    containers: int
    hardware: str
    waiting: str
    failures: tuple[FailureView, ...]
    created_at: float
    started_at: float
    ended_at: float

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


class LiveCall(CallView, frozen=True, kw_only=True):
    """CallView and the grid; only ever live."""

    cells: str
    cell: int
    labels: bool = False
    related: bool = False


class GraphNodeView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All calls of one function under one path of functions. ``parent``: its node, -1 for the root. Times: seconds."""

    parent: int
    name: str
    calls: int
    counts: CountsView
    p50: float
    p95: float
    share: float
    busy: str
    hidden: int
    call_id: str = ""


class GraphView(msgspec.Struct, frozen=True, kw_only=True):
    """A call graph, folded. ``began``: Unix seconds at which the bins of ``busy`` begin; ``width``: seconds of one."""

    call_id: str
    nodes: tuple[GraphNodeView, ...]
    more: int
    began: float
    width: float


class ViewBundle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The bundle of one output."""

    v: Literal[1]
    kind: Literal["map", "call", "graph"]
    call_id: str
    snapshot: CallView
    saved_at: float
    calls: tuple[CallView, ...] = ()
    graph: GraphView | None = None


#: Turns a wire `where` (``file:line``) into what a person reads (``Cell In[4], line 7``).
Place = Callable[[str], str]


def as_seen_here(waiting: str) -> str:
    """Why a call waits, where this notebook's own kernel is one of those who use a GPU: it is called that."""
    theirs = f"a notebook's kernel (pid {os.getpid()}, "
    if theirs not in waiting or not default_place().is_embedded:  # elsewhere the same number is another process
        return waiting
    return waiting.replace(theirs, "this notebook's own kernel (")


def live(progress: Progress, place: Place) -> LiveCall:
    """The live view of a watched call."""
    return LiveCall(
        **_fields(progress.call),
        rate=progress.rate,
        containers=progress.containers,
        hardware=progress.hardware,
        waiting=as_seen_here(progress.waiting),
        failures=tuple(
            FailureView(
                kind=group.kind,
                message=group.message,
                where=place(group.where),
                count=group.count,
                examples=group.examples,
            )
            for group in progress.failures
        ),
        cells=progress.cells,
        cell=progress.cell,
        related=_has_graph(progress.call),
    )


def asked(call: CallSummary) -> LiveCall:
    """The view of a call that is not watched (yet): what `call.info` and `call.listing` know."""
    nothing: dict[str, Any] = {
        "rate": 0.0,
        "containers": 0,
        "hardware": "",
        "waiting": "",
        "failures": (),
        "cells": "",
        "cell": 1,
    }
    return LiveCall(**_fields(call), **nothing, related=_has_graph(call))


def plain(view: CallView) -> CallView:
    """Without the grid."""
    return CallView(**{name: getattr(view, name) for name in CallView.__struct_fields__})


def saved(view: CallView) -> CallView:
    """What may be written into a notebook: no message of an exception, bounded texts, no grid."""
    failures = tuple(
        msgspec.structs.replace(group, message="", kind=group.kind[:_TEXT], where=group.where[:_TEXT])
        for group in view.failures[:_GROUPS]
    )
    return msgspec.structs.replace(plain(view), failures=failures, name=view.name[:_TEXT], waiting=view.waiting[:_TEXT])


def shown_name(app: str, name: str) -> str:
    """``app.function``, or just the function's name for the notebook's default app."""
    return f"{app}.{name}" if app else name


def _has_graph(call: CallSummary) -> bool:
    """Whether there is more to its graph than itself."""
    return call.has_children or call.parent is not None


def _fields(call: CallSummary) -> dict[str, Any]:
    counts = call.counts
    return {
        "call_id": call.call_id,
        "kind": call.kind,
        "name": shown_name(call.app, call.name),
        "state": call.state,
        "inputs": call.inputs,
        "sealed": call.sealed,
        "attached": call.attached,
        "counts": CountsView(**{name: getattr(counts, name) for name in CountsView.__struct_fields__}),
        "created_at": call.created_at,
        "started_at": call.started_at,
        "ended_at": call.ended_at,
    }
