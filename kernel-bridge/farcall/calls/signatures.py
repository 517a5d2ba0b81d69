"""Signatures as the wire has them, for those who know a function or a method by its name only: columns bind to them.

Defaults stay where the code is; that a parameter has one is told.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

#: Name, kind (`inspect.Parameter.kind`) and whether it has a default, of each parameter.
Told = tuple[tuple[str, int, bool], ...]

_ANY: Told = (("args", 2, False), ("kwargs", 4, False))
_KINDS = {
    int(kind): kind
    for kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.VAR_KEYWORD,
    )
}


def told(function: Callable[..., Any]) -> Told:
    """What others are told of its parameters; of one that has no readable signature, that it takes anything."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return _ANY
    return tuple((one.name, int(one.kind), one.default is not one.empty) for one in found)


def signature_of(parameters: Iterable[tuple[str, int, bool]]) -> inspect.Signature:
    """The signature that was told."""
    return inspect.Signature(
        [
            inspect.Parameter(name, _KINDS[kind], default=... if optional else inspect.Parameter.empty)
            for name, kind, optional in parameters
        ]
    )


def stand_in(name: str, signature: inspect.Signature) -> Callable[..., Any]:
    """Something with that signature, to bind columns to; calling it is an error."""

    def named(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    named.__name__ = name
    named.__signature__ = signature  # type: ignore[attr-defined]
    return named
