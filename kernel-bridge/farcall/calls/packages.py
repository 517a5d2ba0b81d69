"""Before the first call on a far machine: the packages that a function uses, compared with those that are there.

What differs is a warning, a line each; what is missing is an error only where the function could not be read there.
Containers on this machine have this environment, those in an image what it has: nothing is compared for them.
"""

from __future__ import annotations

import functools
import importlib.metadata
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .. import context, errors
from ..client.session import Session
from ..errors import VersionError, compose
from ..versions.version import Version
from ..wire.messages import PackagesAsk, PackagesState

#: What every container has, of which version is its own business.
_OURS = frozenset(("cloudpickle", "farcall", "msgspec", "narwhals"))
_ASK_S = 60.0

#: (session, environment, modules) → what is there of them.
_told: dict[tuple[str, str, tuple[str, ...]], Mapping[str, str] | None] = {}


class Difference(NamedTuple):
    """One package. ``there`` is empty where it is missing."""

    module: str
    here: str
    there: str


def compare_with(session: Session, name: str, described: Version, environment_id: str) -> None:
    """Say what differs for a function without an image that is about to be sent.

    Raises:
        VersionError: a module that the function refers to is not there.
    """
    if session.place.is_embedded or not described.imports or not context.is_local():
        return
    there = _there(session, environment_id, described.imports)
    if there is None:
        return
    for found in differences(described.imports, _here(), there):
        if found.there:
            warnings.warn(f"{name} uses {found.here} here, {found.there} on the gateway's host", stacklevel=2)
        elif found.module in described.modules:
            wants = found.here.replace(" ", "==") or found.module
            do = f'Give it image=farcall.Image.debian_slim().pip_install("{wants}"), or install it there'
            raise VersionError(compose(f"{name} uses {found.module}, which the gateway's host has not", do=do))
        else:
            warnings.warn(f"{name} imports {found.module}, which the gateway's host has not", stacklevel=2)


def differences(modules: Iterable[str], here: Mapping[str, str], there: Mapping[str, str]) -> Iterator[Difference]:
    """The modules whose packages are others there, or missing; each `distribution version`."""
    for module in sorted({module.partition(".")[0] for module in modules} - _OURS):
        ours, theirs = here.get(module, ""), there.get(module)
        if theirs is None or (ours and theirs and ours != theirs):
            yield Difference(module, ours, theirs or "")


def _there(session: Session, environment_id: str, imports: Iterable[str]) -> Mapping[str, str] | None:
    """What is found there of the modules; None: the gateway does not say, or they are this process's own."""
    modules = tuple(sorted({module.partition(".")[0] for module in imports} - _OURS))
    key = (session.id, environment_id, modules)
    if key not in _told:
        message = PackagesAsk(request=0, environment_id=environment_id, modules=modules)
        try:
            state = session.ask(message, PackagesState, timeout=_ASK_S)
        except (errors.Error, TimeoutError):
            _told[key] = None  # it is older than this question
        else:
            _told[key] = state.packages if state.known else None
    return _told[key]


@functools.cache
def _here() -> dict[str, str]:
    found: dict[str, str] = {}
    for module, distributions in importlib.metadata.packages_distributions().items():
        try:
            found[module] = f"{distributions[0]} {importlib.metadata.version(distributions[0])}"
        except (importlib.metadata.PackageNotFoundError, IndexError):
            continue
    return found
