"""What people are told about how a gateway's containers are kept apart from it, by status and doctor."""

from __future__ import annotations

from ..wire.messages import RuntimeState

_KINDS = {
    "uid": "each container runs as a user of its own, which cannot enter the gateway's folder",
    "bwrap": "each container runs in bubblewrap, without the gateway's folder",
    "none": "none: containers run as the gateway's user, with its files; run only code you trust",
}


def said(state: RuntimeState) -> str:
    """One sentence; the gateway's own warning where it has one."""
    return f"none. Warning: {state.warning}" if state.warning else _KINDS[state.isolation]
