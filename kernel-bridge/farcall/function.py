"""`Function`: one function of the user, and every way to run it. Made by the decorators of app.py.

Captured when a call starts, never before. What happens to a call once it is open: call.py, results.py.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Literal, cast

from . import autoscaler, context
from .batches import BatchResults, batches_of
from .call import FunctionCall, wait_durable, wait_durable_async, wait_for, wait_for_async
from .calls.labels import Label
from .calls.launch import Kind, Opened, Prepared, open_single
from .calls.prepare import prepare
from .calls.single import single_value
from .calls.source import Source
from .client.session import Session
from .client.waiting import Bell
from .definition import P, R
from .earlier import EarlierNames
from .errors import InvalidError, compose
from .generators import iterate_items, iterate_items_async
from .options import Options
from .presenter import presenter
from .results import Results
from .twin import either, itself, twin
from .values.traceback_ import without_ours


class Function(EarlierNames[P, R]):
    """A function that runs far away: `remote`, `map`, `spawn` and their relatives; `local` runs it here.

    Made with ``@app.function(…)``; a direct call runs it here, except for functions of a :class:`~farcall.Stub`.
    """

    @property
    def object_id(self) -> str:
        """`fv-…`: the id of the version that a call would run now. Connects."""
        return self.prepare(Session.current()).function_id

    # ── one input

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._calls_remotely:
            return self.remote(*args, **kwargs)
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
        return iterate_items_async(lambda: self._start("remote", args, kwargs))

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

    # ── many inputs

    @itself
    def map(
        self,
        *input_iterators: Any,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool | None = None,
        return_exceptions: bool = False,
        limit: int | None = None,
        resume: Results | str | None = None,
        columns: dict[str, str] | None = None,
        rows: bool = False,
        label: Label | None = None,
    ) -> Results:
        """One input for each element of the zipped iterators (or row of a dataframe). Lazy: see :class:`Results`.

        Args:
            kwargs: given to every input; sent once.
            order_outputs: True: by input; False: as they come; None: by input, for generator functions as they come.
            return_exceptions: put exceptions into the results instead of raising the first.
            limit: run only so many, spread over the input.
            resume: an earlier map (or its call id): what succeeded there keeps its value, the rest runs now.
            columns: parameter name → column name, for a dataframe.
            rows: give each row as one dict.
            label: what its card calls the inputs: a column, a label for each input, or a function of its arguments.
        """
        __tracebackhide__ = True
        try:
            source = Source.of_map(
                self._raw, self._name, input_iterators, columns=columns, rows=rows, given=kwargs or {}
            )
            source = source.labelled(self._name, label).limited(limit)
        except Exception as error:
            raise without_ours(error)  # noqa: B904
        return self._results(source, kwargs, order_outputs, return_exceptions=return_exceptions, resume=resume)

    @itself
    def starmap(
        self,
        input_iterator: Iterable[Any],
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool | None = None,
        return_exceptions: bool = False,
    ) -> Results:
        """Like :meth:`map`, with one sequence of arguments an item; a wrong arity fails that input."""
        source = Source.of_starmap(self._name, input_iterator)
        return self._results(source, kwargs, order_outputs, return_exceptions=return_exceptions, resume=None)

    async def _for_each_async(
        self,
        *input_iterators: Any,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool = False,
        return_exceptions: bool = False,
        ignore_exceptions: bool = False,
    ) -> None:
        """:meth:`for_each` in the running event loop; takes async iterators too."""
        __tracebackhide__ = True
        returns = return_exceptions or ignore_exceptions
        try:
            results = self.map(*input_iterators, kwargs=kwargs, order_outputs=order_outputs, return_exceptions=returns)
            async for _ in results:
                pass
        except Exception as error:
            raise without_ours(error)  # noqa: B904

    @twin(_for_each_async)
    def for_each(
        self,
        *input_iterators: Any,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool = False,
        return_exceptions: bool = False,
        ignore_exceptions: bool = False,
    ) -> None:
        """Run it over all inputs now, and drop what it returns. Raises the first failure, unless told to ignore."""
        __tracebackhide__ = True
        returns = return_exceptions or ignore_exceptions
        try:
            results = self.map(*input_iterators, kwargs=kwargs, order_outputs=order_outputs, return_exceptions=returns)
            for _ in results:
                pass
        except Exception as error:
            raise without_ours(error)  # noqa: B904

    async def _spawn_map_async(self, *input_iterators: Any, kwargs: dict[str, Any] | None = None) -> FunctionCall[R]:
        """:meth:`spawn_map` in the running event loop; takes async iterators too."""
        results = self.map(*input_iterators, kwargs=kwargs)
        await results.upload_async("spawn_map")
        return cast("FunctionCall[R]", results.call)

    @twin(_spawn_map_async)
    def spawn_map(self, *input_iterators: Any, kwargs: dict[str, Any] | None = None) -> FunctionCall[R]:
        """A map that goes on without this process; returns once all its inputs are durable.

        Read it when you like, here or elsewhere: ``call.get(index=…)``, ``call.iter()``, ``call.results()``.
        """
        results = self.map(*input_iterators, kwargs=kwargs)
        results.upload("spawn_map")
        return cast("FunctionCall[R]", results.call)

    @itself
    def map_batches(
        self,
        frame: Any,
        batch_size: int | Literal["auto"] = "auto",
        *,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool | None = None,
        return_exceptions: bool = False,
        resume: Results | str | None = None,
    ) -> BatchResults:
        """One input for each ``batch_size`` rows of a frame (or Series, or array): it takes and returns a part of it.

        Lazy, see :class:`BatchResults`: iterate it for the parts, or take ``to_frame()`` for all rows beside the input.

        Args:
            batch_size: rows an input; "auto": about 4 MiB, and at least 16 inputs where there are as many rows.

        Raises:
            InvalidError: no frame or array; a batch size below 1; a generator function.
        """
        source = batches_of(self._name, frame, batch_size, is_generator=self.is_generator)
        return BatchResults(
            self,
            source,
            kwargs=dict(kwargs or {}),
            by_input=order_outputs is not False,
            return_exceptions=return_exceptions,
            resume=resume,
        )

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

    def update_autoscaler(
        self,
        *,
        min_containers: int | None = None,
        max_containers: int | None = None,
        buffer_containers: int | None = None,
        scaledown_window: float | None = None,
    ) -> dict[str, float]:
        """Change how many containers there are (None: unchanged); returns the settings as they are now."""
        session = Session.current()
        self.prepare(session)
        return autoscaler.update(
            session,
            self._app,
            self._name,
            min_containers=min_containers,
            max_containers=max_containers,
            buffer_containers=buffer_containers,
            scaledown_window=scaledown_window,
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

    def _results(
        self,
        source: Source,
        kwargs: dict[str, Any] | None,
        order_outputs: bool | None,
        *,
        return_exceptions: bool,
        resume: Results | str | None,
    ) -> Results:
        ordered = not self.is_generator if order_outputs is None else order_outputs
        return Results(
            self,
            source,
            kwargs=dict(kwargs or {}),
            by_input=ordered,
            return_exceptions=return_exceptions,
            resume=resume,
        )

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
