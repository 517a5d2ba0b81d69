"""A gateway's door with a bad network behind it: connections are cut or fall silent by role, frames come twice or late.

Late frames are overtaken by those of other connections; within one, WebSocket promises order and this keeps it.
The proxy takes the place of the socket in the home, so whoever connects from then on, container, client or supervisor,
comes through. One thread with an event loop of its own; the tests call from theirs.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from farcall.wire.frame import decode
from farcall.wire.messages import Hello

Role = Literal["client", "container", "supervisor"]
_BINARY, _LATE_S = 0x82, 0.02


class Frame(NamedTuple):
    """A WebSocket frame, as it is on the wire, and its data."""

    head: int
    whole: bytes
    data: bytes

    @property
    def is_message(self) -> bool:
        return self.head == _BINARY


class Proxy:
    """Between the home's socket and the gateway. Made by :func:`between`."""

    def __init__(self, behind: Path) -> None:
        #: How many frames in one come twice, late, or are the last of their connection, with what is behind them lost.
        self.rates: dict[str, float] = {}
        self.struck: Counter[str] = Counter()
        self.dice = random.Random(20261121)
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._away: set[str] = set()
        self._silent: dict[str, asyncio.Event] = {}
        self._roads: set[_Road] = set()

    def roads(self, role: Role) -> int:
        """Connections of this role that said hello."""
        return self._ask(lambda: sum(road.role == role for road in self._roads))

    def cut(self, role: Role) -> None:
        """Reset the connections of this role, and every new one, until :meth:`mend`."""

        def reset() -> None:
            self._away.add(role)
            for road in self._roads:
                if road.role == role:
                    road.reset()

        self._ask(reset)

    def silence(self, role: Role) -> None:
        """Nothing of this role gets through, and nobody is told, until :meth:`mend`."""
        self._ask(lambda: self._silent.setdefault(role, asyncio.Event()))

    def mend(self) -> None:
        """Everything goes through again; what was silenced goes on where it stopped."""

        def heal() -> None:
            self._away.clear()
            for event in self._silent.values():
                event.set()
            self._silent.clear()

        self._ask(heal)

    def strikes(self, what: str) -> bool:
        """The dice say so."""
        strikes = self.dice.random() < self.rates.get(what, 0.0)
        self.struck[what] += strikes
        return strikes

    def is_away(self, role: str) -> bool:
        return role in self._away

    async def passage(self, role: str) -> None:
        """Returns when this role is not silenced."""
        while role in self._silent:
            await self._silent[role].wait()

    def open(self, door: Path) -> None:
        """Listen at ``door``."""
        listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(door, listening), name="proxy", daemon=True)
        self._thread.start()
        assert listening.wait(30), f"cannot listen at {door}"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    def _run(self, door: Path, listening: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_unix_server(self._accept, door))
        listening.set()
        self._loop.run_forever()
        server.close()
        for road in self._roads:
            road.reset()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        road = _Road(self, writer)
        self._roads.add(road)
        try:
            await road.travel(reader, await asyncio.open_unix_connection(self._behind))
        except (OSError, EOFError):
            pass  # one side is gone, and so is the other
        finally:
            road.reset()
            self._roads.discard(road)

    def _ask(self, run: Callable[[], Any]) -> Any:
        """Run it on the loop's thread."""

        async def asked() -> Any:
            return run()

        return asyncio.run_coroutine_threadsafe(asked(), self._loop).result(30)


class _Road:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, near: asyncio.StreamWriter) -> None:
        self.role = ""
        self._proxy = proxy
        self._writers = [near]

    def reset(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def travel(
        self, reader: asyncio.StreamReader, far: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        """Both ways, until one side is gone."""
        self._writers.append(far[1])
        ways = [self._pump(reader, far[1]), self._pump(far[0], self._writers[0])]
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readuntil(b"\r\n\r\n"))
        first = await _read(reader)
        if self.role == "" and first.is_message:
            message, _ = decode(first.data)
            self.role = message.role if isinstance(message, Hello) else ""
        if self._proxy.is_away(self.role):
            return
        writer.write(first.whole)  # hello or welcome: they make the connection
        while True:
            await self._carry(await _read(reader), writer)

    async def _carry(self, frame: Frame, writer: asyncio.StreamWriter) -> None:
        proxy = self._proxy
        await proxy.passage(self.role)
        if frame.is_message and proxy.strikes("late"):
            await asyncio.sleep(proxy.dice.uniform(0, _LATE_S))
        writer.write(frame.whole)
        if frame.is_message and proxy.strikes("twice"):
            writer.write(frame.whole)
        if frame.is_message and proxy.strikes("lost"):
            self.reset()
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Frame:
    """The next frame; ours are masked with zeros, so its data can be read as it is."""
    head = await reader.readexactly(2)
    size = head[1] & 0x7F
    more = await reader.readexactly({126: 2, 127: 8}.get(size, 0))
    if more:
        size = int.from_bytes(more, "big")
    key = await reader.readexactly(4 if head[1] & 0x80 else 0)
    data = await reader.readexactly(size)
    return Frame(head[0], head + more + key + data, data)


@contextmanager
def between(folder: Path) -> Iterator[Proxy]:
    """A proxy in the place of the gateway that runs on this home."""
    door, behind = folder / "gateway.sock", folder / "behind.sock"
    door.rename(behind)
    proxy = Proxy(behind)
    proxy.open(door)
    try:
        yield proxy
    finally:
        proxy.close()
        door.unlink(missing_ok=True)
        behind.rename(door)
