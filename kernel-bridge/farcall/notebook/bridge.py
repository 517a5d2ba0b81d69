"""The bridge to JupyterLab: one comm of a fixed id, events out on iopub, intents in on the control channel.

Handlers run on the kernel's control thread while cells run; they only enqueue. Worker threads answer. Nothing here
unpickles, prints, displays or waits on the control thread, and nothing is sent but to an extension that asked.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from .. import __version__
from . import intents
from .calls import Calls, Followed
from .labels import LabelBook
from .views import BRIDGE, LiveCall

LEASE_S = 600.0
#: An extension that said something this recently is still there (it renews its leases within LEASE_S).
_ATTACHED_S = 900.0
#: A view draws no more than five times a second; each event costs all of JupyterLab a little.
_FLUSH_S = 0.1
_HELLO_CALLS = 50
_WAITING_INTENTS = 256
_log = logging.getLogger(__name__)


class Answers(Protocol):
    """Does what an intent asks and gives the reply. May wait; raises what the person should read."""

    def __call__(self, intent: intents.Intent) -> object: ...


class Bridge:
    """One per kernel. Its epoch is new with every kernel process, its events are numbered."""

    def __init__(self, calls: Calls, answers: Answers, labels: LabelBook, nudge: Callable[[], None]) -> None:
        self._calls = calls
        self._labels = labels
        self._answers = answers
        self._nudge = nudge
        self._comm: Any = None
        self._epoch = uuid.uuid4().hex[:12]
        self._sending = threading.Lock()  # guards _seq and the order of events
        self._seq = 0
        self._leasing = threading.Lock()  # guards writes of _leases
        self._leases: dict[str, float] = {}  # call id → until when (monotonic); replaced whole
        self._sent: dict[str, int] = {}  # call id → `changes` last sent; the pace thread's own
        self._flushed_at = 0.0
        self._heard_at: float | None = None
        self._prompt = Lane("farcall-prompt", self._handle, threads=1)
        self._reading = Lane("farcall-reading", self._handle, threads=2)

    def open(self, kernel: Any) -> None:
        """Register the comm, unopened, and take its messages on the control channel too."""
        self._comm = _make_comm()
        kernel.comm_manager.register_comm(self._comm)
        self._comm.on_msg(self._received)
        _route_control(kernel, self._received)

    @property
    def attached(self) -> bool:
        """Whether an extension is there to draw live views."""
        return self._heard_at is not None and time.monotonic() - self._heard_at < _ATTACHED_S

    def flush(self, now: float) -> float | None:
        """A job of the pace thread: sends the leased calls that changed, at most ten times a second."""
        if now - self._flushed_at < _FLUSH_S:
            return self._flushed_at + _FLUSH_S
        changed = [followed for followed in self._leased() if self._sent.get(_id(followed)) != followed.changes]
        if changed:
            self._flushed_at = now
            self._sent.update((_id(followed), followed.changes) for followed in changed)
            self._send({"event": "progress", "calls": [self._shown(followed) for followed in changed]})
        return None

    def _received(self, message: Mapping[str, Any]) -> None:
        """Control thread (or the main thread, from a front end without control messages). Enqueues."""
        given = message["content"].get("data")
        self._heard_at = time.monotonic()
        try:
            intent = intents.parse(given)
            lane = self._prompt if isinstance(intent, intents.PROMPT) else self._reading
            lane.put(intent)
        except Exception as exc:
            self._send({"event": "error", "id": intents.id_of(given), "message": str(exc)})

    def _handle(self, intent: intents.Intent) -> None:
        try:
            if isinstance(intent, intents.Hello):
                self._greet()
                return
            if isinstance(intent, intents.Lease):
                self._lease(intent.call_ids)
            result = self._answers(intent)
        except Exception as exc:
            self._send({"event": "error", "id": intent.id, "message": str(exc) or type(exc).__name__})
        else:
            self._send({"event": "reply", "id": intent.id, "result": result})

    def _greet(self) -> None:
        known = [self._shown(followed) for followed in self._calls.newest()[:_HELLO_CALLS]]
        self._send({"event": "hello", "version": __version__, "calls": known, "knows": intents.KNOWS})
        self._nudge()

    def _lease(self, call_ids: tuple[str, ...]) -> None:
        now = time.monotonic()
        with self._leasing:
            kept = {call_id: until for call_id, until in self._leases.items() if until > now}
            self._leases = kept | dict.fromkeys(call_ids, now + LEASE_S)
        for call_id in call_ids:
            self._sent.pop(call_id, None)
        missing = []
        for call_id in call_ids:
            try:
                self._calls.find(call_id)
            except Exception as exc:
                missing.append(f"{call_id}: {exc}")
        self._nudge()
        if missing:
            raise LookupError("; ".join(missing))

    def _shown(self, followed: Followed) -> LiveCall:
        view = followed.view
        return msgspec.structs.replace(view, labels=True) if self._labels.has(view.call_id) else view

    def _leased(self) -> list[Followed]:
        now = time.monotonic()
        ids = [call_id for call_id, until in self._leases.items() if until > now]
        return [followed for call_id in ids if (followed := self._calls.known(call_id)) is not None]

    def _send(self, event: dict[str, object]) -> None:
        with self._sending:
            self._seq += 1
            whole = {"v": 1, "epoch": self._epoch, "seq": self._seq, **event}
            self._comm.send(msgspec.to_builtins(whole))


class Lane:
    """A bounded queue and the daemon threads that empty it. Full: the person is told to try again."""

    def __init__(self, name: str, handle: Callable[[intents.Intent], None], *, threads: int) -> None:
        self._name = name
        self._handle = handle
        self._waiting: queue.Queue[intents.Intent] = queue.Queue(_WAITING_INTENTS)
        self._threads = threads

    def put(self, intent: intents.Intent) -> None:
        """Never waits. Raises OverflowError when the bound is reached."""
        try:
            self._waiting.put_nowait(intent)
        except queue.Full:
            raise OverflowError("this kernel is busy answering; try again in a moment") from None
        while self._threads:
            self._threads -= 1
            threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while True:
            intent = self._waiting.get()
            try:
                self._handle(intent)
            except Exception:
                _log.exception("an intent could not be answered")


def _id(followed: Followed) -> str:
    return followed.view.call_id


def _make_comm() -> Any:
    """A comm that is never opened or closed: the front end has no target registered, and would close it for all."""
    settings = {"target_name": BRIDGE, "comm_id": BRIDGE, "primary": False}
    try:
        from comm import create_comm

        return create_comm(**settings)
    except (ImportError, NotImplementedError):
        from ipykernel import comm

        make: Any = comm.Comm
        return make(**settings)


def _route_control(kernel: Any, received: Callable[[Mapping[str, Any]], None]) -> None:
    """Comm messages on the control channel: ours straight to the bridge, others as on the shell channel.

    Not through the comm manager: it fires IPython's `post_execute` hooks on the control thread (matplotlib listens).
    """
    handlers = getattr(kernel, "control_handlers", None)
    if handlers is None:
        return
    others = handlers.get("comm_msg") or kernel.comm_manager.comm_msg

    def comm_msg(stream: Any, ident: Any, message: Mapping[str, Any]) -> Any:
        if message["content"].get("comm_id") != BRIDGE:
            return others(stream, ident, message)
        received(message)
        return None

    handlers["comm_msg"] = comm_msg
    for name in ("comm_open", "comm_close"):
        handlers.setdefault(name, getattr(kernel.comm_manager, name))
