"""Watching: progress, rows, times, previews and output, for views and for people."""

from __future__ import annotations

from typing import Literal

from .calls import CallSummary
from .record import Record, Tagged


class Watch(Tagged, frozen=True, kw_only=True, tag="watch"):
    """Client → gateway. `progress` of this call follows, at most 10 a second and only when it changed, until
    `unwatch` or the end.
    """

    call_id: str


class Unwatch(Tagged, frozen=True, kw_only=True, tag="unwatch"):
    """Client → gateway."""

    call_id: str


class FailureGroup(Record, frozen=True, kw_only=True):
    """One group of equal failures. `examples` are up to three indexes."""

    kind: str
    message: str
    #: `file:line` of the user's innermost frame, or empty.
    where: str
    count: int
    examples: tuple[int, ...]


class Progress(Tagged, frozen=True, kw_only=True, tag="progress"):
    """Gateway → client. The state of a watched call, whole."""

    call: CallSummary
    #: Outcomes per second over the last 30 s (or since the start).
    rate: float
    #: Ready containers that may run it, and what they are, such as `3 × A100`.
    containers: int
    hardware: str
    #: Why queued inputs do not run, in a sentence; empty when they do.
    waiting: str
    #: One letter per cell: q queued, y retrying, r running, s succeeded, f failed, c cancelled, t timed out; the worst
    #: of the cell. A cell is `cell` inputs; at most 4,096 cells.
    cells: str
    cell: int
    failures: tuple[FailureGroup, ...]


class InputsList(Tagged, frozen=True, kw_only=True, tag="inputs.list"):
    """Client → gateway. A page of a call's inputs for a table. Answered by `inputs.rows`."""

    request: int
    call_id: str
    #: Input states to list; empty: all.
    states: tuple[int, ...]
    first: int
    limit: int


class InputRow(Record, frozen=True, kw_only=True):
    """One input, for a table or a drawer. `since`: Unix seconds at which the state began, 0 if unknown."""

    index: int
    state: int
    attempt: int
    seconds: float
    container_id: str
    since: float
    #: `Type: message` of a failure, first line, at most 200 characters.
    error: str
    #: Of a failure: the exception's whole type, and the user's line, `file:line`. Failures with the same two are one
    #: group.
    kind: str | None = None
    where: str | None = None


class InputsRows(Tagged, frozen=True, kw_only=True, tag="inputs.rows"):
    """Gateway → client. Answers `inputs.list`; `next` is the index to go on from, or -1."""

    request: int
    rows: tuple[InputRow, ...]
    next: int


class TimingAsk(Tagged, frozen=True, kw_only=True, tag="timing.ask"):
    """Client → gateway. How long a call's inputs took, and when its containers worked, so far. Answered by
    `timing.state`.
    """

    request: int
    call_id: str


class SlowInput(Record, frozen=True, kw_only=True):
    """One of the inputs that took longest."""

    index: int
    state: int
    seconds: float


class Lane(Record, frozen=True, kw_only=True):
    """One container's work for a call, in bins of time: a digit a bin, ninths of it, 0 only for none; `failed`: bins in
    which an input failed.
    """

    container_id: str
    inputs: int
    busy: str
    failed: tuple[int, ...]


class TimingState(Tagged, frozen=True, kw_only=True, tag="timing.state"):
    """Gateway → client. Answers `timing.ask`: a few hundred numbers, whatever the size of the call."""

    request: int
    #: u32 per bin, from bin `first` on: inputs that took from 10^(n/50) µs to below 10^((n+1)/50) µs.
    durations: bytes
    first: int
    #: The longest first, at most ten.
    slowest: tuple[SlowInput, ...]
    #: Unix seconds at which the first bin of every lane begins, and the seconds of a bin.
    began: float
    width: float
    #: At most 24, in the order in which they came.
    lanes: tuple[Lane, ...]
    #: Containers beyond those.
    more: int


class PreviewAsk(Tagged, frozen=True, kw_only=True, tag="preview.ask"):
    """Client → gateway → a container, which is brought up if none is. Shows an argument or a result as text; views
    never unpickle. Answered by `preview.made`.
    """

    request: int
    call_id: str
    index: int
    what: Literal["arguments", "result"]


class PreviewMake(Tagged, frozen=True, kw_only=True, tag="preview.make"):
    """Gateway → container. The payload is the pickle to show."""

    request: int
    what: Literal["arguments", "result"]
    call_id: str
    blob: str | None = None


class PreviewMade(Tagged, frozen=True, kw_only=True, tag="preview.made"):
    """Container → gateway → client. A MIME bundle, text capped at 16 KiB."""

    request: int
    bundle: dict[str, str]


class OutputRead(Tagged, frozen=True, kw_only=True, tag="output.read"):
    """Client → gateway. What an input (or, with index -1, the whole call) printed. Answered by `output.page`."""

    request: int
    call_id: str
    index: int
    #: From this byte; at most 256 KiB come back.
    offset: int


class OutputPage(Tagged, frozen=True, kw_only=True, tag="output.page"):
    """Gateway → client. Payload: UTF-8 text. `next` is the offset to go on from, -1 at the end of a final call whose
    output is all here.
    """

    request: int
    next: int


class Output(Tagged, frozen=True, kw_only=True, tag="output"):
    """Gateway → an attached client that wants output. Payload: text an input printed, each byte once; none: text is on
    its way, and comes before `call.ended`. index -1: no input's.
    """

    call_id: str
    index: int
    stream: Literal["stdout", "stderr"]


WatchingMessage = (
    Watch
    | Unwatch
    | Progress
    | InputsList
    | InputsRows
    | TimingAsk
    | TimingState
    | PreviewAsk
    | PreviewMake
    | PreviewMade
    | OutputRead
    | OutputPage
    | Output
)
