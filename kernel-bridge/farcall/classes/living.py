"""The instance of a class in this process, for `.local()`: made and entered once, in the thread that calls first.

Inside it `self.other.remote()` works as outside, and `self.other(…)` and `.local(…)` are plain calls that enter nothing
again. Its `@exit` hooks never run: nobody can know when it is done with.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from .blueprint import Blueprint, settle_in
from .marks import Marked


class Living:
    """One instance. Its hooks run before its first method does."""

    def __init__(self, blueprint: Blueprint, values: Mapping[str, Any], function_of: Callable[[str], Any]) -> None:
        self.instance = blueprint.make(values)
        self._blueprint = blueprint
        self._function_of = function_of
        self._functions: dict[str, Any] = {}
        self._entering = threading.RLock()  # guards the two below; a second thread waits until the first has entered
        self._is_entered = False
        self._is_inside = False  # a hook runs: methods that it calls do not wait for it
        self._awaiting = asyncio.Lock()
        settle_in(self.instance, self)

    def function(self, name: str) -> Any:
        """The method of that name, as a Function (`marks.Home`)."""
        found = self._functions.get(name)
        if found is None:
            found = self._functions[name] = self._function_of(name)
        return found

    def call(self, mark: Marked[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run a method here. A coroutine or an async generator enters when it is awaited, in its event loop."""
        bound = self._blueprint.bound(self.instance, mark)
        if self._is_entered or self._is_inside:
            return bound(*args, **kwargs)
        if inspect.iscoroutinefunction(mark.raw):
            return self._awaited(bound, args, kwargs)
        if inspect.isasyncgenfunction(mark.raw):
            return self._iterated(bound, args, kwargs)
        self._enter()
        return bound(*args, **kwargs)

    async def _awaited(self, bound: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        await self._enter_async()
        return await bound(*args, **kwargs)

    async def _iterated(
        self, bound: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> AsyncIterator[Any]:
        await self._enter_async()
        async for value in bound(*args, **kwargs):
            yield value

    def _enter(self) -> None:
        with self._entering:
            if self._is_entered or self._is_inside:
                return
            self._is_inside = True
            try:
                for hook in self._blueprint.enters:
                    run_here(self._blueprint.bound(self.instance, hook))
                self._is_entered = True
            finally:
                self._is_inside = False

    async def _enter_async(self) -> None:
        async with self._awaiting:
            if self._is_entered:
                return
            self._is_inside = True
            try:
                for hook in self._blueprint.enters:
                    found = self._blueprint.bound(self.instance, hook)()
                    if inspect.isawaitable(found):
                        await found
                self._is_entered = True
            finally:
                self._is_inside = False


def run_here(hook: Callable[[], Any]) -> None:
    """Run a hook to its end. An async one gets an event loop: of this thread, or where one runs already, of another."""
    found = hook()
    if not inspect.isawaitable(found):
        return

    async def wait() -> None:
        await found

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(wait())
        return
    failed: list[BaseException] = []
    thread = threading.Thread(target=_run_in_thread, args=(wait, failed), name="farcall-enter")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def _run_in_thread(wait: Callable[[], Any], failed: list[BaseException]) -> None:
    try:
        asyncio.run(wait())
    except BaseException as error:
        failed.append(error)
