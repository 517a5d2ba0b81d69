"""The function a container runs, and what each call gives it: captured values, names of other functions, shared kwargs.

`load` and `prepare` run user code (imports, unpickling); what they raise becomes a Failure.
"""

from __future__ import annotations

import asyncio
import linecache
import math
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from .. import bound
from ..serialize import loads
from ..version import Loader, load_code, set_resolver
from ..wire.blobs import Buffer
from ..wire.messages import CallLoad, FunctionLoad, FunctionSpec
from .cancel import Cancellation

#: (args, kwargs) → value.
Invoke = Callable[..., Any]

_THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Prepared:
    """One call here: how to run an input of it; or the error that every input of it answers with."""

    __slots__ = ("error", "invoke", "kwargs")

    def __init__(self, invoke: Invoke | None, kwargs: dict[str, Any], error: BaseException | None = None) -> None:
        self.invoke = invoke
        self.kwargs = kwargs
        self.error = error


class LoadedFunction:
    """The code, unpickled once; :meth:`prepare` binds it to a call."""

    def __init__(self, message: FunctionLoad, payload: Buffer, cancellation: Cancellation) -> None:
        self.id = message.function_id
        self.spec = message.spec
        self._tasks = Tasks(cancellation)
        os.environ.update(message.spec.secrets)
        limit_threads(message.spec)
        set_resolver(bound.resolve)
        self._loader: Loader = load_code(bytes(payload))

    def prepare(self, message: CallLoad, payload: Buffer) -> Prepared:
        """Unpickle what the call's inputs share. Never raises what user code raises."""
        remember_sources(message.sources)
        try:
            shared = loads(payload) if len(payload) else {}
            bound.enter_call(shared)
            function = self._loader.function(shared.get("captures"), dict(message.bindings))
            return Prepared(self._invoke(function), shared.get("kwargs") or {})
        except Exception as error:
            return Prepared(None, {}, error)

    def _invoke(self, function: Invoke) -> Invoke:
        if self.spec.is_generator and self.spec.is_async:
            return lambda *args, **kwargs: self._tasks.run(collect(function(*args, **kwargs)))
        if self.spec.is_async:
            return lambda *args, **kwargs: self._tasks.run(function(*args, **kwargs))
        if self.spec.is_generator:
            return lambda *args, **kwargs: list(function(*args, **kwargs))
        return function


class Tasks:
    """The one event loop of async functions: it lives as long as the container, and runs while an input does."""

    def __init__(self, cancellation: Cancellation) -> None:
        self._cancellation = cancellation
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, coroutine: Any) -> Any:
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
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


def limit_threads(spec: FunctionSpec) -> None:
    """As many threads in numerical libraries as the function asked cores for, unless its environment says otherwise."""
    count = max(1, math.ceil(spec.cpu))
    for name in _THREAD_COUNTS:
        os.environ.setdefault(name, str(count))
    torch = sys.modules.get("torch")
    if torch is not None and count > 1:
        torch.set_num_threads(count)
