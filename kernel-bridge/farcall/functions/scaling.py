"""How many containers a function has, why, and how to change that: `Function` has these members too."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ..client.asking import answered, connected
from ..client.session import Session
from ..client.waiting import Bell, drive, drive_async
from ..twin import twin
from ..wire.messages import AutoscalerState, FunctionAsk, FunctionState
from . import autoscaler
from .definition import P, R
from .earlier import EarlierNames

if TYPE_CHECKING:
    from ..function import Function

_ANSWER_S = 30.0


@dataclass(frozen=True)
class FunctionStats:
    """A function at one moment: the version that a call would run now, in all its containers.

    Args:
        backlog: inputs that wait for a container.
        num_total_runners: containers that are up, starting, or wait for nested calls.
        num_running_inputs: inputs that containers hold.
        input_headroom: inputs that ready containers could begin at once.
    """

    backlog: int
    num_total_runners: int
    num_running_inputs: int
    input_headroom: int

    @property
    def num_active_runners(self) -> int:
        """`num_total_runners` by its name until 2024."""
        return self.num_total_runners


@dataclass(frozen=True)
class FunctionAutoscalerSettings:
    """The autoscaler's settings of a function. ``max_containers`` is None where only the machine is a limit.

    Args:
        scaledown_window: seconds that a container may be idle.
    """

    min_containers: int
    max_containers: int | None
    buffer_containers: int
    scaledown_window: float


class Explanation(str):
    """Sentences, a line each; as a cell's value and in a shell it is shown as they are."""

    def __repr__(self) -> str:
        return str(self)


class Scaled(EarlierNames[P, R]):
    """What can be asked and set about a function's containers."""

    async def _update_async(
        self,
        *,
        min_containers: int | None = None,
        max_containers: int | None = None,
        buffer_containers: int | None = None,
        scaledown_window: float | None = None,
    ) -> FunctionAutoscalerSettings:
        """:meth:`update_autoscaler` in the running event loop."""
        asked = autoscaler.asked(
            self.app_name,
            self.name,
            min_containers=min_containers,
            max_containers=max_containers,
            buffer_containers=buffer_containers,
            scaledown_window=scaledown_window,
        )
        session, bell = await connected(), Bell()
        await asyncio.to_thread(self._put, session)
        return _settings(await drive_async(answered(session, asked, AutoscalerState, bell), bell, timeout=_ANSWER_S))

    @twin(_update_async)
    def update_autoscaler(
        self,
        *,
        min_containers: int | None = None,
        max_containers: int | None = None,
        buffer_containers: int | None = None,
        scaledown_window: float | None = None,
    ) -> FunctionAutoscalerSettings:
        """Change how many containers there are (None: unchanged), until the next deploy; returns what holds now.

        It goes by the function's name: newer versions of it, and its variants by :meth:`with_options`, follow too. It
        holds across restarts of the gateway; in the default app, which is never deployed, until the gateway ends.

        Args:
            min_containers: kept up when nothing is to be done.
            max_containers: never more; 0: no limit but the machine.
            buffer_containers: idle ones beside those that work.
            scaledown_window: seconds above 0 that a container may be idle.

        Raises:
            InvalidError: a value out of range, or max_containers below min_containers.
        """
        asked = autoscaler.asked(
            self.app_name,
            self.name,
            min_containers=min_containers,
            max_containers=max_containers,
            buffer_containers=buffer_containers,
            scaledown_window=scaledown_window,
        )
        session, bell = Session.current(), Bell()
        self._put(session)
        return _settings(drive(answered(session, asked, AutoscalerState, bell), bell, timeout=_ANSWER_S))

    async def _stats_async(self) -> FunctionStats:
        """:meth:`get_current_stats` in the running event loop."""
        return _stats(await self._state_async())

    @twin(_stats_async)
    def get_current_stats(self) -> FunctionStats:
        """Backlog, containers and running inputs now, of the version that a call would run."""
        return _stats(self._state())

    async def _explain_async(self) -> Explanation:
        """:meth:`explain` in the running event loop."""
        return Explanation("\n".join((await self._state_async()).because))

    @twin(_explain_async)
    def explain(self) -> Explanation:
        """Why there are as many containers as there are: what it has, what it should have, what is missing."""
        return Explanation("\n".join(self._state().because))

    # ── inside

    def _put(self, session: Session) -> str:
        return cast("Function[P, R]", self).prepare(session).function_id

    def _state(self) -> FunctionState:
        session = Session.current()
        bell = Bell()
        asked = FunctionAsk(request=0, function_id=self._put(session))
        return drive(answered(session, asked, FunctionState, bell), bell, timeout=_ANSWER_S)

    async def _state_async(self) -> FunctionState:
        session, bell = await connected(), Bell()
        asked = FunctionAsk(request=0, function_id=await asyncio.to_thread(self._put, session))
        return await drive_async(answered(session, asked, FunctionState, bell), bell, timeout=_ANSWER_S)


def _stats(state: FunctionState) -> FunctionStats:
    return FunctionStats(
        backlog=state.backlog,
        num_total_runners=state.containers,
        num_running_inputs=state.running,
        input_headroom=state.headroom,
    )


def _settings(state: AutoscalerState) -> FunctionAutoscalerSettings:
    return FunctionAutoscalerSettings(
        min_containers=state.min_containers,
        max_containers=state.max_containers or None,
        buffer_containers=state.buffer_containers,
        scaledown_window=state.scaledown_window,
    )
