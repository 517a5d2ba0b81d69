"""A gateway on a loopback port of its own, raw sockets against it, and what the attacks measure: latency and memory."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from farcall.client import embedded
from farcall.wire.connection import Connection
from farcall.wire.ids import ulid
from farcall.wire.messages import Hello, Message, RuntimeAsk, RuntimeState, Welcome

MASK = bytes(4)
_END_S = 30.0


class Gateway:
    """A process that serves at 127.0.0.1; ended by its pid."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes], url: str) -> None:
        self.home = home
        self.process = process
        self.url = url
        self.port = int(url.rpartition(":")[2])

    @property
    def token(self) -> str:
        return (self.home / "token").read_text().strip()

    def memory(self) -> int:
        """Resident bytes of the gateway's process."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def tcp(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=_END_S)

    def upgraded(self) -> socket.socket:
        """A raw WebSocket, its token shown, nothing said on it."""
        sock = self.tcp()
        lines = [
            "GET /v1/connect HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {self.token}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        assert sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        return sock

    def client(self) -> Client:
        return Client(self.url, self.token)


class Client:
    """A well-behaved client that asks and waits."""

    def __init__(self, url: str, token: str) -> None:
        self.connection = Connection.connect(url, token, timeout=_END_S)
        hello = Hello(role="client", id=f"cl-{ulid()}", protocol=(1, 1), version="0.1.0", python="3.11.4")
        self.connection.send(hello)
        self.next(Welcome)

    def next(self, kind: type[Message]) -> Message:
        while True:
            message, _ = self.connection.receive(timeout=_END_S)
            if isinstance(message, kind):
                return message

    def latency(self) -> float:
        """Seconds of one question and its answer."""
        began = time.perf_counter()
        self.connection.send(RuntimeAsk(request=1))
        self.next(RuntimeState)
        return time.perf_counter() - began

    def median(self, rounds: int = 300) -> float:
        return statistics.median(self.latency() for _ in range(rounds))


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[Gateway]:
    """A gateway that listens on loopback, without a supervisor's work to do."""
    home = folder / "home"
    command = [embedded.node(), str(embedded.bundle()), "--home", str(home), "--python", sys.executable]
    command += ["--host", "127.0.0.1", "--port", "0", "--durability", "process", *options]
    environment = {**os.environ, "FARCALL_HOME": str(home)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, start_new_session=True) as process:
        assert process.stdout is not None
        gateway = Gateway(home, process, json.loads(process.stdout.readline())["url"])
        try:
            yield gateway
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
            process.kill()


def frame(opcode: int, data: bytes = b"", *, final: bool = True) -> bytes:
    """A masked client frame; data below 126 bytes."""
    return bytes([(0x80 if final else 0) | opcode, 0x80 | len(data)]) + MASK + data


def closing_code(sock: socket.socket) -> int:
    """Reads to the end; the code of the close frame, 1006 when there was none."""
    data = b""
    with contextlib.suppress(OSError):
        while received := sock.recv(65536):
            data += received
    while len(data) >= 2:
        size = data[1] & 127
        start = 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        if data[0] & 15 == 8:
            return int.from_bytes(data[start : start + 2], "big")
        data = data[start + size :]
    return 1006
