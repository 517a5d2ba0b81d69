"""The functions of this process by app and name: what a name means now, after its cell ran again.

Decorators put functions in, `Results.resume` asks. Held weakly: a function that nobody has any more is gone from here.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from ..errors import NotFoundError, compose

if TYPE_CHECKING:
    from ..classes.cls import Cls
    from ..classes.instance import Obj
    from ..function import Function
    from ..wire.messages import CallSummary

_newest: weakref.WeakValueDictionary[str, Function[Any, Any]] = weakref.WeakValueDictionary()
_classes: weakref.WeakValueDictionary[str, Cls[Any]] = weakref.WeakValueDictionary()
_objects: weakref.WeakValueDictionary[str, Obj] = weakref.WeakValueDictionary()


def put(function: Function[Any, Any]) -> None:
    """From now on its name means this function."""
    _newest[function.full_name] = function


def as_now(function: Function[Any, Any]) -> Function[Any, Any]:
    """The function that its name means now, with what :meth:`Function.with_options` and its like gave it."""
    if hasattr(function, "newest"):  # a method of a class: the class may have changed
        return function.newest()  # type: ignore[no-any-return]
    newest = _newest.get(function.full_name)
    if newest is None or newest is function:
        return function
    if function.given is None:
        return newest
    given = dict(function.given)
    manner = given.pop("manner", None)
    now = newest.with_options(**given)
    return now if manner is None else now.taking(manner)


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


def of_call(call: CallSummary) -> Function[Any, Any]:
    """The function of a call, or the method of the instance. Raises ``NotFoundError`` when it is not defined here."""
    if call.pool is None:
        return named(call.app, call.name)
    return method_named(call.app, call.pool, call.name.rpartition(".")[2])


def put_class(cls: Cls[Any]) -> None:
    """From now on its name means this class."""
    _classes[cls.full_name] = cls


def class_as_now(cls: Cls[Any]) -> Cls[Any]:
    """The class that its name means now, with what :meth:`Cls.with_options` and its like gave it."""
    newest = _classes.get(cls.full_name)
    if newest is None or newest is cls:
        return cls
    return newest if cls.given is None else newest.given_as(cls.given)


def put_object(pool: str, obj: Obj) -> None:
    """The instance that calls under that name (`app/Class#hash`) came from."""
    _objects[pool] = obj


def method_named(app: str, pool: str, method: str) -> Function[Any, Any]:
    """The method of the instance that is called so. Raises ``NotFoundError`` when nothing here made it."""
    obj = _objects.get(f"{app}/{pool}")
    if obj is None:
        happened = f"no instance of the class {pool.partition('#')[0]!r} with these parameters is known in this process"
        raise NotFoundError(compose(happened, do="Run the cell that makes it, then resume"))
    found: Function[Any, Any] = as_now(getattr(obj, method))
    return found
