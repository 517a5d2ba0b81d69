"""Pulls a map's async iterators while a coroutine takes its results: one task, inside the map's window.

Only coroutines use it (results.py); other inputs are pulled by whoever waits (mapping.py), and it does nothing.
"""

from __future__ import annotations

import asyncio
import contextlib

from .mapping import Mapping
from .pump import Pushed
from .source import Source

#: Inputs between two chances for others, from an iterator that never waits.
_STRIDE = 64


class Pulling:
    """``async with Pulling(source) as pulling: pulling.go_on(mapping)`` before each wait."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Pulling:
        return self

    async def __aexit__(self, *_: object) -> None:
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def go_on(self, mapping: Mapping | None) -> None:
        """There may be room again. Raises what the user's iterator raised."""
        if mapping is None or not isinstance(mapping.pump, Pushed):
            return
        if self._task is None:
            self._task = asyncio.create_task(self._pull(mapping, mapping.pump))
        elif self._task.done():
            self._task.result()
        self._room.set()

    async def _pull(self, mapping: Mapping, pump: Pushed) -> None:
        try:
            async for arguments in self._source:
                while not mapping.room:
                    self._room.clear()
                    await self._room.wait()
                if pump.is_exhausted:
                    return
                pump.push(arguments)
                if pump.pulled % _STRIDE == 0:
                    await asyncio.sleep(0)
            pump.is_exhausted = True
        finally:
            mapping.opened.bell.ring()
