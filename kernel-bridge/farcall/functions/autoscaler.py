"""Changes how many containers a function has, while it runs: what may be asked, and asking it."""

from __future__ import annotations

from ..client.session import Session
from ..errors import InvalidError
from ..options import check_count, check_number
from ..wire.messages import AutoscalerState, AutoscalerUpdate

_MOST = 10_000
_LONGEST_S = 7 * 24 * 3600.0
_NAMES = ("min_containers", "max_containers", "buffer_containers", "scaledown_window")


def update(session: Session, asked: AutoscalerUpdate) -> dict[str, float]:
    """Set what is asked; returns the settings as they are then, by name."""
    state = session.ask(asked, AutoscalerState)
    return {option: getattr(state, option) for option in _NAMES}


def asked(
    app: str,
    name: str,
    *,
    min_containers: int | None,
    max_containers: int | None,
    buffer_containers: int | None,
    scaledown_window: float | None,
) -> AutoscalerUpdate:
    """What to say to set what is not None. A value out of range is ``InvalidError``."""
    for option, value in zip(_NAMES, (min_containers, max_containers, buffer_containers), strict=False):
        if value is not None:
            check_count(option, value, low=0, high=_MOST, takes=f"a whole number from 0 to {_MOST:,}")
    if scaledown_window is not None:
        check_number("scaledown_window", scaledown_window, low=0.001, high=_LONGEST_S, takes="seconds above 0")
    if min_containers is not None and max_containers is not None and max_containers < min_containers:
        raise InvalidError(f"max_containers={max_containers} is below min_containers={min_containers}")
    return AutoscalerUpdate(
        request=0,
        app=app,
        name=name,
        min_containers=min_containers,
        max_containers=max_containers,
        buffer_containers=buffer_containers,
        scaledown_window=scaledown_window,
    )
