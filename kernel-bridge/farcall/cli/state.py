"""`farcall status`, `containers` and `stop`: the gateway itself, and what runs in it."""

from __future__ import annotations

import argparse
import sys
import time

from .. import errors
from ..client import embedded, isolation
from ..client.place import Place, choose, default_place
from ..client.session import Session
from ..notebook import words
from ..notebook.listing import CONTAINER_HEAD, aligned, container_row
from ..wire.messages import RuntimeAsk, RuntimeState, RuntimeStop
from .common import Commands, is_running, no_gateway, print_json, takes_json

_STOP_S = 10.0
_LOOK_EVERY_S = 0.1


def add(commands: Commands) -> None:
    """Make the commands known."""
    status = commands.add_parser("status", help="where the gateway is, and what runs in it")
    containers = commands.add_parser("containers", help="what runs where")
    stop = commands.add_parser("stop", help="end the gateway and its containers")
    stop.add_argument("--drain", action="store_true", help="let open calls finish first")
    for command, run in ((status, _status), (containers, _containers), (stop, _stop)):
        command.set_defaults(run=run)
    takes_json(status)
    takes_json(containers)


def _state() -> RuntimeState:
    return Session.current().ask(RuntimeAsk(request=0), RuntimeState)


def _status(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    state = _state()
    if asked.json:
        print_json(state)
        return 0
    up = words.duration(time.time() - state.started_at)
    url = embedded.announced() if default_place().is_embedded else Session.current().url
    print(f"gateway     farcall {state.version}, pid {state.pid}, up {up}, at {url}")
    print(f"host        {state.cpus} CPUs, {words.size(state.memory * 2**20)} of memory, Python {state.python}")
    gpus = ", ".join(f"{gpu.name}{' (busy)' if gpu.container_id else ''}" for gpu in state.gpus)
    print(f"GPUs        {gpus or 'none'}")
    print(f"isolation   {isolation.said(state)}")
    print(f"clients     {state.clients}, open calls {state.calls_open}, containers {len(state.containers)}")
    if state.containers:
        print(f"\n{aligned(CONTAINER_HEAD, [container_row(one) for one in state.containers])}")
    return 0


def _containers(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    found = _state().containers
    if asked.json:
        print_json(found)
    else:
        print(aligned(CONTAINER_HEAD, [container_row(one) for one in found]))
    return 0


def _stop(asked: argparse.Namespace) -> int:
    place = default_place()
    if place.is_embedded:
        found = embedded.find(place.home)
        if found is None:
            print("no gateway runs here")
            return 0
        choose(Place(*found))  # so that nothing starts it again
    try:
        if asked.drain:
            _wait_for_calls()
        pid = _state().pid
        Session.current().notify(RuntimeStop(keep=False))
        gone = _is_gone(place, pid)
    finally:
        if place.is_embedded:
            choose(None if place.home is None else place)
    print("stopped" if gone else f"the gateway did not stop in {_STOP_S:.0f} s", file=None if gone else sys.stderr)
    return 0 if gone else 1


def _wait_for_calls() -> None:
    said = False
    while (left := _state().calls_open) > 0:
        if not said:
            print(f"waiting for {left:,} open call{'s' if left > 1 else ''}; interrupt to leave it running", flush=True)
        said = True
        time.sleep(_LOOK_EVERY_S)


def _is_gone(place: Place, pid: int) -> bool:
    """Whether the gateway left. One on another machine is taken at its word: it closes the connection."""
    until = time.monotonic() + _STOP_S
    while time.monotonic() < until:
        if place.is_embedded and embedded.find(place.home) is None:
            return True
        if not place.is_embedded and not _answers(pid):
            return True
        time.sleep(_LOOK_EVERY_S)
    return False


def _answers(pid: int) -> bool:
    try:
        return Session.current().ask(RuntimeAsk(request=0), RuntimeState, timeout=2.0).pid == pid
    except errors.Error:
        return False
