"""What the soak does to farcall while it works: kills containers and the gateway, and stops containers for a while.

Everything is chosen by dice with a seed. Only processes of the soak's own home are hurt, by the pids that its gateway
and its supervisor told.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

from farcall.client.session import Session
from farcall.errors import Error
from farcall.wire.messages import RuntimeAsk, RuntimeState
from test.bench.processes import told_pid

#: Wound → how often, of ten.
_WOUNDS = {"kill a container": 6, "stop a container": 3, "kill the gateway": 1}
_STOPPED_S = 3.0
_EVERY_S = (3.0, 9.0)


class Wounds(threading.Thread):
    """Hurts something every few seconds until :meth:`end`; ``done`` counts what it did."""

    def __init__(self, home: Path, seed: int) -> None:
        super().__init__(name="wounds", daemon=True)
        self.done: Counter[str] = Counter()
        self._home = home
        self._dice = random.Random(seed)
        self._ended = threading.Event()
        self._stopped: list[tuple[float, int]] = []

    def run(self) -> None:
        due = time.monotonic() + self._dice.uniform(*_EVERY_S)
        while not self._ended.wait(0.2):
            self._wake(time.monotonic())
            if time.monotonic() >= due:
                due = time.monotonic() + self._dice.uniform(*_EVERY_S)
                self._hurt()
        self._wake(float("inf"))

    def end(self) -> None:
        """No more wounds; what is stopped goes on."""
        self._ended.set()
        self.join()

    def _hurt(self) -> None:
        wound = self._dice.choices(list(_WOUNDS), list(_WOUNDS.values()))[0]
        pid = told_pid("gateway.json", self._home) if wound == "kill the gateway" else self._some_container()
        if not pid:
            return
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGSTOP if wound == "stop a container" else signal.SIGKILL)
            self.done[wound] += 1
            if wound == "stop a container":
                self._stopped.append((time.monotonic() + _STOPPED_S, pid))

    def _some_container(self) -> int:
        """0 when there is none, or no gateway that could say."""
        try:
            state = Session.current().ask(RuntimeAsk(request=0), RuntimeState, timeout=10.0)
        except Error:
            return 0
        pids = sorted(one.pid for one in state.containers if one.pid)
        return self._dice.choice(pids) if pids else 0

    def _wake(self, now: float) -> None:
        for until, pid in self._stopped:
            if until <= now:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGCONT)
        self._stopped = [one for one in self._stopped if one[0] > now]
