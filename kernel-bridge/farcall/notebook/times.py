"""How long a call's inputs took and when its containers worked, as the bridge tells it: TimesView of notebook.ts."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..wire.messages import SlowInput, TimingState


def times_view(state: TimingState, word: Callable[[int], str]) -> dict[str, object]:
    """The gateway's fold, with states in words."""
    return {
        "durations": memoryview(state.durations).cast("I").tolist(),
        "first": state.first,
        "slowest": [_slow(slow, word) for slow in state.slowest],
        "began": state.began,
        "width": state.width,
        "lanes": [msgspec.structs.asdict(lane) for lane in state.lanes],
        "more": state.more,
    }


def _slow(slow: SlowInput, word: Callable[[int], str]) -> dict[str, object]:
    return {"index": slow.index, "state": word(slow.state), "seconds": slow.seconds}
