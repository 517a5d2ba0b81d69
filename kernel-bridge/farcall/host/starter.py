"""Ways to bring a container into being: fork it from a zygote, or spawn it. One seam, used by the supervisor.

A starter owns keepers (zygote.py), each the parent of its containers. It hears from them without blocking; the
supervisor waits on their sockets. It knows nothing of the gateway.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from .birth import Order
from .keeper import Event, Failed, Keeper

#: A keeper without a container leaves after this.
IDLE_S = 600.0


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a container runs. Containers of one environment may share a zygote."""

    id: str
    executable: str
    path: tuple[str, ...]
    variables: dict[str, str]


class Starter(Protocol):
    """Brings containers into being and reports their ends.

    Every start is answered by exactly one Started, Failed or Unsafe, every Started by one Exited, also when a keeper is
    killed. When the supervisor ends, in whatever way, so do all containers.
    """

    kind: Literal["fork", "spawn"]

    def start(self, order: Order, environment: Environment) -> None:
        """Ask for a container. Does not block."""

    def give_up(self, id: str) -> None:
        """Let go of a keeper that does not answer for this container. Idempotent."""

    def files(self) -> list[int]:
        """Descriptors that become readable when there is an event."""

    def events(self) -> list[Event]:
        """What happened since the last time. Does not block."""

    def tick(self, now: float) -> None:
        """Let keepers leave that have been idle for long."""

    def close(self) -> None:
        """Kill everything started here and return once it is gone. Idempotent."""


class _Keeping:
    """What both starters share: a set of keepers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keepers: list[Keeper] = []
        self._failed: list[Event] = []  # starts for which there could be no keeper

    def start(self, order: Order, environment: Environment) -> None:
        try:
            keeper = self._keeper_for(environment)
        except OSError as error:
            self._failed.append(Failed(order["id"], f"cannot run {environment.executable}: {error.strerror}"))
        else:
            keeper.start(order)

    def _keeper_for(self, environment: Environment) -> Keeper:
        raise NotImplementedError

    def give_up(self, id: str) -> None:
        for keeper in self._keepers:
            if keeper.containers.get(id) == 0:
                keeper.give_up()

    def files(self) -> list[int]:
        return [keeper.fileno() for keeper in self._keepers]

    def events(self) -> list[Event]:
        found, self._failed = self._failed, []
        found += [event for keeper in self._keepers for event in keeper.events()]
        for keeper in [keeper for keeper in self._keepers if keeper.ended]:
            keeper.close()
            self._keepers.remove(keeper)
        return found

    def tick(self, now: float) -> None:
        for keeper in self._keepers:
            if not keeper.leaving and not keeper.containers and now - keeper.idle_since > IDLE_S:
                keeper.leave()

    def close(self) -> None:
        for keeper in self._keepers:
            keeper.close()
        self._keepers.clear()


class Spawn(_Keeping):
    """Starts each container as a new interpreter: slow, always possible."""

    kind: Literal["fork", "spawn"] = "spawn"

    def _keeper_for(self, environment: Environment) -> Keeper:
        living = [keeper for keeper in self._keepers if not keeper.leaving]
        if not living:
            living = [Keeper("spawn", sys.executable, dict(os.environ), self._folder)]
            self._keepers += living
        return living[0]


class Fork(_Keeping):
    """Forks containers from a zygote, one per environment: milliseconds, where platform and modules allow it."""

    kind: Literal["fork", "spawn"] = "fork"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._zygotes: dict[tuple[str, str], tuple[Keeper, object]] = {}

    def _keeper_for(self, environment: Environment) -> Keeper:
        key, installed = (environment.id, environment.executable), _installed(environment.path)
        known = self._zygotes.get(key)
        if known is not None:
            keeper, then = known
            if then == installed and not keeper.leaving:
                return keeper
            keeper.leave()
        variables = {**environment.variables, "FARCALL_PATH": json.dumps(environment.path)}
        keeper = Keeper("fork", environment.executable, variables, self._folder)
        self._keepers.append(keeper)
        self._zygotes[key] = keeper, installed
        return keeper


def _installed(path: tuple[str, ...]) -> object:
    """Changes when something is installed: a zygote holds the modules as they were when it imported them."""
    stamps: list[tuple[str, int]] = []
    for folder in path:
        if folder.endswith(("site-packages", "dist-packages")):
            with contextlib.suppress(OSError):
                stamps.append((folder, Path(folder).stat().st_mtime_ns))
    return tuple(stamps)
