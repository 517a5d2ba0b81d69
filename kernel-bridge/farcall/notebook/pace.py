"""The notebook side's one clock: a daemon thread that runs what is due, when it is due.

Live events and saved snapshots are its jobs. A job says when it wants to run again; a nudge makes it look at once, but
never more than 20 times a second. Jobs only send on iopub: they never wait for the network or for a lock held by user
code.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

#: Runs what is due at `now` (monotonic) and answers when to come back; None: only when nudged.
Job = Callable[[float], "float | None"]

_SHORTEST = 0.05
_log = logging.getLogger(__name__)


class Pace:
    """Starts its thread with the first nudge."""

    def __init__(self, *jobs: Job) -> None:
        self._jobs = jobs
        self._nudged = threading.Event()
        self._lock = threading.Lock()  # guards _thread
        self._thread: threading.Thread | None = None

    def nudge(self) -> None:
        """Something changed. Any thread; returns at once."""
        self._nudged.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="farcall-pace", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        due: float | None = None
        while True:
            self._nudged.wait(None if due is None else max(0.0, due - time.monotonic()))
            self._nudged.clear()
            started = time.monotonic()
            due = self._run_jobs(started)
            time.sleep(max(0.0, _SHORTEST - (time.monotonic() - started)))

    def _run_jobs(self, now: float) -> float | None:
        times = []
        for job in self._jobs:
            try:
                next_time = job(now)
            except Exception:
                _log.exception("a view could not be written")
                continue
            if next_time is not None:
                times.append(next_time)
        return min(times, default=None)
