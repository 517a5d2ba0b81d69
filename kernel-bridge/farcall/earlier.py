"""What functions did by other names in earlier years: `submit`, `enqueue`, `keep_warm`. `Function` has them too."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

from .definition import Definition, P, R
from .twin import twin

if TYPE_CHECKING:
    from .call import FunctionCall
    from .function import Function


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

    def keep_warm(self, warm_pool_size: int) -> None:
        """Deprecated spelling of ``update_autoscaler(min_containers=…)``."""
        warnings.warn("keep_warm is deprecated: use update_autoscaler", DeprecationWarning, stacklevel=2)
        cast("Function[P, R]", self).update_autoscaler(min_containers=warm_pool_size)
