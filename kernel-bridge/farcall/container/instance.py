"""The instance of a container whose function is a class: made once, entered before the first input, left at the end.

Its methods are what inputs call; to the class's own code they are Functions as well (`self.other.remote(x)`), of the
very version that runs here. Hooks run in the main thread, async ones on the event loop of async methods.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, cast

from ..calls.launch import Prepared
from ..classes.blueprint import Blueprint, settle_in, unpack_values
from ..classes.marks import Hook, Marked
from ..client.session import Session
from ..context import in_hook
from ..errors import InvalidError, add_note
from ..function import Function
from ..values.traceback_ import is_ours
from ..wire.messages import FunctionSpec
from . import bound

#: Runs a coroutine to its end.
Run = Callable[[Any], Any]


class Instance:
    """One instance, for as long as the container lives."""

    def __init__(self, cls: type, function_id: str, spec: FunctionSpec, bindings: Mapping[str, str]) -> None:
        self.function_id = function_id
        self.bindings = bindings
        #: Captured values of the call whose inputs run now.
        self.captures: bytes | None = None
        self.instance: Any = None
        self._blueprint = Blueprint(cls)
        self._spec = spec
        self._functions: dict[str, Function[..., Any]] = {}
        self._is_entered = False

    def enter(self, run: Run) -> None:
        """Make it, and run what is to run before its first input. Raises what that raises."""
        self.instance = self._blueprint.make(unpack_values(self._spec.parameters))
        settle_in(self.instance, self)
        for hook in self._blueprint.enters:
            try:
                self._begin(hook, run)
            except BaseException as error:
                add_note(error, f"raised by @farcall.enter() {hook.raw.__qualname__}: no container came up")
                raise
        self._is_entered = True

    def exit(self, run: Run) -> None:
        """Run what is to run at the end, each whatever the others raise; that is printed."""
        if not self._is_entered:
            return
        self._is_entered = False
        for hook in self._blueprint.exits:
            try:
                self._run(hook, run)
            except BaseException as error:
                print(f"@farcall.exit() {hook.raw.__qualname__} raised:", file=sys.stderr)
                trace = error.__traceback__
                while trace is not None and is_ours(trace.tb_frame.f_code.co_filename):
                    trace = trace.tb_next
                traceback.print_exception(type(error), error, trace)

    def method(self, name: str) -> Marked[..., Any]:
        """Raises ``InvalidError`` where there is no such method in this version of the class."""
        found = self._blueprint.methods.get(name)
        if found is None:
            methods = ", ".join(self._blueprint.methods)
            raise InvalidError(f"the class {self._blueprint.cls.__name__} has no method {name!r}, it has {methods}")
        return found

    def plain(self, name: str) -> Callable[..., Any]:
        """The method as inputs call it."""
        return self._blueprint.bound(self.instance, self.method(name))

    def called_by(self, shared: Mapping[str, Any]) -> tuple[Callable[..., Any], bool, bool]:
        """The method that a call's inputs are for, whether it yields, and whether it is async."""
        self.captures = shared.get("captures")
        name = str(shared.get("method", ""))
        mark = self.method(name)
        return self.plain(name), mark.yields, mark.is_async

    def function(self, name: str) -> Function[..., Any]:
        """The method as the class's own code sees it (`marks.Home`)."""
        found = self._functions.get(name)
        if found is None:
            found = self._functions[name] = OwnMethod(self, name)
        return found

    @property
    def names(self) -> tuple[str, str]:
        """App and class."""
        return self._spec.app, self._spec.name.partition("#")[0]

    def _begin(self, hook: Hook, run: Run) -> None:
        with in_hook(f"@farcall.enter() {hook.raw.__qualname__}"):
            self._run(hook, run)

    def _run(self, hook: Hook, run: Run) -> None:
        found = self._blueprint.bound(self.instance, hook)()
        if inspect.isawaitable(found):
            run(_waited(found))


class OwnMethod(Function[..., Any]):
    """``self.other``: called, it runs here and now; ``remote`` and the rest make calls of their own."""

    def __init__(self, home: Instance, name: str) -> None:
        app, of = home.names
        mark = home.method(name)
        super().__init__(home.plain(name), app=app, name=f"{of}.{name}", is_generator=mark.yields)
        self._home = home
        self._method = name

    def prepare(self, session: Session) -> Prepared:
        """The version that runs here, to be called for this method."""
        return Prepared(
            name=self.name,
            function_id=self._home.function_id,
            is_generator=self.is_generator,
            captures=self._home.captures,
            bound=bound.brought(),
            bindings=dict(self._home.bindings),
            method=self._method,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return cast("tuple[Any, ...]", (getattr, (self._home.instance, self._method)))


async def _waited(found: Any) -> Any:
    return await found
