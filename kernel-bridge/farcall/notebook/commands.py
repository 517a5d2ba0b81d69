"""What ``%farcall`` can do, one function a command.

They print for a person; the bridge has the same for the sidebar. Only `status` and `doctor` may find no gateway.
"""

from __future__ import annotations

import getpass
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..client import embedded, place
from ..client.session import Session
from ..errors import Error, InvalidError
from ..wire import messages
from . import words
from .views import asked

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
    print(f"{_many(len(state.containers), 'container')}, {_many(state.calls_open, 'open call')}")


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
    rows = [_call_row(call) for call in listing.calls]
    _print_table(("call", "function", "state", "inputs", "time", "from"), rows)


def logs(call_id: str) -> None:
    """What a call printed."""
    session, offset = Session.current(), 0
    while offset >= 0:
        question = messages.OutputRead(request=0, call_id=call_id, index=-1, offset=offset)
        reply = session.wait(session.request(question))
        sys.stdout.write(bytes(reply.payload).decode("utf-8", "replace"))
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
    now = time.time()
    rows = [
        (c.container_id, c.function, c.state, str(c.pid), c.hardware, str(c.inputs), words.duration(now - c.started_at))
        for c in state.containers
    ]
    _print_table(("container", "function", "state", "pid", "hardware", "inputs", "age"), rows)


def doctor() -> None:
    """Check each thing that a call needs, and say what to do about what is missing."""
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("farcall", lambda: f"{__version__}, Python {platform.python_version()} at {sys.executable}"),
        ("kernel", _kernel),
        ("node", lambda: ".".join(map(str, embedded.node_version(embedded.node()) or ())) or "does not run"),
        ("gateway program", lambda: str(embedded.bundle().name)),
        ("home", lambda: _folder(embedded.home_folder())),
        ("gateway", lambda: f"answers in {_latency_ms():.1f} ms"),
    )
    for name, check in checks:
        try:
            print(f"  ok   {name}: {check()}")
        except (Error, embedded.StartError, OSError) as exc:
            print(f"  FAIL {name}: {exc}")


#: Name → command; its parameters are the words it takes.
COMMANDS: dict[str, Callable[..., None]] = {
    "status": status, "connect": connect, "calls": calls, "logs": logs, "cancel": cancel, "containers": containers,
    "doctor": doctor,
}  # fmt: skip
USAGE = {
    "status": "status", "connect": "connect wss://host:port | local", "calls": "calls", "logs": "logs CALL",
    "cancel": "cancel CALL", "containers": "containers", "doctor": "doctor",
}  # fmt: skip


def _call_row(call: messages.CallSummary) -> tuple[str, ...]:
    view = asked(call)
    age = words.duration(words.elapsed(view))
    return call.call_id, words.title(view), words.state(view), words.done_of(view), age, call.origin


def _kernel() -> str:
    module: Any = sys.modules.get("ipykernel")
    return f"ipykernel {module.__version__}" if module else "none: a plain IPython terminal"


def _folder(path: Path) -> str:
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(f"{path} is not writable; set FARCALL_HOME to a folder that is")
    return str(path)


def _latency_ms() -> float:
    session = Session.current()
    began = time.perf_counter()
    session.ask(messages.RuntimeAsk(request=0), messages.RuntimeState)
    return (time.perf_counter() - began) * 1000


def _gpus(gpus: Sequence[messages.Gpu]) -> str:
    free = sum(not gpu.container_id for gpu in gpus)
    names = ", ".join(sorted({gpu.name for gpu in gpus}))
    return f"{free} of {len(gpus)} GPUs free ({names})" if gpus else "no GPU"


def _many(count: int, noun: str) -> str:
    return f"{words.number(count)} {noun}{'' if count == 1 else 's'}"


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        print("none")
        return
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
