"""The containers of one class with one set of parameters: what the gateway knows as a function.

Every call of a method goes there; which method it is travels with the call. Made by `Cls` and its instances.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from ..calls.launch import Prepared
from ..calls.prepare import prepare
from ..client.session import Session
from ..context import is_local
from ..functions.scaling import Scaled
from ..versions import version
from ..versions.version import Pinned, Version
from ..wire.messages import FunctionAccepted, FunctionSpec, FunctionVary

if TYPE_CHECKING:
    from ..function import Function
    from .cls import Cls


class Pool(Scaled[..., Any]):
    """Of a class that is defined here. ``mark`` tells its parameters apart, "" for none; ``packed`` are the values.

    ``is_base``: only what others refer to, and what the class's other versions are made of.
    """

    def __init__(self, cls: Cls[Any], *, packed: str = "", mark: str = "", is_base: bool = False) -> None:
        name = pool_name(cls.name, mark)
        super().__init__(cls.raw, app=cls.app_name, name=name, options=cls.options, given=cls.given)
        self._cls = cls
        self._packed = packed
        self._mark = mark
        self._is_base = is_base
        self._told: tuple[str, Version] | None = None

    @property
    def is_called(self) -> bool:
        """Whether its name stands for containers."""
        return not self._is_base

    @property
    def schema(self) -> str:
        """Methods and parameters of the class, packed for containers that call it."""
        return self._cls.packed_schema

    def describe(self) -> Version:
        """The class's version now: of all its methods and hooks."""
        blueprint = self._cls.blueprint
        pinned = Pinned(tuple(blueprint.pinned()), blueprint.cls.__mro__[:-1])
        exceptions = self._options.retries.listed
        return version.describe(blueprint.cls, retry_on=exceptions, pinned=pinned, memory=self._cls.memory)

    def spec(self, imports: tuple[str, ...]) -> FunctionSpec:
        """What it asks for, with the parameters that its instance is made with."""
        are_async = [mark.is_async for mark in self._cls.blueprint.methods.values()]
        return msgspec.structs.replace(super().spec(imports), parameters=self._packed, is_async=all(are_async))

    def id_of(self, described: Version, spec: FunctionSpec, environment_id: str) -> str:
        """With parameters it is an id derived from the class's own: who knows only that one comes to the same."""
        if not self._mark:
            return super().id_of(described, spec, environment_id)
        plain = msgspec.structs.replace(spec, name=self._cls.name, parameters="")
        return varied(super().id_of(described, plain, environment_id), self._mark)

    def prepare(self, session: Session) -> Prepared:
        """Capture the class now, and make that version known to the gateway."""
        function: Any = self
        if not self._mark:
            return prepare(session, function)
        prepared = prepare(session, function, within={})
        self._name_class(session)
        return prepared

    def _name_class(self, session: Session) -> None:
        """Others find the class by its name, whatever the parameters are that it is called with here."""
        if not self._app or self._given is not None or not is_local():
            return
        now = (session.id, self.describe())
        if self._told is None or self._told[0] != now[0] or self._told[1] is not now[1]:
            base: Any = self._cls.__farcall_pool__
            base.prepare(session)
            self._told = now


class VariedPool(Scaled[..., Any]):
    """Of a class known by its name: ``base`` with other parameters, where ``mark`` says that they are others."""

    def __init__(self, base: Scaled[..., Any], *, packed: str, mark: str) -> None:
        super().__init__(None, app=base.app_name, name=pool_name(base.name, mark))
        self._base: Any = base
        self._packed = packed
        self._mark = mark

    @property
    def schema(self) -> str:
        """As its base has it."""
        return str(self._base.schema)

    def prepare(self, session: Session) -> Prepared:
        """The version that the name means, with these parameters."""
        prepared: Prepared = self._base.prepare(session)
        if not self._mark:
            return prepared
        function_id = varied(prepared.function_id, self._mark)
        if function_id not in session.functions:
            changes = {"name": self.name, "parameters": self._packed}
            message = FunctionVary(request=0, of=prepared.function_id, function_id=function_id, changes=changes)
            session.ask(message, FunctionAccepted, timeout=60.0)
            session.functions.add(function_id)
        return replace(prepared, name=self.name, function_id=function_id)


def pool_name(name: str, mark: str) -> str:
    """What the gateway calls the instances of a class with such parameters."""
    return f"{name}#{mark}" if mark else name


def varied(function_id: str, mark: str) -> str:
    """The id of a class's version with other parameters."""
    return "fv-" + hashlib.blake2b(f"{function_id}\0{mark}".encode(), digest_size=16).hexdigest()


def of_method(prepared: Prepared, function: Function[..., Any], method: str) -> Prepared:
    """A pool's version, to be called for one of its methods."""
    return replace(prepared, name=function.name, is_generator=function.is_generator, method=method)
