"""What functions did by other names in earlier years: `submit`, `enqueue`, `call`, `keep_warm`; and what scripts of the
relatives call that have to be told before use: `hydrate`. `Function` has them too.
"""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any, cast

from ..client.asking import connected
from ..twin import either, twin
from .definition import Definition, P, R

if TYPE_CHECKING:
    from ..call import FunctionCall
    from ..function import Function


class EarlierNames(Definition[P, R]):
    """What `Function` does, by its older names."""

    async def _submit_async(self, /, *args: P.args, **kwargs: P.kwargs) -> FunctionCall[R] | None:
        """:meth:`submit` in the running event loop."""
        function = cast("Function[P, R]", self)
        if not self.is_generator:
            return await function.spawn.aio(*args, **kwargs)
        async for _ in function.remote_gen.aio(*args, **kwargs):
            pass
        return None

    @twin(_submit_async)
    def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> FunctionCall[R] | None:
        """`spawn` by its name of 2022. A generator function is run to its end, and None returned."""
        function = cast("Function[P, R]", self)
        if not self.is_generator:
            return function.spawn(*args, **kwargs)
        for _ in function.remote_gen(*args, **kwargs):
            pass
        return None

    async def _enqueue_async(self, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """:meth:`enqueue` in the running event loop."""
        warnings.warn("enqueue is deprecated: use spawn", DeprecationWarning, stacklevel=2)
        await cast("Function[P, R]", self).spawn.aio(*args, **kwargs)

    @twin(_enqueue_async)
    def enqueue(self, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Start it and forget it. Deprecated: use `spawn`."""
        warnings.warn("enqueue is deprecated: use spawn", DeprecationWarning, stacklevel=2)
        cast("Function[P, R]", self).spawn(*args, **kwargs)

    async def _keep_warm_async(self, warm_pool_size: int) -> None:
        """:meth:`keep_warm` in the running event loop."""
        warnings.warn("keep_warm is deprecated: use update_autoscaler", DeprecationWarning, stacklevel=2)
        await cast("Function[P, R]", self).update_autoscaler.aio(min_containers=warm_pool_size)

    @twin(_keep_warm_async)
    def keep_warm(self, warm_pool_size: int) -> None:
        """Deprecated spelling of ``update_autoscaler(min_containers=…)``."""
        warnings.warn("keep_warm is deprecated: use update_autoscaler", DeprecationWarning, stacklevel=2)
        cast("Function[P, R]", self).update_autoscaler(min_containers=warm_pool_size)

    def _call_async(self, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        """:meth:`call` in the running event loop: to be awaited, or for ``async for``."""
        function = cast("Function[P, R]", self)
        return function.remote_gen.aio(*args, **kwargs) if self.is_generator else function.remote.aio(*args, **kwargs)

    @either(_call_async)
    def call(self, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        """`remote` by its name of 2023; of a generator function `remote_gen`."""
        function = cast("Function[P, R]", self)
        return function.remote_gen(*args, **kwargs) if self.is_generator else function.remote(*args, **kwargs)

    # ── what upstream has to do before a function can be used; here nothing is needed

    @property
    def is_hydrated(self) -> bool:
        """Whether the gateway has been told of it from here."""
        return self._known is not None

    async def _hydrate_async(self, client: object = None) -> Any:
        """:meth:`hydrate` in the running event loop."""
        await asyncio.to_thread(lambda: cast("Function[P, R]", self).object_id)
        return self

    async def _introduced(self) -> None:
        """Off the loop's thread, what may take a while: connecting, and telling the gateway of it the first time."""
        if self.is_hydrated:
            await connected()
        else:
            await self._hydrate_async()

    @twin(_hydrate_async)
    def hydrate(self, client: object = None) -> Any:
        """Make it known to the gateway now rather than at its first call; returns the function. Needed nowhere."""
        function = cast("Function[P, R]", self)
        _ = function.object_id
        return function
