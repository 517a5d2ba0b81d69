"""The function a container runs, and what each call gives it: captured values, names of other functions, shared kwargs.

`load` and `prepare` run user code (imports, unpickling); what they raise becomes a Failure.
"""

from __future__ import annotations

import asyncio
import linecache
import os
from collections.abc import Callable, Mapping
from typing import Any

from .. import tracing
from ..calls.prepare import set_meaning
from ..values.serialize import loads
from ..versions.version import Loader, load_code, set_resolver
from ..wire.blobs import Buffer
from ..wire.messages import CallLoad, FunctionLoad
from . import bound, threads
from .cancel import Cancellation
from .instance import Instance
from .outbox import Outbox

#: (args, kwargs) → value.
Invoke = Callable[..., Any]


class Prepared:
    """One call here: what its inputs share, and, once it was bound, how to run one of them."""

    __slots__ = ("bindings", "error", "invoke", "kwargs", "shared", "streams", "traceparent")

    def __init__(self, bindings: Mapping[str, str], traceparent: str | None = None) -> None:
        self.bindings = bindings
        self.traceparent = traceparent
        self.shared: dict[str, Any] = {}
        self.kwargs: dict[str, Any] = {}
        #: A generator whose values go to a reader as they come, rather than into its outcome.
        self.streams = False
        self.invoke: Invoke | None = None
        #: Its shared values cannot be unpickled here: what every input of it answers with.
        self.error: BaseException | None = None


class LoadedFunction:
    """The code, unpickled once. There is one function object; captured values are put into it, one call at a time."""

    def __init__(
        self,
        message: FunctionLoad,
        payload: Buffer,
        cancellation: Cancellation,
        outbox: Outbox,
        tasks: Tasks | None = None,
    ) -> None:
        self.spec = message.spec
        self._outbox = outbox
        self.tasks = tasks or Tasks(cancellation)
        os.environ.update(message.spec.secrets)
        threads.limit(max(message.spec.cpu, message.spec.cpu_limit))
        set_resolver(bound.resolve)
        set_meaning(bound.meaning)
        self._loader: Loader = load_code(payload)
        self._bound: Prepared | None = None
        root = self._loader.plain
        self._instance: Instance | None = None
        if isinstance(root, type):
            remember_sources(self._loader.sources)
            self._instance = Instance(root, message.function_id, message.spec, self._loader.bindings)

    def enter(self) -> None:
        """Of a class: make its instance and let it begin. Raises what the user's code raises."""
        if self._instance is not None:
            self._instance.enter(self.tasks.run)

    def exit(self) -> None:
        """Of a class: let its instance end, if it has begun."""
        if self._instance is not None:
            self._instance.exit(self.tasks.run)

    @property
    def is_class(self) -> bool:
        """Whether there is one instance, which all calls share."""
        return self._instance is not None

    @property
    def retry_on(self) -> tuple[type[BaseException], ...] | None:
        """Exceptions that are worth another attempt; None: all."""
        return self._loader.retry_on

    @property
    def plain(self) -> Invoke | None:
        """The user's function, for those who only look at it; None for a class, which has several."""
        return None if self.is_class else self._loader.plain

    def prepare(self, message: CallLoad, payload: Buffer) -> Prepared:
        """Unpickle what the call's inputs share. Never raises what user code raises."""
        remember_sources(message.sources)
        prepared = Prepared(dict(message.bindings), message.traceparent)
        try:
            prepared.shared = loads(payload) if len(payload) else {}
            prepared.kwargs = prepared.shared.get("kwargs") or {}
            prepared.streams = (self.spec.is_generator or self.is_class) and bool(prepared.shared.get("streams"))
        except Exception as error:
            prepared.error = error
        return prepared

    def bind(self, prepared: Prepared) -> None:
        """Let the function see this call's captured values, before inputs of it run. Nothing, if it does already."""
        if self._bound is prepared or prepared.error is not None:
            return
        self._bound = None
        try:
            bound.enter_call(prepared.shared, prepared.bindings)
            tracing.enter(prepared.traceparent)
            function = self._loader.function(prepared.shared.get("captures"), prepared.bindings)
            yields, is_async = self.spec.is_generator, self.spec.is_async
            if self._instance is not None:
                function, yields, is_async = self._instance.called_by(prepared.shared)
            wrap = self._streaming if prepared.streams else self._invoke
            prepared.invoke = wrap(function, yields, is_async)
            self._bound = prepared
        except Exception as error:
            prepared.error = error

    def _invoke(self, function: Invoke, yields: bool, is_async: bool) -> Invoke:
        if self.spec.max_concurrent or self.spec.max_batch:
            return function  # whoever runs several at once waits for them as well
        if yields and is_async:
            return lambda *args, **kwargs: self.tasks.run(collect(function(*args, **kwargs)))
        if is_async:
            return lambda *args, **kwargs: self.tasks.run(function(*args, **kwargs))
        if yields:
            return lambda *args, **kwargs: list(function(*args, **kwargs))
        return function

    def _streaming(self, function: Invoke, _yields: bool, is_async: bool) -> Invoke:
        outbox = self._outbox
        if is_async:
            return lambda *args, **kwargs: self.tasks.run(outbox.drain_async(function(*args, **kwargs)))
        return lambda *args, **kwargs: outbox.drain(function(*args, **kwargs))


class Tasks:
    """The one event loop of async functions: it lives as long as the container, and runs while an input does."""

    def __init__(self, cancellation: Cancellation) -> None:
        self._cancellation = cancellation
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """It is made when it is first needed."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop

    def run(self, coroutine: Any) -> Any:
        loop = self.loop
        task = loop.create_task(coroutine)
        self._cancellation.begin_task(task)
        try:
            return loop.run_until_complete(task)
        finally:
            self._cancellation.begin_task(None)


async def collect(generator: Any) -> list[Any]:
    return [item async for item in generator]


def remember_sources(sources: Mapping[str, str]) -> None:
    """Let tracebacks show the cells' lines as they are now."""
    for name, source in sources.items():
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
