"""The gateway protocol, as data: one Struct a message, in the order of src/wire/messages.ts, which it mirrors.

The docstring says who sends it to whom and when. ``bytes`` fields are little-endian tables (u8, u32 or f32 per
entry), so nothing here is an object per input. A message's payload travels behind its header in the frame.
``request`` is chosen by the asker and echoed. PROTOCOL.md explains each message; test/vectors/ proves both
languages on the same bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from .codes import CallState, ContainerState, FailureCode, RefusalCode


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a message. Absent optional fields are not written."""


class _Message(_Record, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """A message: its tag travels as the field ``type``."""


# ── connecting


class Hello(_Message, frozen=True, kw_only=True, tag="hello"):
    """Anyone → gateway. The first message on every connection."""

    role: Literal["client", "container", "supervisor"]
    #: ClientId, ContainerId or HostId, by role. The same id again continues (and replaces) the earlier connection.
    id: str
    #: Lowest and highest protocol version this side speaks.
    protocol: tuple[int, int]
    #: Version of the package `farcall`.
    version: str
    #: `major.minor.patch`
    python: str
    #: Container: the leases it still holds, as [lease, first unfinished index].
    held: tuple[tuple[int, int], ...] | None = None


class Welcome(_Message, frozen=True, kw_only=True, tag="welcome"):
    """Gateway → anyone. Answers `hello`."""

    protocol: int
    version: str
    #: Six characters, inside every call id of this store.
    store: str
    #: The store's incarnation; a client that sees another one reads its calls again from the start.
    epoch: str
    #: Container: replaces its single-use token on later connections.
    key: str | None = None
    #: On the same host: where blobs are written and read as files. Else they go by HTTP `PUT/GET /blobs/<id>`.
    blobs: str | None = None


class Failed(_Message, frozen=True, kw_only=True, tag="failed"):
    """Gateway → anyone. A request could not be done, or (`call_id`) a stream that was attached to cannot be read;
    without either it speaks of the connection as a whole.
    """

    request: int | None = None
    call_id: str | None = None
    code: RefusalCode
    message: str


class Goaway(_Message, frozen=True, kw_only=True, tag="goaway"):
    """Gateway → anyone. It is draining; the socket closes soon, come back after `after_ms`."""

    after_ms: int


class Ping(_Message, frozen=True, kw_only=True, tag="ping"):
    """Either way, when nothing else was sent for 5 s; answered with `pong`. A supervisor ships what was printed when it
    gets one.
    """


class Pong(_Message, frozen=True, kw_only=True, tag="pong"):
    """Either way. Answers `ping`."""


# ── functions


class EnvironmentPut(_Message, frozen=True, kw_only=True, tag="environment.put"):
    """Client → gateway. Where a function's containers run: interpreter, folder, variables. Sent before its first
    function.
    """

    environment_id: str
    #: The interpreter, as a path on the client's host; only a gateway on the same host uses it.
    executable: str
    python: str
    cwd: str
    path: tuple[str, ...]
    variables: dict[str, str]


class FunctionSpec(_Record, frozen=True, kw_only=True):
    """What a function asks for. Absent = the default of api.md §1. Times in seconds, memory in MiB."""

    app: str
    name: str
    is_generator: bool
    is_async: bool
    timeout: float
    startup_timeout: float
    max_retries: int
    initial_delay: float
    backoff: float
    max_delay: float
    cpu: float
    memory: int
    #: Ranked choices such as `["H100:2", "A100"]`; `""` as the last one means "else without". Empty: none.
    gpu: tuple[str, ...]
    min_containers: int
    max_containers: int
    buffer_containers: int
    scaledown_window: float
    #: Inputs before a container leaves; 0: no limit.
    max_inputs: int
    #: Modules to import in the zygote before forking, best effort.
    imports: tuple[str, ...]
    secrets: dict[str, str]
    #: Those of `secrets` whose values are kept out of output and tracebacks.
    hidden: tuple[str, ...] = ()


class FunctionPut(_Message, frozen=True, kw_only=True, tag="function.put"):
    """Client → gateway. Makes a version known; sending it again is harmless. Payload: the pickled code."""

    request: int
    function_id: str
    environment_id: str
    spec: FunctionSpec
    blob: str | None = None


class FunctionAccepted(_Message, frozen=True, kw_only=True, tag="function.accepted"):
    """Gateway → client. The version is durable."""

    request: int
    function_id: str


class FunctionReplace(_Message, frozen=True, kw_only=True, tag="function.replace"):
    """Client → gateway. The name now means another version: idle containers of older ones stop at once."""

    app: str
    name: str
    function_id: str


class AutoscalerUpdate(_Message, frozen=True, kw_only=True, tag="autoscaler.update"):
    """Client → gateway. Changes the autoscaler's settings of (app, name); absent = unchanged. Answered by
    `autoscaler.state`.
    """

    request: int
    app: str
    name: str
    min_containers: int | None = None
    max_containers: int | None = None
    buffer_containers: int | None = None
    scaledown_window: float | None = None


class AutoscalerState(_Message, frozen=True, kw_only=True, tag="autoscaler.state"):
    """Gateway → client."""

    request: int
    min_containers: int
    max_containers: int
    buffer_containers: int
    scaledown_window: float


# ── calls


class Parent(_Record, frozen=True, kw_only=True):
    """The running input that opens a call from inside a container."""

    call_id: str
    index: int


class CallOpen(_Message, frozen=True, kw_only=True, tag="call.open"):
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


class CallAccepted(_Message, frozen=True, kw_only=True, tag="call.accepted"):
    """Gateway → client. The call is durable."""

    request: int
    call_id: str


class InputsPut(_Message, frozen=True, kw_only=True, tag="inputs.put"):
    """Client → gateway. A chunk of consecutive inputs of an open call; its payload is their pickles, back to back,
    but for those in blobs.
    """

    call_id: str
    first: int
    count: int
    #: u32 per input: payload bytes, or IN_BLOB.
    lengths: bytes
    blobs: tuple[str, ...] | None = None


class InputsAccepted(_Message, frozen=True, kw_only=True, tag="inputs.accepted"):
    """Gateway → client. Inputs below `through` are durable; gives their credit back."""

    call_id: str
    through: int


class CallSeal(_Message, frozen=True, kw_only=True, tag="call.seal"):
    """Client → gateway. No input comes after `count`. Answered by `call.sealed`."""

    call_id: str
    count: int


class CallSealed(_Message, frozen=True, kw_only=True, tag="call.sealed"):
    """Gateway → client. The seal is durable."""

    call_id: str
    count: int


class CallCancel(_Message, frozen=True, kw_only=True, tag="call.cancel"):
    """Client → gateway. all: queued and running. queued: only what no container holds. Late or repeated is fine.
    Answered by `call.cancelled`.
    """

    request: int
    call_id: str
    scope: Literal["all", "queued"]
    terminate: bool


class CallCancelled(_Message, frozen=True, kw_only=True, tag="call.cancelled"):
    """Gateway → client. The cancel is durable; its outcomes follow on the stream."""

    request: int
    call_id: str


class CallDetach(_Message, frozen=True, kw_only=True, tag="call.detach"):
    """Client → gateway. The call goes on without its client."""

    call_id: str


class CallDerive(_Message, frozen=True, kw_only=True, tag="call.derive"):
    """Client → gateway. A new call over inputs that another call stored, run by `function_id`; index i of it is
    input indexes[i] of `base`. Sealed from the start. Payload: as in `call.open`. Answered by `call.accepted`.
    """

    request: int
    call_id: str
    base: str
    #: u32 per input: its index in `base`. Empty: all that did not succeed, in order.
    indexes: bytes
    function_id: str
    on_failure: Literal["continue", "stop_after", "stop_all"]
    attached: bool
    bindings: dict[str, str]
    sources: dict[str, str]
    origin: str
    blob: str | None = None
    #: W3C trace context of whoever opens it, for those who collect traces.
    traceparent: str | None = None


class CallAsk(_Message, frozen=True, kw_only=True, tag="call.ask"):
    """Client → gateway. Answered by `call.info`."""

    request: int
    call_id: str


class CallList(_Message, frozen=True, kw_only=True, tag="call.list"):
    """Client → gateway. The newest calls first, at most `limit`. Answered by `call.listing`."""

    request: int
    limit: int


class Counts(_Record, frozen=True, kw_only=True):
    """How many inputs are in each state; `retrying` counts queued inputs that already ran."""

    queued: int
    retrying: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    timed_out: int


class CallSummary(_Record, frozen=True, kw_only=True):
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


class CallInfo(_Message, frozen=True, kw_only=True, tag="call.info"):
    """Gateway → client. Answers `call.ask`. For a derived call the payload is its u32 index table."""

    request: int
    call: CallSummary


class CallListing(_Message, frozen=True, kw_only=True, tag="call.listing"):
    """Gateway → client. Answers `call.list`."""

    request: int
    calls: tuple[CallSummary, ...]


# ── outcomes


class CallAttach(_Message, frozen=True, kw_only=True, tag="call.attach"):
    """Client → gateway. Streams the call's outcomes in commit order, from position `after`, until `call.release`."""

    call_id: str
    after: int
    #: Whether `output` (the inputs' stdout and stderr) is wanted as well.
    output: bool


class CallRelease(_Message, frozen=True, kw_only=True, tag="call.release"):
    """Client → gateway. Ends the stream of this call."""

    call_id: str


class Outcomes(_Message, frozen=True, kw_only=True, tag="outcomes"):
    """Gateway → client. The next outcomes of an attached call, positions `seq` … `seq + count`. Payloads over 4
    KiB are not in it: their length is IN_BLOB (there are no `blobs` here) and `outcomes.read` brings them. A
    failed outcome's payload is a Failure (PROTOCOL.md §4).
    """

    call_id: str
    epoch: str
    seq: int
    count: int
    #: u32
    indexes: bytes
    #: u8: an input state
    statuses: bytes
    #: u32
    attempts: bytes
    #: f32: seconds of the last attempt
    seconds: bytes
    #: u32
    lengths: bytes


class OutcomesTaken(_Message, frozen=True, kw_only=True, tag="outcomes.taken"):
    """Client → gateway. Outcomes below `through` are taken; at most 65,536 outcomes or 8 MiB travel untaken."""

    call_id: str
    through: int


class CallEnded(_Message, frozen=True, kw_only=True, tag="call.ended"):
    """Gateway → client. The attached call reached a final state, after its last outcome and the `output` that outcomes
    are known to have.
    """

    call_id: str
    state: CallState
    #: The final number of inputs.
    count: int
    #: Outcomes in the stream, all told.
    seq: int


class OutcomesRead(_Message, frozen=True, kw_only=True, tag="outcomes.read"):
    """Client → gateway. Reads stored outcomes by index, whole. Answered by `outcomes.page`."""

    request: int
    call_id: str
    first: int
    count: int


class OutcomesPage(_Message, frozen=True, kw_only=True, tag="outcomes.page"):
    """Gateway → client. As many of the asked outcomes, in index order, as are final and fit 1 MiB (at least one);
    ask again from the next index.
    """

    request: int
    call_id: str
    indexes: bytes
    statuses: bytes
    attempts: bytes
    seconds: bytes
    lengths: bytes
    blobs: tuple[str, ...] | None = None


class InputsRead(_Message, frozen=True, kw_only=True, tag="inputs.read"):
    """Client → gateway. Reads stored inputs by index. Answered by `inputs.page`."""

    request: int
    call_id: str
    first: int
    count: int


class InputsPage(_Message, frozen=True, kw_only=True, tag="inputs.page"):
    """Gateway → client. Consecutive inputs from `first`; fewer than asked when 1 MiB is full."""

    request: int
    call_id: str
    first: int
    count: int
    lengths: bytes
    blobs: tuple[str, ...] | None = None


class Items(_Message, frozen=True, kw_only=True, tag="items"):
    """Container → gateway, and on to an attached client. Values a generator input yielded, item numbers `first` …;
    payloads back to back.
    """

    call_id: str
    index: int
    attempt: int
    first: int
    lengths: bytes
    blobs: tuple[str, ...] | None = None


class ItemsTaken(_Message, frozen=True, kw_only=True, tag="items.taken"):
    """Client → gateway, and on to the container. Items of this input below `through` are taken; the generator
    pauses 64 items or 8 MiB ahead. 0: send again what is not taken; the gateway says it when a reader attaches.
    """

    call_id: str
    index: int
    through: int


# ── watching


class Watch(_Message, frozen=True, kw_only=True, tag="watch"):
    """Client → gateway. `progress` of this call follows, at most 10 a second and only when it changed, until
    `unwatch` or the end.
    """

    call_id: str


class Unwatch(_Message, frozen=True, kw_only=True, tag="unwatch"):
    """Client → gateway."""

    call_id: str


class FailureGroup(_Record, frozen=True, kw_only=True):
    """One group of equal failures. `examples` are up to three indexes."""

    kind: str
    message: str
    #: `file:line` of the user's innermost frame, or empty.
    where: str
    count: int
    examples: tuple[int, ...]


class Progress(_Message, frozen=True, kw_only=True, tag="progress"):
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


class InputsList(_Message, frozen=True, kw_only=True, tag="inputs.list"):
    """Client → gateway. A page of a call's inputs for a table. Answered by `inputs.rows`."""

    request: int
    call_id: str
    #: Input states to list; empty: all.
    states: tuple[int, ...]
    first: int
    limit: int


class InputRow(_Record, frozen=True, kw_only=True):
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


class InputsRows(_Message, frozen=True, kw_only=True, tag="inputs.rows"):
    """Gateway → client. Answers `inputs.list`; `next` is the index to go on from, or -1."""

    request: int
    rows: tuple[InputRow, ...]
    next: int


class TimingAsk(_Message, frozen=True, kw_only=True, tag="timing.ask"):
    """Client → gateway. How long a call's inputs took, and when its containers worked, so far. Answered by
    `timing.state`.
    """

    request: int
    call_id: str


class SlowInput(_Record, frozen=True, kw_only=True):
    """One of the inputs that took longest."""

    index: int
    state: int
    seconds: float


class Lane(_Record, frozen=True, kw_only=True):
    """One container's work for a call, in bins of time: a digit a bin, ninths of it, 0 only for none; `failed`: bins in
    which an input failed.
    """

    container_id: str
    inputs: int
    busy: str
    failed: tuple[int, ...]


class TimingState(_Message, frozen=True, kw_only=True, tag="timing.state"):
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


class PreviewAsk(_Message, frozen=True, kw_only=True, tag="preview.ask"):
    """Client → gateway → a container, which is brought up if none is. Shows an argument or a result as text; views
    never unpickle. Answered by `preview.made`.
    """

    request: int
    call_id: str
    index: int
    what: Literal["arguments", "result"]


class PreviewMake(_Message, frozen=True, kw_only=True, tag="preview.make"):
    """Gateway → container. The payload is the pickle to show."""

    request: int
    what: Literal["arguments", "result"]
    call_id: str
    blob: str | None = None


class PreviewMade(_Message, frozen=True, kw_only=True, tag="preview.made"):
    """Container → gateway → client. A MIME bundle, text capped at 16 KiB."""

    request: int
    bundle: dict[str, str]


class OutputRead(_Message, frozen=True, kw_only=True, tag="output.read"):
    """Client → gateway. What an input (or, with index -1, the whole call) printed. Answered by `output.page`."""

    request: int
    call_id: str
    index: int
    #: From this byte; at most 256 KiB come back.
    offset: int


class OutputPage(_Message, frozen=True, kw_only=True, tag="output.page"):
    """Gateway → client. Payload: UTF-8 text. `next` is the offset to go on from, -1 at the end of a final call whose
    output is all here.
    """

    request: int
    next: int


class Output(_Message, frozen=True, kw_only=True, tag="output"):
    """Gateway → an attached client that wants output. Payload: text an input printed, each byte once; none: text is on
    its way, and comes before `call.ended`. index -1: no input's.
    """

    call_id: str
    index: int
    stream: Literal["stdout", "stderr"]


class RuntimeAsk(_Message, frozen=True, kw_only=True, tag="runtime.ask"):
    """Client → gateway. Answered by `runtime.state`."""

    request: int


class Gpu(_Record, frozen=True, kw_only=True):
    uuid: str
    name: str
    memory: int
    container_id: str


class ContainerSummary(_Record, frozen=True, kw_only=True):
    container_id: str
    function: str
    function_id: str
    state: ContainerState
    pid: int
    hardware: str
    started_at: float
    inputs: int


class RuntimeState(_Message, frozen=True, kw_only=True, tag="runtime.state"):
    """Gateway → client. Where it runs, what runs in it."""

    request: int
    pid: int
    version: str
    python: str
    started_at: float
    cpus: int
    memory: int
    gpus: tuple[Gpu, ...]
    containers: tuple[ContainerSummary, ...]
    clients: int
    calls_open: int
    #: How containers are kept apart from the gateway's folder.
    isolation: Literal["uid", "bwrap", "none"] = "none"
    #: A sentence for whoever looks: what is not as safe as was asked for. Empty: nothing.
    warning: str = ""


class RuntimeStop(_Message, frozen=True, kw_only=True, tag="runtime.stop"):
    """Client → gateway, admin. Drain and leave; containers go too unless `keep`."""

    keep: bool


class TokenMake(_Message, frozen=True, kw_only=True, tag="token.make"):
    """Client → gateway, admin. A token for someone else; worth nothing after `seconds`, 0: until it is revoked.

    Answered by `token.made`.
    """

    request: int
    name: str
    """Whose it is, in words."""
    scope: Literal["client", "admin"]
    seconds: float


class TokenSummary(_Record, frozen=True, kw_only=True):
    """One token, without the token. ``expires_at``: Unix seconds, 0: never."""

    token_id: str
    name: str
    scope: Literal["client", "admin"]
    made_at: float
    expires_at: float


class TokenMade(_Message, frozen=True, kw_only=True, tag="token.made"):
    """Gateway → client. The only time the token is told; what is kept is its hash."""

    request: int
    token: str
    summary: TokenSummary


class TokenList(_Message, frozen=True, kw_only=True, tag="token.list"):
    """Client → gateway, admin. Answered by `token.listing`."""

    request: int


class TokenListing(_Message, frozen=True, kw_only=True, tag="token.listing"):
    """Gateway → client. The tokens that were made and neither expired nor revoked; the gateway's own is not among
    them.
    """

    request: int
    tokens: tuple[TokenSummary, ...]


class TokenRevoke(_Message, frozen=True, kw_only=True, tag="token.revoke"):
    """Client → gateway, admin. What is connected by it is closed with 4401. Answered by `token.revoked`."""

    request: int
    token_id: str


class TokenRevoked(_Message, frozen=True, kw_only=True, tag="token.revoked"):
    """Gateway → client."""

    request: int
    token_id: str


class StoreExpire(_Message, frozen=True, kw_only=True, tag="store.expire"):
    """Client → gateway, admin. Calls that ended more than `seconds` ago go now, and files that belong to none.

    `pretend`: nothing goes, the answer says what would. Answered by `store.expired`.
    """

    request: int
    seconds: float
    pretend: bool


class StoreExpired(_Message, frozen=True, kw_only=True, tag="store.expired"):
    """Gateway → client. How many calls went (`pretend`: would go), the first of them by name, and the payload bytes
    that are left.
    """

    request: int
    count: int
    calls: tuple[str, ...]
    bytes: int


class StoreCopy(_Message, frozen=True, kw_only=True, tag="store.copy"):
    """Client → gateway, admin. Copies the store as it is now, payloads and what calls printed included, into a new
    folder on the gateway's machine, while work goes on. Answered by `store.copied`.
    """

    request: int
    folder: str


class StoreCopied(_Message, frozen=True, kw_only=True, tag="store.copied"):
    """Gateway → client. The copy is whole: a gateway started with that folder as its home has all of it."""

    request: int
    folder: str
    files: int
    bytes: int


# ── containers


class FunctionLoad(_Message, frozen=True, kw_only=True, tag="function.load"):
    """Gateway → container. The code it runs; sent once, after `welcome`. Payload: the pickled code."""

    function_id: str
    spec: FunctionSpec
    blob: str | None = None


class ContainerReady(_Message, frozen=True, kw_only=True, tag="container.ready"):
    """Container → gateway. The code is loaded and inputs may come; or it is not, and `failed_start` explains."""

    container_id: str


class ContainerBroken(_Message, frozen=True, kw_only=True, tag="container.broken"):
    """Container → gateway. The code cannot be loaded: the payload is a Failure. The container leaves by itself."""

    container_id: str


class CallLoad(_Message, frozen=True, kw_only=True, tag="call.load"):
    """Gateway → container. What all inputs of a call share; before its first lease there. Payload: as in
    `call.open`.
    """

    call_id: str
    bindings: dict[str, str]
    sources: dict[str, str]
    blob: str | None = None
    #: W3C trace context for what its inputs do.
    traceparent: str | None = None


class CallForget(_Message, frozen=True, kw_only=True, tag="call.forget"):
    """Gateway → container. The call will not come back here; its shared values may go."""

    call_id: str


class InputsRun(_Message, frozen=True, kw_only=True, tag="inputs.run"):
    """Gateway → container. Run inputs [first, first + count) of a call, one after the other. `lease` counts up per
    container.
    """

    lease: int
    call_id: str
    first: int
    count: int
    attempt: int
    lengths: bytes
    blobs: tuple[str, ...] | None = None


#: [index, stream (1 out, 2 err), start, end]: bytes of the container's output files that one input wrote. Only
#: non-empty ones.
OutputSpan = tuple[int, int, int, int]


class FailureSummary(_Record, frozen=True, kw_only=True):
    """A failed outcome in short, so that views can group without unpickling. `where`: `file:line` of the user's
    innermost frame.
    """

    index: int
    code: FailureCode
    kind: str
    message: str
    where: str


class OutcomesPut(_Message, frozen=True, kw_only=True, tag="outcomes.put"):
    """Container → gateway. Outcomes of one lease, in the order they came about. Kept by the container until
    `outcomes.acknowledged`.
    """

    #: Counts up from 1 per container.
    seq: int
    lease: int
    call_id: str
    indexes: bytes
    statuses: bytes
    attempt: int
    seconds: bytes
    lengths: bytes
    blobs: tuple[str, ...] | None = None
    failures: tuple[FailureSummary, ...] | None = None
    spans: tuple[OutputSpan, ...] | None = None
    #: Nothing of this lease is left here: all was run, or skipped because it was revoked or cancelled.
    ended: bool


class OutcomesAcknowledged(_Message, frozen=True, kw_only=True, tag="outcomes.acknowledged"):
    """Gateway → container. Batches up to `through` are committed (or known already) and may be forgotten."""

    through: int


class ContainerWaiting(_Message, frozen=True, kw_only=True, tag="container.waiting"):
    """Container → gateway. Its input waits for a call of its own (`waiting`), or goes on. Answered, when it
    begins, by `leases.revoked`.
    """

    waiting: bool


class LeasesRevoked(_Message, frozen=True, kw_only=True, tag="leases.revoked"):
    """Gateway → container. All unstarted inputs of leases up to `through` are given to others; only the running
    input is kept.
    """

    through: int


class Drain(_Message, frozen=True, kw_only=True, tag="drain"):
    """Gateway → container. Finish what is held, then leave."""


# ── hosts


class HostState(_Message, frozen=True, kw_only=True, tag="host.state"):
    """Supervisor → gateway. What the host has; after `welcome`, with the containers it still owns."""

    cpus: int
    #: MiB
    memory: int
    gpus: tuple[Gpu, ...]
    containers: tuple[str, ...]


class Heartbeat(_Message, frozen=True, kw_only=True, tag="heartbeat"):
    """Supervisor → gateway. Every 5 s; dead at 20 s."""

    #: Containers that are stopped (SIGSTOP) or otherwise not running.
    stopped: tuple[str, ...]


class ContainerStart(_Message, frozen=True, kw_only=True, tag="container.start"):
    """Gateway → supervisor. Start a container; again for the same id = no-op."""

    container_id: str
    function_id: str
    #: Single use; the container's `hello` is authenticated by it.
    token: str
    executable: str
    cwd: str
    path: tuple[str, ...]
    variables: dict[str, str]
    imports: tuple[str, ...]
    environment_id: str
    #: MiB; 0: no limit.
    memory: int
    #: UUIDs for CUDA_VISIBLE_DEVICES.
    gpus: tuple[str, ...]
    startup_timeout: float
    #: Those of `variables` whose values are kept out of output.
    hidden: tuple[str, ...] = ()


class ContainerStarted(_Message, frozen=True, kw_only=True, tag="container.started"):
    """Supervisor → gateway. The process exists."""

    container_id: str
    pid: int
    starter: Literal["fork", "spawn"]


class ContainerExited(_Message, frozen=True, kw_only=True, tag="container.exited"):
    """Supervisor → gateway. The process is gone; `lease`, `index` name the input it was running (lease 0: none)."""

    container_id: str
    reason: Literal["exited", "signal", "timeout", "cancelled", "memory", "stopped", "start"]
    #: Exit code, or minus the signal.
    code: int
    lease: int
    index: int
    #: What there is to say: last lines of stderr for a failed start, limit and peak for memory.
    detail: str


class ContainerStop(_Message, frozen=True, kw_only=True, tag="container.stop"):
    """Gateway → supervisor. Idempotent; an unknown id is fine."""

    container_id: str
    how: Literal["drain", "kill"]


class LeaseRevoke(_Message, frozen=True, kw_only=True, tag="lease.revoke"):
    """Gateway → supervisor. Start no input of the lease from index `first` on. Answered by `lease.revoked`."""

    container_id: str
    lease: int
    first: int


class LeaseRevoked(_Message, frozen=True, kw_only=True, tag="lease.revoked"):
    """Supervisor → gateway. Inputs of the lease from `first` on are not and will not be started there; `first` may
    be later than asked.
    """

    container_id: str
    lease: int
    first: int


class LeaseCancel(_Message, frozen=True, kw_only=True, tag="lease.cancel"):
    """Gateway → supervisor. As `lease.revoke`, and the running input is interrupted if it is one of them; killed
    after the grace. Not answered.
    """

    container_id: str
    lease: int
    first: int
    grace_ms: int


class OutputPut(_Message, frozen=True, kw_only=True, tag="output.put"):
    """Supervisor → gateway. The next bytes of a container's output file, from `offset`; payload: the bytes. lease
    0: written before or between inputs.
    """

    container_id: str
    stream: Literal[1, 2]
    offset: int
    #: The input that was running when the bytes were seen, if they are certainly its own.
    lease: int
    index: int


Message = (
    Hello
    | Welcome
    | Failed
    | Goaway
    | Ping
    | Pong
    | EnvironmentPut
    | FunctionPut
    | FunctionAccepted
    | FunctionReplace
    | AutoscalerUpdate
    | AutoscalerState
    | CallOpen
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
    | Outcomes
    | OutcomesTaken
    | CallEnded
    | OutcomesRead
    | OutcomesPage
    | InputsRead
    | InputsPage
    | Items
    | ItemsTaken
    | Watch
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
    | RuntimeAsk
    | RuntimeState
    | RuntimeStop
    | TokenMake
    | TokenMade
    | TokenList
    | TokenListing
    | TokenRevoke
    | TokenRevoked
    | StoreExpire
    | StoreExpired
    | StoreCopy
    | StoreCopied
    | FunctionLoad
    | ContainerReady
    | ContainerBroken
    | CallLoad
    | CallForget
    | InputsRun
    | OutcomesPut
    | OutcomesAcknowledged
    | ContainerWaiting
    | LeasesRevoked
    | Drain
    | HostState
    | Heartbeat
    | ContainerStart
    | ContainerStarted
    | ContainerExited
    | ContainerStop
    | LeaseRevoke
    | LeaseRevoked
    | LeaseCancel
    | OutputPut
)
