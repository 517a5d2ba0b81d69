"""Trace context goes from whoever opens a call to the code of its inputs, with and without OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import Tracer

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


# ── with OpenTelemetry's SDK, on both sides


@dataclass(frozen=True)
class Spanned:
    """A span that ended in a container, and which it was beneath; 0: none."""

    trace: int
    span: int
    parent: int


def span_here(name: str, within: Callable[[], object] = lambda: None) -> Spanned:
    """A span of this process's SDK, set up at its first use; what its exporter was given. Runs in containers."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span(name):
        within()
    (ended,) = exporter.get_finished_spans() or (None,)
    if ended is None:
        return Spanned(0, 0, 0)
    return Spanned(ended.context.trace_id, ended.context.span_id, ended.parent.span_id if ended.parent else 0)


@app.function(max_containers=1)
def inner() -> Spanned:
    return span_here("inner")


@app.function(max_containers=1)
def outer(_: int) -> tuple[Spanned, Spanned]:
    below: list[Spanned] = []
    own = span_here("outer", lambda: below.append(inner.remote()))
    return own, below[0]


@pytest.fixture
def collected() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(collected: InMemorySpanExporter) -> Iterator[Tracer]:
    """Of this process, as a person sets it up in a notebook."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(collected))
    yield provider.get_tracer("notebook")
    provider.shutdown()


def test_spans_are_one_tree_from_the_notebook_to_a_nested_call(tracer: Tracer, collected: InMemorySpanExporter) -> None:
    with tracer.start_as_current_span("cell"):
        own, below = outer.remote(0)
    (cell,) = collected.get_finished_spans()
    assert (own.trace, own.parent) == (cell.context.trace_id, cell.context.span_id)
    assert (below.trace, below.parent) == (own.trace, own.span), "beneath the span that called it, in another container"


def test_every_input_of_a_map_is_beneath_the_span_that_opened_it(
    tracer: Tracer, collected: InMemorySpanExporter
) -> None:
    results = outer.map(range(3))
    with tracer.start_as_current_span("cell"):
        spans = [own for own, _ in results]  # a map opens its call when it is first iterated
    (cell,) = collected.get_finished_spans()
    assert [one.parent for one in spans] == [cell.context.span_id] * 3
    assert len({one.span for one in spans}) == 3


def test_a_container_forgets_the_last_calls_span(tracer: Tracer) -> None:
    with tracer.start_as_current_span("cell"):
        assert inner.remote().parent != 0
    assert inner.remote().parent == 0


def test_what_was_not_sampled_is_not_recorded_further_down() -> None:
    tracer = TracerProvider(sampler=ALWAYS_OFF).get_tracer("notebook")
    with tracer.start_as_current_span("cell"):
        assert inner.remote() == Spanned(0, 0, 0)


def test_inputs_that_run_at_once_each_have_their_own_calls_span(
    tracer: Tracer, collected: InMemorySpanExporter, tmp_path: Path
) -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=2)
    def together(mine: str, other: str) -> Spanned:
        """Its span begins once the other input runs as well."""
        import time
        from pathlib import Path

        Path(mine).touch()
        until = time.monotonic() + 60
        while not Path(other).exists() and time.monotonic() < until:
            time.sleep(0.01)
        return span_here("together")

    paths = [str(tmp_path / name) for name in ("one", "two")]
    calls = []
    for mine, other in (paths, reversed(paths)):
        with tracer.start_as_current_span("cell"):
            calls.append(together.spawn(mine, other))
    spans = farcall.gather(*calls)
    assert [one.parent for one in spans] == [cell.context.span_id for cell in collected.get_finished_spans()]
