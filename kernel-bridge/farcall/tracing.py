"""Trace context (W3C), carried from whoever opens a call to the code of its inputs.

The person's OpenTelemetry is used where they use it, and nothing of it is imported where they do not. Code without it
can read :func:`current_traceparent`; a process that was started with TRACEPARENT in its variables is beneath that.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from contextlib import suppress
from contextvars import ContextVar

_VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_call: str | None = None  # of the call whose inputs run in this container
_input: ContextVar[str | None] = ContextVar("farcall_traceparent", default=None)  # where several run at once
_is_container = False


def current_traceparent() -> str | None:
    """The `traceparent` for what this code asks of others; None when nobody traces."""
    own = _active()
    if own is not None or _is_container:
        return own or _input.get() or _call
    told = os.environ.get("TRACEPARENT", "")
    return told if _VALID.fullmatch(told) else None


def enter(traceparent: str | None) -> None:
    """In a container: inputs of a call run from now on, beneath this."""
    global _call, _is_container
    if _is_container and traceparent == _call:
        return
    _call, _is_container = traceparent, True
    if traceparent is not None or "opentelemetry.context" in sys.modules:
        _attach(traceparent)


def enter_input(traceparent: str | None) -> None:
    """In a container that runs several inputs: this task or thread runs one of a call beneath this."""
    _input.set(traceparent)
    if traceparent is not None or "opentelemetry.context" in sys.modules:
        _attach(traceparent)


def _active() -> str | None:
    """Of OpenTelemetry's current span, where the person has imported it."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    with suppress(ImportError):
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        return carrier.get("traceparent")
    return None


def _attach(traceparent: str | None) -> None:
    """Make it OpenTelemetry's current context in this thread, so that the person's spans are beneath it."""
    if importlib.util.find_spec("opentelemetry") is None:
        return
    with suppress(ImportError):
        from opentelemetry import context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {} if traceparent is None else {"traceparent": traceparent}
        context.attach(TraceContextTextMapPropagator().extract(carrier, context=context.Context()))
