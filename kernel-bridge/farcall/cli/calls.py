"""`farcall calls`, `call` and `cancel`: what was asked of the gateway, and how it goes."""

from __future__ import annotations

import argparse
import queue
from typing import Any

import msgspec

from ..client.session import Session
from ..errors import ConnectionError
from ..notebook import words
from ..notebook.listing import CALL_HEAD, aligned, call_row, printable
from ..notebook.views import asked as viewed
from ..notebook.views import live
from ..wire.messages import CallAsk, CallCancel, CallCancelled, CallInfo, CallList, CallListing, CallSummary, Progress
from .common import Commands, is_running, no_gateway, print_json, takes_json

_SHOWN = 20
#: How many of the newest calls a filter looks at.
_LOOKED_AT = 10_000
_ANSWER_S = 30.0


def add(commands: Commands) -> None:
    """Make the commands known."""
    listing = commands.add_parser("calls", help="the newest calls")
    listing.add_argument("--state", help="only those in this state, such as running, succeeded, failed, cancelled")
    listing.add_argument("--function", help="only calls of this function: its name, or app.name")
    listing.add_argument("--limit", type=int, default=_SHOWN, help=f"how many at most (default: {_SHOWN})")
    one = commands.add_parser("call", help="one call: counts, failures, why it waits")
    cancel = commands.add_parser("cancel", help="cancel a call: what waits and what runs")
    for command, run in ((listing, _calls), (one, _call), (cancel, _cancel)):
        command.set_defaults(run=run)
    for command in (one, cancel):
        command.add_argument("call", help="its id, fc-…")
    takes_json(listing)
    takes_json(one)


def _calls(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    is_filtered = asked.state is not None or asked.function is not None
    limit = max(asked.limit, _LOOKED_AT) if is_filtered else asked.limit
    listing = Session.current().ask(CallList(request=0, limit=limit), CallListing)
    found = [call for call in listing.calls if _matches(call, asked.state, asked.function)][: asked.limit]
    if asked.json:
        print_json(found)
    else:
        print(aligned(CALL_HEAD, [call_row(call) for call in found]))
    return 0


def _matches(call: CallSummary, state: str | None, function: str | None) -> bool:
    names = (call.name, f"{call.app}.{call.name}")
    states = (call.state, words.state(viewed(call)))
    return (state is None or state in states) and (function is None or function in names)


def _call(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    session = Session.current()
    call = session.ask(CallAsk(request=0, call_id=asked.call), CallInfo).call
    progress = _progress(session, call.call_id)
    if asked.json:
        print_json(_document(progress))
    else:
        print("\n".join(_lines(progress)))
    return 0


def _progress(session: Session, call_id: str) -> Progress:
    arrived: queue.SimpleQueue[Progress] = queue.SimpleQueue()
    end = session.watch(call_id, arrived.put)
    try:
        return arrived.get(timeout=_ANSWER_S)
    except queue.Empty:
        raise ConnectionError(f"the gateway said nothing of {call_id} in {_ANSWER_S:.0f} s") from None
    finally:
        end()


def _document(progress: Progress) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(progress)
    return {name: value for name, value in told.items() if name not in ("type", "cells", "cell")}


def _lines(progress: Progress) -> list[str]:
    call, view = progress.call, live(progress, lambda where: where)
    lines = [words.line(view), f"call        {call.call_id}", f"from        {call.origin or 'unknown'}"]
    counts = ", ".join(f"{words.number(count)} {word}" for word, count in words.legend(view.counts))
    lines.append(f"inputs      {counts or 'none'}")
    if view.containers:
        lines.append(f"containers  {words.hardware(view)} {words.rate(view.rate)}".rstrip())
    if view.waiting:
        lines.append(f"waiting     {view.waiting}")
    for group in view.failures:
        where = f" at {group.where}" if group.where else ""
        inputs = ", ".join(map(str, group.examples))
        lines.append(
            f"failed      {words.number(group.count)} × {group.kind}: {group.message}{where} (inputs {inputs})"
        )
    return [printable(line) for line in lines]


def _cancel(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    question = CallCancel(request=0, call_id=asked.call, scope="all", terminate=False)
    Session.current().ask(question, CallCancelled)
    print(f"cancelled {asked.call}")
    return 0
