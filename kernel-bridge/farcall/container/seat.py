"""What a runner of several inputs is given of the container's loop: the connection, the leases, and a way to wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..wire.control_page import ContainerPage
from ..wire.messages import FunctionSpec
from .batch import Batch
from .function import Prepared
from .lease import Lease
from .leases import Leases
from .link import Dismissed, Link
from .lookout import Lookout
from .nested import Nested
from .streams import Streams


class Serving(Protocol):
    """The loop, as runners use it."""

    @property
    def is_done(self) -> bool:
        """The container leaves."""

    def serve(self) -> None:
        """Act on the page and on what has arrived. Does not block."""

    def heed(self) -> None:
        """Act on the control page."""

    def wait(self, limit: float | None = None) -> None:
        """Until something arrives, a signal comes, it is time to connect, or ``limit`` seconds have passed."""

    def end_unstarted(self) -> None:
        """Say of leases that were revoked as a whole that they are over."""

    def put(self, batch: Batch, lease: Lease, *, ended: bool) -> None:
        """Send outcomes of one lease."""

    def take_one(self) -> None:
        """One more input has begun, of the `max_inputs` that may."""

    @property
    def is_spent(self) -> bool:
        """`max_inputs` have begun."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A runner's place in the loop."""

    loop: Serving
    spec: FunctionSpec
    page: ContainerPage
    link: Link
    leases: Leases
    streams: Streams
    nested: Nested
    calls: dict[str, Prepared]
    lookout: Lookout

    def prepared(self, call_id: str) -> Prepared:
        """The call of a lease, which came before it."""
        prepared = self.calls.get(call_id)
        if prepared is None:
            raise Dismissed(f"inputs of {call_id} came before the call")
        return prepared

    @property
    def may_start(self) -> bool:
        """Whether anything may begin now."""
        return not self.nested.owed and not self.link.journal.is_full and not self.loop.is_spent
