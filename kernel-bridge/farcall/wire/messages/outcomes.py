"""Outcomes and items: streamed to who attached, and read again by index."""

from __future__ import annotations

from ..codes import CallState
from .record import Tagged


class Outcomes(Tagged, frozen=True, kw_only=True, tag="outcomes"):
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


class OutcomesTaken(Tagged, frozen=True, kw_only=True, tag="outcomes.taken"):
    """Client → gateway. Outcomes below `through` are taken; at most 65,536 outcomes or 8 MiB travel untaken."""

    call_id: str
    through: int


class CallEnded(Tagged, frozen=True, kw_only=True, tag="call.ended"):
    """Gateway → client. The attached call reached a final state, after its last outcome and the `output` that outcomes
    are known to have.
    """

    call_id: str
    state: CallState
    #: The final number of inputs.
    count: int
    #: Outcomes in the stream, all told.
    seq: int


class OutcomesRead(Tagged, frozen=True, kw_only=True, tag="outcomes.read"):
    """Client → gateway. Reads stored outcomes by index, whole. Answered by `outcomes.page`."""

    request: int
    call_id: str
    first: int
    count: int


class OutcomesPage(Tagged, frozen=True, kw_only=True, tag="outcomes.page"):
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


class InputsRead(Tagged, frozen=True, kw_only=True, tag="inputs.read"):
    """Client → gateway. Reads stored inputs by index. Answered by `inputs.page`."""

    request: int
    call_id: str
    first: int
    count: int


class InputsPage(Tagged, frozen=True, kw_only=True, tag="inputs.page"):
    """Gateway → client. Consecutive inputs from `first`; fewer than asked when 1 MiB is full."""

    request: int
    call_id: str
    first: int
    count: int
    lengths: bytes
    blobs: tuple[str, ...] | None = None


class Items(Tagged, frozen=True, kw_only=True, tag="items"):
    """Container → gateway, and on to an attached client. Values a generator input yielded, item numbers `first` …;
    payloads back to back.
    """

    call_id: str
    index: int
    attempt: int
    first: int
    lengths: bytes
    blobs: tuple[str, ...] | None = None


class ItemsTaken(Tagged, frozen=True, kw_only=True, tag="items.taken"):
    """Client → gateway, and on to the container. Items of this input below `through` are taken; the generator
    pauses 64 items or 8 MiB ahead. 0: send again what is not taken; the gateway says it when a reader attaches.
    """

    call_id: str
    index: int
    through: int


OutcomeMessage = (
    Outcomes | OutcomesTaken | CallEnded | OutcomesRead | OutcomesPage | InputsRead | InputsPage | Items | ItemsTaken
)
