"""Calls: opened, filled with inputs, sealed, cancelled; and what they are, in short."""

from __future__ import annotations

from typing import Literal

from ..codes import CallState
from .record import Record, Tagged


class Parent(Record, frozen=True, kw_only=True):
    """The running input that opens a call from inside a container."""

    call_id: str
    index: int


class CallOpen(Tagged, frozen=True, kw_only=True, tag="call.open"):
    """Client → gateway. Opens a call under an id the client made; again = no-op. Payload: captured values and
    `kwargs`, given to every input.
    """

    request: int
    call_id: str
    function_id: str
    kind: Literal["remote", "map", "spawn", "spawn_map"]
    #: stop_after: a final failure at i cancels inputs after i. stop_all: cancels all others.
    on_failure: Literal["continue", "stop_after", "stop_all"]
    #: Whether the call lives with its client (60 s after it is lost: see on_owner_lost) or on its own.
    attached: bool
    on_owner_lost: Literal["finish", "cancel"]
    parent: Parent | None = None
    #: What other functions' names mean inside this call: `app/name` → version.
    bindings: dict[str, str]
    #: Cell text, as Python's linecache wants it, so that tracebacks show today's lines: file name → source.
    sources: dict[str, str]
    #: What a person calls it in a list: notebook name or script, and the cell.
    origin: str
    blob: str | None = None
    #: W3C trace context of whoever opens it, for those who collect traces.
    traceparent: str | None = None
    #: Of a class: which method its inputs are for; with a `*` behind it where that one yields values.
    method: str | None = None


class CallAccepted(Tagged, frozen=True, kw_only=True, tag="call.accepted"):
    """Gateway → client. The call is durable."""

    request: int
    call_id: str


class InputsPut(Tagged, frozen=True, kw_only=True, tag="inputs.put"):
    """Client → gateway. A chunk of consecutive inputs of an open call; its payload is their pickles, back to back,
    but for those in blobs.
    """

    call_id: str
    first: int
    count: int
    #: u32 per input: payload bytes, or IN_BLOB.
    lengths: bytes
    blobs: tuple[str, ...] | None = None


class InputsAccepted(Tagged, frozen=True, kw_only=True, tag="inputs.accepted"):
    """Gateway → client. Inputs below `through` are durable; gives their credit back."""

    call_id: str
    through: int


class CallSeal(Tagged, frozen=True, kw_only=True, tag="call.seal"):
    """Client → gateway. No input comes after `count`. Answered by `call.sealed`."""

    call_id: str
    count: int


class CallSealed(Tagged, frozen=True, kw_only=True, tag="call.sealed"):
    """Gateway → client. The seal is durable."""

    call_id: str
    count: int


class CallCancel(Tagged, frozen=True, kw_only=True, tag="call.cancel"):
    """Client → gateway. all: queued and running. queued: only what no container holds. Late or repeated is fine.
    Answered by `call.cancelled`.
    """

    request: int
    call_id: str
    scope: Literal["all", "queued"]
    terminate: bool


class CallCancelled(Tagged, frozen=True, kw_only=True, tag="call.cancelled"):
    """Gateway → client. The cancel is durable; its outcomes follow on the stream."""

    request: int
    call_id: str


class CallDetach(Tagged, frozen=True, kw_only=True, tag="call.detach"):
    """Client → gateway. The call goes on without its client."""

    call_id: str


class CallDerive(Tagged, frozen=True, kw_only=True, tag="call.derive"):
    """Client → gateway. A new call over inputs that another call stored, run by `function_id`; index i of it is
    input indexes[i] of `base`. Sealed from the start. Payload: as in `call.open`. Answered by `call.accepted`.
    """

    request: int
    call_id: str
    base: str
    #: u32 per input: its index in `base`. Empty: all that did not succeed, in order.
    indexes: bytes
    #: Empty: the version that ran `base`, with its bindings, sources, method and payload.
    function_id: str
    on_failure: Literal["continue", "stop_after", "stop_all"]
    attached: bool
    bindings: dict[str, str]
    sources: dict[str, str]
    origin: str
    blob: str | None = None
    #: W3C trace context of whoever opens it, for those who collect traces.
    traceparent: str | None = None
    #: Of a class: which method its inputs are for; with a `*` behind it where that one yields values.
    method: str | None = None


class CallAsk(Tagged, frozen=True, kw_only=True, tag="call.ask"):
    """Client → gateway. Answered by `call.info`."""

    request: int
    call_id: str


class CallList(Tagged, frozen=True, kw_only=True, tag="call.list"):
    """Client → gateway. The newest calls first, at most `limit`. Answered by `call.listing`."""

    request: int
    limit: int


class Counts(Record, frozen=True, kw_only=True):
    """How many inputs are in each state; `retrying` counts queued inputs that already ran."""

    queued: int
    retrying: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    timed_out: int


class CallSummary(Record, frozen=True, kw_only=True):
    """What is known of a call, without its values. Times are Unix seconds; 0 = not yet."""

    call_id: str
    function_id: str
    app: str
    name: str
    kind: Literal["remote", "map", "spawn", "spawn_map"]
    state: CallState
    #: Inputs accepted so far; the total once sealed.
    inputs: int
    sealed: bool
    attached: bool
    is_generator: bool
    counts: Counts
    created_at: float
    started_at: float
    ended_at: float
    origin: str
    #: The call whose inputs this one runs again.
    base: str | None = None
    parent: Parent | None = None
    #: Of a method, whose `name` is `Class.method`: the name that its class has here, which tells instances apart.
    pool: str | None = None
    #: Its inputs opened calls.
    has_children: bool = False


class CallInfo(Tagged, frozen=True, kw_only=True, tag="call.info"):
    """Gateway → client. Answers `call.ask`. For a derived call the payload is its u32 index table."""

    request: int
    call: CallSummary


class CallListing(Tagged, frozen=True, kw_only=True, tag="call.listing"):
    """Gateway → client. Answers `call.list`."""

    request: int
    calls: tuple[CallSummary, ...]


class CallAttach(Tagged, frozen=True, kw_only=True, tag="call.attach"):
    """Client → gateway. Streams the call's outcomes in commit order, from position `after`, until `call.release`."""

    call_id: str
    after: int
    #: Whether `output` (the inputs' stdout and stderr) is wanted as well.
    output: bool


class CallRelease(Tagged, frozen=True, kw_only=True, tag="call.release"):
    """Client → gateway. Ends the stream of this call."""

    call_id: str


CallMessage = (
    CallOpen
    | CallAccepted
    | InputsPut
    | InputsAccepted
    | CallSeal
    | CallSealed
    | CallCancel
    | CallCancelled
    | CallDetach
    | CallDerive
    | CallAsk
    | CallList
    | CallInfo
    | CallListing
    | CallAttach
    | CallRelease
)
