"""The function once for every set of captured values that inputs see at the same time.

A function object sees one set of captured values. Inputs that run beside each other usually see the same; those of a
call with other values get a copy of the code of their own, which is used again once nothing runs in it. What
`farcall.once` keeps is kept for all copies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from . import bound
from .function import Invoke, LoadedFunction, Prepared

#: Of a call's shared values, what does not change what its function sees.
_PER_INPUT = frozenset({"kwargs", "method", "streams"})


class Copy:
    """One function object (or instance of a class), and how many inputs run in it."""

    __slots__ = ("held", "invokes", "loaded", "running")

    def __init__(self, loaded: LoadedFunction) -> None:
        self.loaded = loaded
        self.held: Prepared | None = None
        #: By the method of a class; "" for a function.
        self.invokes: dict[str, Invoke] = {}
        self.running = 0

    def invoke_of(self, prepared: Prepared) -> Invoke:
        """What runs the inputs of a call that sees what this copy holds. Raises why it cannot run."""
        method = str(prepared.shared.get("method", ""))
        if method not in self.invokes:
            self.loaded.bind(prepared)
            if prepared.error is not None or prepared.invoke is None:
                raise prepared.error or RuntimeError("nothing to run")
            self.invokes[method] = prepared.invoke
        return self.invokes[method]


class Copies:
    """Main thread only."""

    def __init__(self, first: LoadedFunction, again: Callable[[], LoadedFunction]) -> None:
        """``again`` loads the code once more; what it raises is user code's."""
        self._copies = [Copy(first)]
        self._again = again

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of all of them."""
        return self._copies[0].loaded.tasks.loop

    def take(self, call_id: str, prepared: Prepared) -> tuple[Copy, Invoke]:
        """A copy that sees this call's values, for one input; to be given back. Raises why it cannot run."""
        if prepared.error is not None:
            raise prepared.error
        bound.remember_call(call_id, prepared.shared, prepared.bindings)
        copy = next((copy for copy in self._copies if sees_same(copy.held, prepared)), None) or self._free(prepared)
        invoke = copy.invoke_of(prepared)
        copy.running += 1
        return copy, invoke

    def give(self, copy: Copy) -> None:
        """The input has ended."""
        copy.running -= 1

    def _free(self, prepared: Prepared) -> Copy:
        """One in which nothing runs, to see this call's values from now on."""
        copy = next((copy for copy in self._copies if copy.running == 0), None)
        if copy is None:
            copy = Copy(self._again())
            self._copies.append(copy)
        copy.held = prepared
        copy.invokes.clear()
        return copy


def sees_same(held: Prepared | None, prepared: Prepared) -> bool:
    """Whether inputs of both calls may run in one function object."""
    if held is prepared:
        return True
    return held is not None and held.bindings == prepared.bindings and _seen(held) == _seen(prepared)


def _seen(prepared: Prepared) -> dict[str, Any]:
    return {name: value for name, value in prepared.shared.items() if name not in _PER_INPUT}
