"""`Cls.from_name`: a class of an app that was deployed, or runs in some other process, known by its name.

What the name means is asked at the first use of an instance, as for functions (named.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..classes.blueprint import Schema
from ..classes.cls import Cls
from ..classes.pool import VariedPool
from ..errors import InvalidError, NotFoundError, compose
from ..functions.scaling import Scaled
from ..manner import Manner
from .named import NamedFunction


class NamedClass:
    """Where such a class is (`classes.Origin`)."""

    def __init__(self, base: NamedFunction) -> None:
        self._base = base
        self._known: tuple[str, Schema] | None = None

    def schema(self) -> Schema:
        """Its methods and parameters; asks what the name means. Raises ``NotFoundError``."""
        packed = self._base.meant().schema
        if not packed:
            happened = f"{self._base.name!r} of the app {self._base.app_name!r} is a function, not a class"
            raise NotFoundError(compose(happened, do="Use farcall.Function.from_name"))
        if self._known is None or self._known[0] != packed:
            self._known = packed, Schema.unpacked(packed)
        return self._known[1]

    def pool(self, packed: str, mark: str) -> Scaled[..., Any]:
        """The containers of its instance with such parameters."""
        return VariedPool(self._base, packed=packed, mark=mark)

    def with_options(self, options: Mapping[str, Any]) -> NamedClass:
        """The same with other options; those that belong to what was deployed raise ``InvalidError``."""
        return NamedClass(self._base.with_options(**options))

    def taking(self, manner: Manner) -> NamedClass:
        """The same, taking its inputs in another manner."""
        base = self._base.taking(manner)
        assert isinstance(base, NamedFunction)
        return NamedClass(base)


def by_name(app: object, name: object) -> Cls[Any]:
    """What :meth:`Cls.from_name` gives. Raises ``InvalidError``; asks nothing."""
    for what, given in (("app", app), ("class", name)):
        if not isinstance(given, str) or not given:
            raise InvalidError(compose(f"from_name takes the name of the {what} as text", got=repr(given)))
    of, called = str(app), str(name)
    return Cls(None, app=of, name=called, origin=NamedClass(NamedFunction(of, called)))
