"""Containers: the code and calls they are given, the leases they hold, the outcomes they bring."""

from __future__ import annotations

from ..codes import FailureCode
from .functions import FunctionSpec
from .record import Record, Tagged


class FunctionLoad(Tagged, frozen=True, kw_only=True, tag="function.load"):
    """Gateway → container. The code it runs; sent once, after `welcome`. Payload: the pickled code."""

    function_id: str
    spec: FunctionSpec
    blob: str | None = None


class ContainerReady(Tagged, frozen=True, kw_only=True, tag="container.ready"):
    """Container → gateway. The code is loaded and inputs may come; or it is not, and `failed_start` explains."""

    container_id: str


class ContainerBroken(Tagged, frozen=True, kw_only=True, tag="container.broken"):
    """Container → gateway. The code cannot be loaded: the payload is a Failure. The container leaves by itself."""

    container_id: str


class CallLoad(Tagged, frozen=True, kw_only=True, tag="call.load"):
    """Gateway → container. What all inputs of a call share; before its first lease there. Payload: as in
    `call.open`.
    """

    call_id: str
    bindings: dict[str, str]
    sources: dict[str, str]
    blob: str | None = None
    #: W3C trace context for what its inputs do.
    traceparent: str | None = None


class CallForget(Tagged, frozen=True, kw_only=True, tag="call.forget"):
    """Gateway → container. The call will not come back here; its shared values may go."""

    call_id: str


class InputsRun(Tagged, frozen=True, kw_only=True, tag="inputs.run"):
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


class FailureSummary(Record, frozen=True, kw_only=True):
    """A failed outcome in short, so that views can group without unpickling. `where`: `file:line` of the user's
    innermost frame.
    """

    index: int
    code: FailureCode
    kind: str
    message: str
    where: str


class OutcomesPut(Tagged, frozen=True, kw_only=True, tag="outcomes.put"):
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


class OutcomesAcknowledged(Tagged, frozen=True, kw_only=True, tag="outcomes.acknowledged"):
    """Gateway → container. Batches up to `through` are committed (or known already) and may be forgotten."""

    through: int


class ContainerWaiting(Tagged, frozen=True, kw_only=True, tag="container.waiting"):
    """Container → gateway. Its input waits for a call of its own (`waiting`), or goes on. Answered, when it
    begins, by `leases.revoked`. One that runs several: all of them wait.
    """

    waiting: bool
    #: Of several: it stands still, and has begun nothing of leases after this one. Only this is answered.
    newest: int | None = None


class LeasesRevoked(Tagged, frozen=True, kw_only=True, tag="leases.revoked"):
    """Gateway → container. All unstarted inputs of leases up to `through` are given to others; only the running
    input is kept.
    """

    through: int


class Drain(Tagged, frozen=True, kw_only=True, tag="drain"):
    """Gateway → container. Finish what is held, then leave."""


ContainerMessage = (
    FunctionLoad
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
)
