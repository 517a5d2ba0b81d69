"""Connecting: who is there, who answers, and what is wrong with the connection."""

from __future__ import annotations

from typing import Literal

from ..codes import RefusalCode
from .record import Tagged


class Hello(Tagged, frozen=True, kw_only=True, tag="hello"):
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


class Welcome(Tagged, frozen=True, kw_only=True, tag="welcome"):
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
    #: Container: it was away for so long that its leases up to this one were given to others; nothing more of them
    #: starts.
    revoked: int | None = None


class Failed(Tagged, frozen=True, kw_only=True, tag="failed"):
    """Gateway → anyone. A request could not be done, (`call_id`) a stream that was attached to cannot be read, or
    (`inputs_of`) inputs or the seal of that call were not taken; without any it speaks of the connection as a whole.
    """

    request: int | None = None
    call_id: str | None = None
    inputs_of: str | None = None
    code: RefusalCode
    message: str


class Goaway(Tagged, frozen=True, kw_only=True, tag="goaway"):
    """Gateway → anyone. It is draining; the socket closes soon, come back after `after_ms`."""

    after_ms: int


class Ping(Tagged, frozen=True, kw_only=True, tag="ping"):
    """Either way, when nothing else was sent for 5 s; answered with `pong`. A supervisor ships what was printed when it
    gets one.
    """


class Pong(Tagged, frozen=True, kw_only=True, tag="pong"):
    """Either way. Answers `ping`."""


ConnectingMessage = Hello | Welcome | Failed | Goaway | Ping | Pong
