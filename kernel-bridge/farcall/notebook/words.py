"""Numbers and states as a person reads them: 1,234 · 12.3 s · 3 m 20 s · 1.2 GiB, and one word for every state.

Pure text, used by every view of the notebook side; the same forms as in the extension.
"""

from __future__ import annotations

import re
import time

from .views import CallView, CountsView

#: What containers without a GPU are called on the wire, count included.
_ONLY_CPU = re.compile(r"\d+ × CPU")
#: Field of CountsView → the word for it, in the order of a legend.
STATE_WORDS = {
    "succeeded": "succeeded",
    "failed": "failed",
    "timed_out": "timed out",
    "cancelled": "cancelled",
    "running": "running",
    "retrying": "retrying",
    "queued": "queued",
}


def number(value: int) -> str:
    """``1,234``"""
    return f"{value:,}"


def duration(seconds: float) -> str:
    """``12.3 s``, ``3 m 20 s``, ``2 h 5 m``."""
    seconds = max(0.0, seconds)
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} m {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} m"


def size(count: float) -> str:
    """``512 B``, ``1.2 GiB``."""
    if count < 1024:
        return f"{int(count)} B"
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if count < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} TiB"


def rate(per_second: float) -> str:
    """``34/s`` or, for slow ones, ``12/min``; empty for none."""
    if per_second <= 0:
        return ""
    if per_second >= 10:
        return f"{number(round(per_second))}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second * 60:.0f}/min"


def elapsed(view: CallView, now: float | None = None) -> float:
    """Seconds from the call's start to its end, or to now."""
    if not view.created_at:
        return 0.0
    end = view.ended_at or (time.time() if now is None else now)
    return max(0.0, end - view.created_at)


def state(view: CallView) -> str:
    """The call's state in one word."""
    counts = view.counts
    if view.state == "done":
        return _end(counts)
    if view.is_final:
        return view.state
    if counts.running:
        return "running"
    if counts.retrying:
        return "retrying"
    return "queued" if view.waiting or view.containers or not view.inputs else "starting"


def _end(counts: CountsView) -> str:
    """How a call went that ran to its end: in one word where all inputs went the same way."""
    if counts.succeeded == counts.settled:
        return "succeeded"
    if counts.timed_out == counts.settled:
        return "timed out"
    return "failed" if counts.failed + counts.timed_out == counts.settled else "done"


def title(view: CallView) -> str:
    """``embed.map``, or the function's name for a single call."""
    return f"{view.name}.{view.kind}" if view.kind in ("map", "spawn_map") else view.name


def done_of(view: CallView) -> str:
    """``412/1,000`` once the total is known, else ``412 so far``."""
    settled = number(view.counts.settled)
    return f"{settled}/{number(view.inputs)}" if view.sealed else f"{settled} so far"


def legend(counts: CountsView) -> list[tuple[str, int]]:
    """The states that have inputs, as words."""
    pairs = ((word, int(getattr(counts, field))) for field, word in STATE_WORDS.items())
    return [(word, count) for word, count in pairs if count]


def hardware(view: CallView) -> str:
    """``3 × A100``, as the gateway says it; ``8 containers`` where they have no GPU; empty while there are none."""
    if not view.containers or (view.hardware and not _ONLY_CPU.fullmatch(view.hardware)):
        return view.hardware
    return f"{number(view.containers)} container{'' if view.containers == 1 else 's'}"


def line(view: CallView, now: float | None = None) -> str:
    """The whole call in one line: ``embed.map: running, 412/1,000, 3 failed (12.3 s)``."""
    parts = [state(view)]
    if view.kind in ("map", "spawn_map"):
        parts.append(done_of(view))
        bad = [(word, count) for word, count in legend(view.counts) if word in ("failed", "timed out")]
        parts.extend(f"{number(count)} {word}" for word, count in bad)
    return f"{title(view)}: {', '.join(parts)} ({duration(elapsed(view, now))})"
