"""The functions of this process by app and name: what a name means now, after its cell ran again.

Decorators put functions in, `Results.resume` asks. Held weakly: a function that nobody has any more is gone from here.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from .errors import NotFoundError, compose

if TYPE_CHECKING:
    from .function import Function

_newest: weakref.WeakValueDictionary[str, Function[Any, Any]] = weakref.WeakValueDictionary()


def put(function: Function[Any, Any]) -> None:
    """From now on its name means this function."""
    _newest[function.full_name] = function


def as_now(function: Function[Any, Any]) -> Function[Any, Any]:
    """The function that its name means now, with the options that :meth:`Function.with_options` gave it."""
    newest = _newest.get(function.full_name)
    if newest is None or newest is function:
        return function
    return newest if function.given is None else newest.with_options(**function.given)


def all_names() -> list[tuple[str, str]]:
    """App and name of every function there is now."""
    return [(function.app_name, function.name) for function in list(_newest.values())]


def named(app: str, name: str) -> Function[Any, Any]:
    """The function of that name. Raises ``NotFoundError`` when nothing here defined it."""
    found = _newest.get(f"{app}/{name}")
    if found is None:
        of_app = f" of app {app!r}" if app else ""
        happened = f"no function {name!r}{of_app} is defined in this process"
        raise NotFoundError(compose(happened, do="Run the cell that defines it, then resume"))
    return found
