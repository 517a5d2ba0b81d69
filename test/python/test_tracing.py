"""Trace context goes from whoever opens a call to the code of its inputs, with and without OpenTelemetry."""

from __future__ import annotations

import pytest

import farcall
from farcall import tracing

from .support.home import Home

ONE = f"00-{'1' * 32}-{'a' * 16}-01"
OTHER = f"00-{'2' * 32}-{'b' * 16}-00"
app = farcall.App("tracing")


@pytest.fixture(autouse=True)
def _gateway(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACEPARENT", raising=False)


@app.function(max_containers=1)
def seen() -> str | None:
    from farcall.tracing import current_traceparent

    return current_traceparent()


@app.function(max_containers=1)
def seen_below() -> str | None:
    below: str | None = seen.remote()
    return below


def test_nobody_traces_unless_somebody_does() -> None:
    assert tracing.current_traceparent() is None
    assert seen.remote() is None


def test_each_call_has_the_context_it_was_opened_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for told in (ONE, OTHER, ONE):
        monkeypatch.setenv("TRACEPARENT", told)
        assert seen.remote() == told
    monkeypatch.delenv("TRACEPARENT")
    assert seen.remote() is None, "one container runs all of them, and forgets"


def test_a_call_within_a_call_is_beneath_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", ONE)
    assert seen_below.remote() == ONE


@pytest.mark.parametrize("told", ["", "nonsense", ONE.upper(), f"00-{'0' * 32}-{'a' * 16}-01", ONE + "-more"])
def test_what_is_no_trace_context_goes_nowhere(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("TRACEPARENT", told)
    assert seen.remote() is None


def test_spans_of_opentelemetry_are_the_parent_on_both_sides() -> None:
    trace = pytest.importorskip("opentelemetry.trace")
    context = trace.SpanContext(int("3" * 32, 16), int("c" * 16, 16), is_remote=False, trace_flags=trace.TraceFlags(1))

    @app.function()
    def span() -> tuple[int, int]:
        from opentelemetry import trace

        own = trace.get_current_span().get_span_context()
        return own.trace_id, own.span_id

    with trace.use_span(trace.NonRecordingSpan(context)):
        assert span.remote() == (context.trace_id, context.span_id)
