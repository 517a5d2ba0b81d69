"""`Function`: one function of the user, and every way to run it. Made by the decorators of app.py.

Captured when a call starts, never before. What happens to a call once it is open: call.py, results.py.
"""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from . import context
from .call import FunctionCall
from .calls.launch import Kind, Opened, Prepared, open_single
from .calls.prepare import prepare
from .calls.single import single_value
from .client.session import Session
from .client.waiting import Bell
from .errors import InvalidError, compose
from .functions.concurrency import batched_manner, concurrent_manner
from .functions.definition import P, R
from .functions.mapped import Mapped
from .generators import iterate_items, iterate_items_async
from .manner import Manner
from .opened import wait_durable, wait_durable_async, wait_for, wait_for_async
from .options import Options
from .presenter import presenter
from .twin import either, twin
from .values.traceback_ import without_ours

if TYPE_CHECKING:
    from .apps.named import NamedFunction


class Function(Mapped[P, R]):
    """A function that runs far away: `remote`, `map`, `spawn` and their relatives; `local` runs it here.

    Made with ``@app.function(…)``; a direct call runs it here, except for functions of a :class:`~farcall.Stub`.
    """

    @staticmethod
    def from_name(
        app_name: str,
        name: str | None = None,
        *,
        tag: str | None = None,
        version: object = None,
        environment_name: str | None = None,
        client: object = None,
    ) -> NamedFunction:
        """A function of an app that is deployed, or runs in some other process: asked for at its first use, by name.

        It runs the newest deployment, with the values it captured then. A missing one is a ``NotFoundError`` at the
        first use; :meth:`local` is an ``ExecutionError``. ``tag`` is ``name`` as of 2023; there is one environment.
        """
        return importlib.import_module(".apps.named", __package__).named(app_name, name, tag, version=version)  # type: ignore[no-any-return]

    @staticmethod
    def lookup(app_name: str, name: str | None = None, *, tag: str | None = None, **others: Any) -> Function[..., Any]:
        """:meth:`from_name` as of 2024: it asks at once, so a missing function is a ``NotFoundError`` here."""
        return Function.from_name(app_name, name, tag=tag, **others).hydrate()

    @property
    def object_id(self) -> str:
        """`fv-…`: the id of the version that a call would run now. Connects."""
        return self.prepare(Session.current()).function_id

    # ── one input

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.calls_remotely:
            return cast(R, self.call(*args, **kwargs))
        if not self._warned and context.is_local() and (self._options.gpu or self._options.image):
            self._warned = True
            warnings.warn(f"{self._name}(…) runs here; {self._name}.remote(…) runs with what it asks for", stacklevel=2)
        return self.local(*args, **kwargs)

    def local(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it in this process; an async function gives its coroutine."""
        return self.get_raw_f()(*args, **kwargs)

    async def _remote_async(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """:meth:`remote` in the running event loop; cancelling the task cancels the call."""
        __tracebackhide__ = True
        try:
            await self._introduced()
            opened = self._start_one(args, kwargs)
            value = await wait_for_async(opened, single_value, self._handle(opened))
        except Exception as error:
            raise without_ours(error)  # noqa: B904
        if value.error is not None:
            raise value.error
        return cast(R, value.result)

    @twin(_remote_async)
    def remote(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it in a container, wait, and return its value.

        Raises:
            InvalidError: it is a generator function: use :meth:`remote_gen`.
            Exception: what the function raised, the object itself.
        """
        __tracebackhide__ = True
        try:
            opened = self._start_one(args, kwargs)
            value = wait_for(opened, single_value, self._handle(opened))
        except Exception as error:
            raise without_ours(error)  # noqa: B904
        if value.error is not None:
            raise value.error
        return cast(R, value.result)

    def _remote_gen_async(self, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Any]:
        """:meth:`remote_gen` for ``async for``."""
        self._must_yield()
        return iterate_items_async(lambda: self._start("remote", args, kwargs), self._introduced)

    @either(_remote_gen_async)
    def remote_gen(self, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Any]:
        """Run a generator function in a container; a lazy iterator of what it yields, in order.

        The container pauses when 64 values or 8 MiB are unread (that time does not count to the timeout); leaving the
        loop early cancels it, and its ``finally`` blocks run. What it raises comes after its values. Once a value was
        read it does not run again: a lost container is a ``ContainerLostError``.
        """
        self._must_yield()
        return iterate_items(lambda: self._start("remote", args, kwargs))

    async def _spawn_async(self, /, *args: P.args, **kwargs: P.kwargs) -> FunctionCall[R]:
        """:meth:`spawn` in the running event loop."""
        __tracebackhide__ = True
        try:
            await self._introduced()
            opened = self._start("spawn", args, kwargs)
            await wait_durable_async(opened)
        except Exception as error:
            raise without_ours(error)  # noqa: B904
        return self._handle(opened)

    @twin(_spawn_async)
    def spawn(self, /, *args: P.args, **kwargs: P.kwargs) -> FunctionCall[R]:
        """Start it and return once its input is durable; it goes on without this process."""
        __tracebackhide__ = True
        try:
            opened = self._start("spawn", args, kwargs)
            wait_durable(opened)
        except Exception as error:
            raise without_ours(error)  # noqa: B904
        return self._handle(opened)

    # ── variants and settings

    def with_options(self, **options: Any) -> Function[P, R]:
        """The same function with other options, in a pool of its own; a wrong one raises at once."""
        return Function(
            self._raw,
            app=self._app,
            name=self._name,
            options=self._options.but(options),
            is_generator=self._is_generator,
            calls_remotely=self._calls_remotely,
            given={**(self._given or {}), **options},
        )

    def with_concurrency(self, *, max_inputs: int, target_inputs: int | None = None) -> Function[P, R]:
        """The same function as :func:`farcall.concurrent` would make it, in a pool of its own."""
        return self.taking(concurrent_manner(max_inputs, target_inputs))

    def with_batching(self, *, max_batch_size: int, wait_ms: int) -> Function[P, R]:
        """The same function as :func:`farcall.batched` would make it, in a pool of its own: it must take lists."""
        return self.taking(batched_manner(max_batch_size, wait_ms))

    def taking(self, manner: Manner) -> Function[P, R]:
        """The same function, taking its inputs in another manner."""
        options = replace(self._options, manner=manner)
        return Function(
            self._raw,
            app=self._app,
            name=self._name,
            options=options,
            is_generator=self._is_generator,
            calls_remotely=self._calls_remotely,
            given={**(self._given or {}), "manner": manner},
        )

    # ── for the modules beside this one

    def prepare(self, session: Session) -> Prepared:
        """Capture it now, and make that version known to the gateway."""
        return prepare(session, cast("Function[..., Any]", self))

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None or self._raw is None:
            return self
        raise InvalidError(f"{self._name} is a method: functions run alone, take what they need as arguments")

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (self._raw, self._app, self._name, self._options, self._is_generator, self._calls_remotely)

    def __repr__(self) -> str:
        shown = self._name if not self._app else f"{self._app}.{self._name}"
        try:
            signature = str(inspect.signature(self._raw)) if self._raw is not None else "(…)"
        except (TypeError, ValueError):
            signature = "(…)"
        return f"<farcall.Function {shown}{signature}>"

    # ── inside

    def _start(self, kind: Kind, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Opened:
        session = Session.current()
        prepared = self.prepare(session)
        output = presenter().wants_output if kind == "remote" else None
        return open_single(session, prepared, Bell(), kind=kind, arguments=(args, kwargs), output=output)

    def _handle(self, opened: Opened) -> FunctionCall[R]:
        return FunctionCall.of(opened)

    def _start_one(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Opened:
        if self.is_generator:
            happened = f"{self._name} is a generator function, remote cannot run it"
            raise InvalidError(compose(happened, do=f"Use {self._name}.remote_gen(…)"))
        return self._start("remote", args, kwargs)

    def _must_yield(self) -> None:
        if not self.is_generator:
            raise InvalidError(f"{self._name} is not a generator function: use {self._name}.remote(…)")


#: Its name of 2022.
FunctionHandle = Function


def _revive(
    raw: Callable[..., Any] | None, app: str, name: str, options: Options, is_generator: bool | None, remotely: bool
) -> Function[..., Any]:
    return Function(raw, app=app, name=name, options=options, is_generator=is_generator, calls_remotely=remotely)
