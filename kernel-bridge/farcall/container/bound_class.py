"""Classes, instances and methods as functions in a container see them: by name, at the version of the running call.

An instance with new parameters is a version of its own, made of the class's by `function.vary`. Used by bound.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.launch import Bound, Prepared
from ..classes.blueprint import Schema
from ..classes.cls import Cls
from ..classes.instance import Obj
from ..classes.pool import VariedPool
from ..client.session import Session
from ..errors import InvalidError, compose
from ..functions.scaling import Scaled
from ..manner import Manner
from . import bound


def resolve(reference: str, bindings: Mapping[str, str]) -> object:
    """What a reference such as `app/Class#hash:method embed` stands for."""
    full_name, _, kind = reference.partition(":")
    app, _, name = full_name.rpartition("/")
    origin = BoundClass(reference, bindings)
    cls: Cls[Any] = Cls(None, app=app, name=name.partition("#")[0], origin=origin)
    if kind == "class":
        return cls
    obj = Obj(cls, (), {}).as_known(BoundPool(origin, app=app, name=name))
    what, _, method = kind.partition(" ")
    return obj if what == "object" else getattr(obj, method)


class BoundClass:
    """A class that came with the running call (`classes.Origin`)."""

    def __init__(self, reference: str, bindings: Mapping[str, str]) -> None:
        self._reference = reference
        self.bindings = bindings

    @property
    def function_id(self) -> str:
        """Its version."""
        found = self.bindings.get(self._reference)
        if found is None:
            raise bound.missing(self._reference)
        return found

    @property
    def brought(self) -> Bound:
        """What the running call brought along for it."""
        return bound.brought().get(self._reference, bound.UNKNOWN)

    def schema(self) -> Schema:
        """Its methods and parameters."""
        packed = self.brought[2]
        if not packed:
            raise bound.missing(self._reference)
        return Schema.unpacked(packed)

    def pool(self, packed: str, mark: str) -> Scaled[..., Any]:
        """The containers of its instance with such parameters."""
        return VariedPool(self._base, packed=packed, mark=mark)

    def with_options(self, options: Mapping[str, Any]) -> BoundClass:
        """Raises ``InvalidError``: what it asks for came with the call."""
        raise InvalidError(
            compose(f"{self._reference} has the options that it came with", do="Make the variant outside")
        )

    def taking(self, manner: Manner) -> BoundClass:
        """Raises ``InvalidError``, as above."""
        return self.with_options({})

    @property
    def _base(self) -> BoundPool:
        app, _, name = self._reference.partition(":")[0].rpartition("/")
        return BoundPool(self, app=app, name=name)


class BoundPool(Scaled[..., Any]):
    """The containers of the version that came along."""

    def __init__(self, origin: BoundClass, *, app: str, name: str) -> None:
        super().__init__(None, app=app, name=name)
        self._origin = origin

    @property
    def schema(self) -> str:
        """As the class's owner packed it."""
        return self._origin.brought[2]

    def prepare(self, session: Session) -> Prepared:
        """The version that the running call was opened with."""
        function_id, captures = self._origin.function_id, self._origin.brought[0]
        return Prepared(self.name, function_id, False, captures, bound.brought(), dict(self._origin.bindings), {})
