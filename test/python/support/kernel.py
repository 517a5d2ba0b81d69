"""A real Jupyter kernel for tests: runs cells, sends control-channel comm messages, collects what comes on iopub."""

from __future__ import annotations

import json
import os
import queue
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

BRIDGE = "farcall.bridge"
MIME = "application/vnd.farcall.view.v1+json"
_TIMEOUT_S = 60.0

Message = dict[str, Any]


@dataclass
class Ran:
    """What one cell gave: its messages on iopub, and the reply."""

    messages: list[Message]
    reply: Message = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All it printed."""
        return "".join(m["content"]["text"] for m in self.of("stream"))

    @property
    def value(self) -> str:
        """The plain text of its value."""
        return "".join(m["content"]["data"]["text/plain"] for m in self.of("execute_result"))

    @property
    def error(self) -> str:
        """The error's name and message, or what a UsageError printed."""
        content = self.reply.get("content", {})
        return f"{content.get('ename')}: {content.get('evalue')}" if content.get("status") == "error" else ""

    @property
    def traceback(self) -> str:
        return "\n".join(self.reply.get("content", {}).get("traceback", []))

    @property
    def shown(self) -> list[Message]:
        """The outputs it made, as display_data contents."""
        return [m["content"] for m in self.of("display_data")]

    def of(self, kind: str) -> list[Message]:
        return [m for m in self.messages if m["header"]["msg_type"] == kind]

    def last_bundle(self) -> Mapping[str, Any]:
        """The newest data of the first output, updates included."""
        first = self.shown[0]["transient"]["display_id"]
        data = [
            m["content"]["data"]
            for m in self.messages
            if m["header"]["msg_type"] in ("display_data", "update_display_data")
            and m["content"]["transient"].get("display_id") == first
        ]
        return data[-1]


class Kernel:
    """One running kernel and a client of it."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client
        self._intent = 0
        self.seen: list[Message] = []  # every iopub message, in order

    def run(self, code: str, *, cell_id: str = "", timeout: float = _TIMEOUT_S) -> Ran:
        """Execute a cell and wait for its end."""
        return self.finish(self.start(code, cell_id=cell_id), timeout=timeout)

    def start(self, code: str, *, cell_id: str = "") -> str:
        """Begin a cell; its id is for :meth:`finish`."""
        message = self.client.session.msg(
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": True,
            },
            metadata={"cellId": cell_id} if cell_id else {},
        )
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def finish(self, started: str, *, timeout: float = _TIMEOUT_S) -> Ran:
        """Wait until the cell is idle and replied."""
        first = next(
            (at for at, m in enumerate(self.seen) if m["parent_header"].get("msg_id") == started), len(self.seen)
        )
        self.until(
            lambda m: (
                m["header"]["msg_type"] == "status"
                and m["parent_header"].get("msg_id") == started
                and m["content"]["execution_state"] == "idle"
            ),
            since=first,
            timeout=timeout,
        )
        while True:
            reply = self.client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == started:
                break
        mine = [m for m in self.seen[first:] if m["parent_header"].get("msg_id") == started]
        return Ran(mine, reply)

    def until(self, wanted: Any, *, since: int = 0, timeout: float = _TIMEOUT_S) -> Message:
        """The first iopub message that ``wanted`` accepts; those already seen from ``since`` on count."""
        for message in self.seen[since:]:
            if wanted(message):
                return message
        deadline = time.monotonic() + timeout
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"nothing of the kind came in {timeout:.0f} s") from None
            self.seen.append(message)
            if wanted(message):
                return message

    def send(self, intent: str, **fields: Any) -> int:
        """Send an intent over the control channel; its id."""
        self._intent += 1
        data = {"v": 1, "id": self._intent, "intent": intent, **fields}
        self.send_raw(data)
        return self._intent

    def send_raw(self, data: Any, *, comm_id: str = BRIDGE) -> None:
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        self.client.control_channel.send(message)

    def ask(self, intent: str, *, timeout: float = _TIMEOUT_S, **fields: Any) -> Any:
        """Send an intent and wait for its reply. Raises RuntimeError with the bridge's message on `error`."""
        since = len(self.seen)
        number = self.send(intent, **fields)
        event = self.event(
            lambda e: e["event"] in ("reply", "error") and e["id"] == number, since=since, timeout=timeout
        )
        if event["event"] == "error":
            raise RuntimeError(event["message"])
        return event["result"]

    def hello(self) -> Message:
        """Say hello and wait for the event hello."""
        since = len(self.seen)
        self.send("hello", version="test")
        return self.event(lambda e: e["event"] == "hello", since=since)

    def event(self, wanted: Any, *, since: int = 0, timeout: float = _TIMEOUT_S) -> Message:
        """The first bridge event that ``wanted`` accepts."""
        message = self.until(lambda m: is_event(m) and wanted(m["content"]["data"]), since=since, timeout=timeout)
        return dict(message["content"]["data"])

    def events(self) -> list[Message]:
        return [m["content"]["data"] for m in self.seen if is_event(m)]


def is_event(message: Message) -> bool:
    """Whether an iopub message is one of the bridge's events."""
    return message["header"]["msg_type"] == "comm_msg" and message["content"]["comm_id"] == BRIDGE


@contextmanager
def kernel_after(cells: str, folder: Path) -> Iterator[Kernel]:
    """A :func:`running_kernel` in which these cells ran, and to whose farcall the extension said hello."""
    with running_kernel(folder) as running:
        assert running.run(cells).error == ""
        running.hello()
        yield running


@contextmanager
def running_kernel(folder: Path, **variables: str) -> Iterator[Kernel]:
    """A kernel in ``folder`` whose farcall keeps its gateway in ``folder/home``."""
    environment = os.environ | {"FARCALL_HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython")} | variables
    manager = KernelManager(kernel_name=os.environ.get("FARCALL_TEST_KERNEL", "python3"))
    manager.start_kernel(cwd=str(folder), env=environment)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=_TIMEOUT_S)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        stop_gateway(folder / "home")


def stop_gateway(home: Path) -> None:
    """End what runs in that home: the supervisor first, since it starts a gateway again while it has containers."""
    for name in ("supervisor.json", "gateway.json"):
        with suppress(OSError, ValueError, KeyError):
            os.kill(json.loads((home / name).read_text())["pid"], signal.SIGTERM)
