"""Which gateway this process uses: a container's own, one that was chosen, $FARCALL_URL's, or the embedded one."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass

from .. import errors
from . import embedded
from .embedded import Address

#: A container's gateway may be away for so long before calls from inside the container fail.
_AWAY_S = 60.0


@dataclass(frozen=True)
class Place:
    """A way to a gateway. Without ``url``: the embedded one of ``home``, started when it does not run."""

    url: str = ""
    token: str = ""
    home: str | None = None
    tls: ssl.SSLContext | None = None
    #: How long the first connection waits for a gateway that does not answer, in seconds.
    patience: float = 0.0

    @property
    def is_embedded(self) -> bool:
        """Whether it runs on this machine, for this user, and is started at need."""
        return not self.url

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.url or str(embedded.home_folder(self.home))

    def address(self) -> Address:
        """Where it listens now. Starts the embedded gateway, or raises :class:`~farcall.client.embedded.StartError`."""
        return Address(self.url, self.token) if self.url else embedded.ensure(self.home)


_chosen: Place | None = None


def choose(place: Place | None) -> Place | None:
    """Use ``place`` for sessions made from now on; None: what the environment says. Returns the earlier choice."""
    global _chosen
    before, _chosen = _chosen, place
    return before


def default_place() -> Place:
    """The gateway of this process. Raises ``AuthError`` when $FARCALL_URL comes without $FARCALL_TOKEN."""
    inside = _container_address()
    if inside is not None:
        return Place(*inside, patience=_AWAY_S)  # it was there when the container came up, and will be again
    if _chosen is not None:
        return _chosen
    url = os.environ.get("FARCALL_URL", "")
    if not url:
        return Place()
    token = os.environ.get("FARCALL_TOKEN", "")
    if not token:
        raise errors.AuthError(
            errors.compose(f"FARCALL_URL names {url} but FARCALL_TOKEN is not set", do="Set it to that gateway's token")
        )
    return Place(url, token)


def _container_address() -> tuple[str, str] | None:
    try:
        from .. import context
    except ImportError:
        return None
    return context.container_address()
