"""Operations: what is running here, whose tokens are good, what may be dropped, a copy of the store."""

from __future__ import annotations

from typing import Literal

from ..codes import ContainerState
from .record import Record, Tagged


class RuntimeAsk(Tagged, frozen=True, kw_only=True, tag="runtime.ask"):
    """Client → gateway. Answered by `runtime.state`."""

    request: int


class Gpu(Record, frozen=True, kw_only=True):
    uuid: str
    name: str
    memory: int
    container_id: str


class ContainerSummary(Record, frozen=True, kw_only=True):
    container_id: str
    function: str
    function_id: str
    state: ContainerState
    pid: int
    hardware: str
    started_at: float
    inputs: int


class RuntimeState(Tagged, frozen=True, kw_only=True, tag="runtime.state"):
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


class RuntimeStop(Tagged, frozen=True, kw_only=True, tag="runtime.stop"):
    """Client → gateway, admin. Drain and leave; containers go too unless `keep`."""

    keep: bool


class TokenMake(Tagged, frozen=True, kw_only=True, tag="token.make"):
    """Client → gateway, admin. A token for someone else; worth nothing after `seconds`, 0: until it is revoked.

    Answered by `token.made`.
    """

    request: int
    name: str
    """Whose it is, in words."""
    scope: Literal["client", "admin"]
    seconds: float


class TokenSummary(Record, frozen=True, kw_only=True):
    """One token, without the token. ``expires_at``: Unix seconds, 0: never."""

    token_id: str
    name: str
    scope: Literal["client", "admin"]
    made_at: float
    expires_at: float


class TokenMade(Tagged, frozen=True, kw_only=True, tag="token.made"):
    """Gateway → client. The only time the token is told; what is kept is its hash."""

    request: int
    token: str
    summary: TokenSummary


class TokenList(Tagged, frozen=True, kw_only=True, tag="token.list"):
    """Client → gateway, admin. Answered by `token.listing`."""

    request: int


class TokenListing(Tagged, frozen=True, kw_only=True, tag="token.listing"):
    """Gateway → client. The tokens that were made and neither expired nor revoked; the gateway's own is not among
    them.
    """

    request: int
    tokens: tuple[TokenSummary, ...]


class TokenRevoke(Tagged, frozen=True, kw_only=True, tag="token.revoke"):
    """Client → gateway, admin. What is connected by it is closed with 4401. Answered by `token.revoked`."""

    request: int
    token_id: str


class TokenRevoked(Tagged, frozen=True, kw_only=True, tag="token.revoked"):
    """Gateway → client."""

    request: int
    token_id: str


class StoreExpire(Tagged, frozen=True, kw_only=True, tag="store.expire"):
    """Client → gateway, admin. Calls that ended more than `seconds` ago go now, and files that belong to none.

    `pretend`: nothing goes, the answer says what would. Answered by `store.expired`.
    """

    request: int
    seconds: float
    pretend: bool


class StoreExpired(Tagged, frozen=True, kw_only=True, tag="store.expired"):
    """Gateway → client. How many calls went (`pretend`: would go), the first of them by name, and the payload bytes
    that are left.
    """

    request: int
    count: int
    calls: tuple[str, ...]
    bytes: int
    #: Images that went, and the bytes of those that are left.
    images: tuple[str, ...] = ()
    image_bytes: float = 0.0


class StoreCopy(Tagged, frozen=True, kw_only=True, tag="store.copy"):
    """Client → gateway, admin. Copies the store as it is now, payloads and what calls printed included, into a new
    folder on the gateway's machine, while work goes on. Answered by `store.copied`.
    """

    request: int
    folder: str


class StoreCopied(Tagged, frozen=True, kw_only=True, tag="store.copied"):
    """Gateway → client. The copy is whole: a gateway started with that folder as its home has all of it."""

    request: int
    folder: str
    files: int
    bytes: int


OperationMessage = (
    RuntimeAsk
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
)
