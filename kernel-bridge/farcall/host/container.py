"""One container in the eyes of its supervisor: process, control page, output, and what is to be done to it.

Deadlines live here: the timeout of the running attempt, the grace after a signal, the time to come up. ``check`` is
called on a timer and returns what the gateway must hear. Times are CLOCK_MONOTONIC seconds, as on the page.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..wire.control_page import CANCELLED, LEAVING, READY, TIMED_OUT, Running, SupervisorPage
from ..wire.messages import ContainerExited, ContainerStart, LeaseRevoked
from ..wire.redaction import Redaction
from . import processes
from .output import Piece, Tail
from .several import TIMEOUT_GRACE_S, Several

#: What the container has to end once it said that it leaves.
LEAVE_GRACE_S = 30.0
#: When a revoke is looked after, first and again.
_SETTLE_S = 0.0015
#: How long outcomes may wait for an input that takes longer than those before it.
_UNSENT_S = 0.05

Reason = Literal["exited", "signal", "timeout", "cancelled", "memory", "stopped", "start"]


def not_started(start: ContainerStart, why: str) -> ContainerExited:
    """The end of a container that never was."""
    return ContainerExited(container_id=start.container_id, reason="start", code=1, lease=0, index=0, detail=why)


@dataclass(slots=True)
class _Revoke:
    """A revoke whose effect is not known yet. ``grace``: if what runs is to be interrupted too, seconds to unwind."""

    lease: int
    first: int
    notice: int
    grace: float | None
    ask_at: float


@dataclass(slots=True)
class _Interrupt:
    """A running input was told to stop: when its grace ends the group is killed, unless it has stopped by then."""

    word: int
    reason: Literal["timeout", "cancelled"]
    kill_at: float


class Container:
    """From the start order until the process is reaped and reported."""

    def __init__(self, start: ContainerStart, folder: Path, now: float) -> None:
        folder.mkdir(mode=0o700)
        self.start = start
        self.folder = folder
        self.pid = 0
        self.is_wrapped = False  # pid is bubblewrap's
        self.peak = 0  # bytes
        self.page = SupervisorPage.create(folder / "page")
        self._several = Several(self.page)
        redaction = Redaction.of(start.variables, start.hidden)
        self._tails = (Tail(folder / "out", 1, redaction), Tail(folder / "err", 2, redaction))
        self._revokes: list[_Revoke] = []
        self._interrupt: _Interrupt | None = None
        self._inner = 0
        self._doom: tuple[Reason, str] | None = None
        self._blamed = (0, 0)  # lease and index of the one of several for which it is killed
        self._leaving_since: float | None = None
        self._up_by = now + start.startup_timeout if start.startup_timeout > 0 else float("inf")

    @property
    def id(self) -> str:
        return self.start.container_id

    @property
    def process(self) -> int:
        """The process that runs the inputs: below bubblewrap and its init, where it is wrapped. 0: not there yet."""
        if not self.is_wrapped or not self.pid:
            return self.pid
        if not self._inner:
            below = processes.children(self.pid)
            self._inner = next(iter(processes.children(below[0])), 0) if below else 0
        return self._inner

    @property
    def is_given_up(self) -> bool:
        """It is to end before its process was there."""
        return self._doom is not None and self._doom[0] == "start" and not self.pid

    def revoke(self, lease: int, first: int, now: float, *, grace: float | None = None) -> None:
        """Start nothing of the lease from ``first`` on. ``grace``: interrupt what runs, kill it after these seconds."""
        if grace is not None and self.page.slots:
            self._several.cancel(lease, first, grace, now)
            self._signal(signal.SIGUSR1)
            return
        notice = self.page.revoke(lease, first)
        self._revokes.append(_Revoke(lease, first, notice, grace, now + _SETTLE_S))

    def drain(self) -> None:
        self.page.drain()
        self._signal(signal.SIGUSR1)

    def poke(self) -> None:
        """The container looks after its connection, and sends what waits, even in the middle of an input."""
        self.page.poke()
        self._signal(signal.SIGUSR1)

    def kill(self, reason: Reason, detail: str = "") -> None:
        """End the process group now. The first reason given is the one reported."""
        if self._doom is None:
            self._doom = (reason, detail)
        if self.pid:
            processes.kill_group(self.pid)

    def started(self, pid: int) -> None:
        self.pid = pid
        if self._doom is not None:
            processes.kill_group(pid)

    def check(self, now: float) -> list[LeaseRevoked]:
        """Act on whatever is due."""
        if self._doom is not None:
            return []
        told = self._check_revokes(now) if self._revokes else []
        running = self.page.running()
        if self.page.slots:
            self._check_several(now)
        elif self._interrupt is not None:
            self._check_interrupt(running, now)
        elif running is not None and running.started:
            if 0 < running.timeout < now - running.since:
                self._time_out(running, now)
            elif self.page.has_unsent and now - running.since > _UNSENT_S:
                self.poke()
        if self.page.stage != READY:
            self._check_stage(now)
        return told

    def due_at(self) -> float:
        """When :meth:`check` must be called at the latest, beside the regular timer."""
        times = [revoke.ask_at for revoke in self._revokes]
        if self._interrupt is not None:
            times.append(self._interrupt.kill_at)
        if self.page.slots:
            times.append(self._several.due_at)
        return min(times, default=float("inf"))

    def pieces(self, limit: int) -> Iterator[Piece]:
        """Output that was not shipped yet, about ``limit`` bytes at most."""
        for tail in self._tails:
            while limit > 0:
                before = self.page.running()
                grown = tail.grown()
                if grown <= 0:
                    break
                same = before if before is not None and before == self.page.running() else None
                piece = tail.next(grown, same)
                if piece is None and tail.grown() >= grown:
                    break  # it waits for the rest of what may be a secret
                limit -= grown if piece is None else len(piece.data)
                if piece is not None:
                    yield piece

    def printed_all(self) -> None:
        """The process is gone: what is in its files is all."""
        for tail in self._tails:
            tail.is_over = True

    def exited(self, code: int) -> ContainerExited:
        """What to report, once the process is gone: all its output was shipped before."""
        running = self.page.running()
        reason, detail = self._doom or self._why(code)
        lease, index = (running.lease, running.index) if running is not None and running.started else self._blamed
        return ContainerExited(
            container_id=self.id,
            reason=reason,
            code=code,
            lease=lease,
            index=index,
            detail=detail,
            running=self._several.running if self.page.slots else None,
        )

    def said_last(self) -> str:
        """The end of its stderr."""
        return self._tails[1].last_lines()

    def close(self) -> None:
        """Remove every trace. After the process is gone."""
        self.page.close()
        for tail in self._tails:
            tail.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _check_revokes(self, now: float) -> list[LeaseRevoked]:
        told: list[LeaseRevoked] = []
        for revoke in [revoke for revoke in self._revokes if revoke.ask_at <= now]:
            if revoke.notice == 0:
                revoke.notice = self.page.revoke(revoke.lease, revoke.first)
            first = self.page.revoked_from(revoke.lease, revoke.first, revoke.notice) if revoke.notice else None
            if first is None:
                revoke.ask_at = now + _SETTLE_S
                continue
            self._revokes.remove(revoke)
            if revoke.grace is None:
                told.append(LeaseRevoked(container_id=self.id, lease=revoke.lease, first=first))
            else:
                self._cancel(revoke, now)
        return told

    def _cancel(self, revoke: _Revoke, now: float) -> None:
        running = self.page.running()
        if running is None or not running.started or running.lease != revoke.lease or running.index < revoke.first:
            return
        self._stop_input(_Interrupt(running.word, "cancelled", now + (revoke.grace or 0.0)))

    def _time_out(self, running: Running, now: float) -> None:
        """Give the rest of its range to others without waiting for how the input ends, and interrupt it.

        In this order: one that unwinds at once would let the next begin.
        """
        self.revoke(running.lease, running.index + 1, now)
        self._stop_input(_Interrupt(running.word, "timeout", now + TIMEOUT_GRACE_S))

    def _stop_input(self, interrupt: _Interrupt) -> None:
        if self._interrupt is not None and self._interrupt.word == interrupt.word:
            interrupt.kill_at = min(interrupt.kill_at, self._interrupt.kill_at)
        self._interrupt = interrupt
        self.page.cancel(interrupt.word, TIMED_OUT if interrupt.reason == "timeout" else CANCELLED)
        self._signal(signal.SIGUSR1)

    def _check_interrupt(self, running: Running | None, now: float) -> None:
        interrupt = self._interrupt
        if interrupt is None:
            return
        if running is None or running.word != interrupt.word:
            self._interrupt = None
        elif now >= interrupt.kill_at:
            self.kill(interrupt.reason)
        else:
            self._signal(signal.SIGUSR1)  # again: the last may have come while its arguments were read

    def _check_several(self, now: float) -> None:
        is_told, overdue = self._several.check(now)
        if overdue is not None:
            self._blamed = (overdue.lease, overdue.index)
            self.kill(overdue.why)
        elif is_told:
            self._signal(signal.SIGUSR1)

    def _check_stage(self, now: float) -> None:
        if self.page.stage == LEAVING:
            self._leaving_since = self._leaving_since or now
            if now - self._leaving_since > LEAVE_GRACE_S:
                self.kill("stopped")
        elif now > self._up_by:
            late = f"not ready after {self.start.startup_timeout:.0f} s"
            if self.pid:
                self.kill("start", f"{late}\n{self.said_last()}".rstrip())
            else:
                self.kill("start", f"{late}: {self.start.executable} did not come up")

    def _why(self, code: int) -> tuple[Reason, str]:
        if self.page.stage < READY:
            return "start", self.said_last()
        if code < 0:
            return "signal", signal.strsignal(-code) or ""
        return "exited", self.said_last() if code else ""

    def _signal(self, number: int) -> None:
        if self.process:
            try:
                os.kill(self.process, number)
            except ProcessLookupError:
                pass
