"""From refusals and lost connections to the exceptions a caller sees."""

from __future__ import annotations

from .. import errors
from ..wire.connection import ConnectionLost
from ..wire.messages import Failed

_REFUSED: dict[str, type[errors.Error]] = {
    "request.invalid": errors.InvalidError,
    "request.unsupported": errors.VersionError,
    "not.found": errors.NotFoundError,
    "not.allowed": errors.AuthError,
    "call.foreign": errors.NotFoundError,
    "call.closed": errors.InvalidError,
    "resource.exhausted": errors.ResourceExhaustedError,
    "resource.impossible": errors.ResourceExhaustedError,
    "output.expired": errors.OutputExpiredError,
    "version.python": errors.VersionError,
    "gateway.closing": errors.ConnectionError,
}


_HERE = "`farcall status` says more"
_ELSEWHERE = "Start one there with `farcall serve`, or unset FARCALL_URL to run on this machine"


def of_refusal(failed: Failed) -> errors.Error:
    """What a refused request raises."""
    return _REFUSED.get(failed.code, errors.Error)(failed.message or failed.code)


def of_loss(lost: ConnectionLost, url: str) -> errors.Error:
    """What a connection that will not come back raises."""
    if lost.code in (401, 403, 4401):
        return errors.AuthError(
            errors.compose(
                f"the gateway at {url} did not accept the token",
                do="Set FARCALL_TOKEN to the token that `farcall serve` names, or unset FARCALL_URL",
            )
        )
    if lost.code == 4406:
        return errors.VersionError(
            errors.compose(
                f"this farcall and the gateway at {url} have no protocol version in common",
                got=lost.reason,
                do="Install the same farcall on both sides; `farcall stop` ends an older gateway on this machine",
            )
        )
    if lost.code == 4400:
        return errors.ConnectionError(f"the gateway at {url} closed the connection: {lost.reason or 'protocol error'}")
    happened = f"the gateway at {url} cannot be reached: {lost.reason or lost}"
    return errors.ConnectionError(errors.compose(happened, do=_ELSEWHERE if "://" in url else _HERE))


def is_final(lost: ConnectionLost) -> bool:
    """Whether coming back would not help."""
    return lost.code in (401, 403) or 4400 <= lost.code < 4500
