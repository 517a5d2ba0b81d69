"""What ``%farcall`` can do, one function a command.

They print for a person; the bridge has the same for the sidebar. Only `status` and `doctor` may find no gateway.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .. import checkup
from ..client import embedded, isolation, place
from ..client.session import Session
from ..errors import InvalidError
from ..wire import messages
from . import words
from .listing import CALL_HEAD, CONTAINER_HEAD, aligned, call_row, container_row, many
from .output import without_commands

_LISTED = 30


def status() -> None:
    """Where calls run, and what runs there. Starts nothing."""
    where = place.default_place()
    if where.is_embedded and embedded.find(where.home) is None:
        print(f"no gateway runs on {where.name}; the first call starts it")
        return
    session = Session.current()
    state = session.ask(messages.RuntimeAsk(request=0), messages.RuntimeState)
    print(f"gateway {state.version} at {session.url} (pid {state.pid}), Python {state.python}")
    print(f"{state.cpus} CPUs, {words.size(state.memory * 2**20)} of memory, {_gpus(state.gpus)}")
    print(f"{many(len(state.containers), 'container')}, {many(state.calls_open, 'open call')}")
    print(f"isolation: {isolation.said(state)}")


def connect(url: str) -> None:
    """Use another gateway from now on: ``wss://host:port``, ``ws://localhost:port`` or ``local``."""
    if url == "local":
        chosen = None
    elif url.startswith(("wss://", "ws://", "unix://")):
        token = os.environ.get("FARCALL_TOKEN") or getpass.getpass(f"Token of the gateway at {url}: ")
        chosen = place.Place(url, token)
    elif url.startswith("ssh://"):
        raise InvalidError(
            f"{url}: this version opens no tunnels. Make one with: ssh -L 7070:localhost:7070 {url[6:]}; "
            "then %farcall connect ws://localhost:7070"
        )
    else:
        raise InvalidError(f"{url} is no gateway: give wss://host:port, ws://localhost:port or local")
    before = Session.existing()
    if before is not None:
        before.close()
    place.choose(chosen)
    status()


def calls() -> None:
    """The newest calls."""
    listing = Session.current().ask(messages.CallList(request=0, limit=_LISTED), messages.CallListing)
    print(aligned(CALL_HEAD, [call_row(call) for call in listing.calls]))


def logs(call_id: str) -> None:
    """What a call printed."""
    session, offset = Session.current(), 0
    while offset >= 0:
        question = messages.OutputRead(request=0, call_id=call_id, index=-1, offset=offset)
        reply = session.wait(session.request(question))
        sys.stdout.write(without_commands(bytes(reply.payload).decode("utf-8", "replace")))
        page = reply.message
        if not isinstance(page, messages.OutputPage) or not reply.payload:
            break
        offset = page.next


def cancel(call_id: str) -> None:
    """Cancel a call: what waits and what runs."""
    question = messages.CallCancel(request=0, call_id=call_id, scope="all", terminate=False)
    Session.current().ask(question, messages.CallCancelled)
    print(f"cancelled {call_id}")


def containers() -> None:
    """What runs where."""
    state = Session.current().ask(messages.RuntimeAsk(request=0), messages.RuntimeState)
    print(aligned(CONTAINER_HEAD, [container_row(container) for container in state.containers]))


def doctor() -> None:
    """Check each thing that a call needs, and say what to do about what is missing."""
    print(f"  ok   kernel: {_kernel()}")
    for name, state, says in checkup.findings():
        print(f"  {state if state != 'fail' else 'FAIL':<4} {name}: {says}")


#: Name → command; its parameters are the words it takes.
COMMANDS: dict[str, Callable[..., None]] = {
    "status": status, "connect": connect, "calls": calls, "logs": logs, "cancel": cancel, "containers": containers,
    "doctor": doctor,
}  # fmt: skip
USAGE = {
    "status": "status", "connect": "connect wss://host:port | local", "calls": "calls", "logs": "logs CALL",
    "cancel": "cancel CALL", "containers": "containers", "doctor": "doctor",
}  # fmt: skip


def _kernel() -> str:
    module: Any = sys.modules.get("ipykernel")
    return f"ipykernel {module.__version__}" if module else "none: a plain IPython terminal"


def _gpus(gpus: Sequence[messages.Gpu]) -> str:
    free = sum(not gpu.container_id for gpu in gpus)
    names = ", ".join(sorted({gpu.name for gpu in gpus}))
    return f"{free} of {len(gpus)} GPUs free ({names})" if gpus else "no GPU"
