"""The containers of one class with one set of parameters: what the gateway knows as a function.

Every call of a method goes there; which method it is travels with the call. Made by `Cls` and its instances.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from ..calls.launch import Prepared
from ..calls.prepare import as_they_are, brought, prepare
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
        asks = self._cls.blueprint.asks and not self._mark
        spec = super().spec(imports)
        return msgspec.structs.replace(spec, parameters=self._packed, is_async=all(are_async), is_base=asks)

    def id_of(self, described: Version, spec: FunctionSpec, environment_id: str) -> str:
        """With parameters it is an id derived from the class's own: who knows only that one comes to the same."""
        if not self._mark:
            return super().id_of(described, spec, environment_id)
        return varied(self._base_of(described, spec, environment_id), self._mark)

    def put_as(self, described: Version, spec: FunctionSpec, environment_id: str) -> FunctionSpec:
        """With parameters it says of which version it is an instance."""
        if not self._mark:
            return spec
        return msgspec.structs.replace(spec, of=self._base_of(described, spec, environment_id))

    def _base_of(self, described: Version, spec: FunctionSpec, environment_id: str) -> str:
        """The id of the class itself."""
        is_base = self._cls.blueprint.asks
        plain = msgspec.structs.replace(spec, name=self._cls.name, parameters="", is_base=is_base)
        return super().id_of(described, plain, environment_id)

    def placed(self, cls: Cls[Any]) -> Scaled[..., Any]:
        """The same containers, of the class as it is in another app."""
        return Pool(cls, packed=self._packed, mark=self._mark, is_base=self._is_base)

    @property
    def cls(self) -> Cls[Any]:
        """Whose containers they are."""
        return self._cls

    def prepare(self, session: Session) -> Prepared:
        """Capture the class now, and make that version known to the gateway. In a container it is what came along."""
        came = self._came_along(session)
        if came is not None:
            return came
        function: Any = self
        if not self._mark:
            return prepare(session, function)
        prepared = prepare(session, function, as_they_are)
        self._name_class(session)
        return prepared

    def _came_along(self, session: Session) -> Prepared | None:
        """The version that the running call was opened with, whatever module the class was imported from here."""
        if self._given is not None or is_local():
            return None
        instance = brought(f"{self.full_name}:object")
        if instance is not None:
            return replace(instance, name=self.name)
        base = brought(f"{self._cls.full_name}:class")
        return (
            None if base is None else instance_of(session, base, name=self.name, packed=self._packed, mark=self._mark)
        )

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
        return instance_of(session, prepared, name=self.name, packed=self._packed, mark=self._mark)


def instance_of(session: Session, base: Prepared, *, name: str, packed: str, mark: str) -> Prepared:
    """The version of a class's instance with such parameters, made of the class's own; the very same without any."""
    if not mark:
        return replace(base, name=name)
    function_id = varied(base.function_id, mark)
    if function_id not in session.functions:
        changes = {"name": name, "parameters": packed}
        message = FunctionVary(request=0, of=base.function_id, function_id=function_id, changes=changes)
        session.ask(message, FunctionAccepted, timeout=60.0)
        session.functions.add(function_id)
    return replace(base, name=name, function_id=function_id)


def pool_name(name: str, mark: str) -> str:
    """What the gateway calls the instances of a class with such parameters."""
    return f"{name}#{mark}" if mark else name


def varied(function_id: str, mark: str) -> str:
    """The id of a class's version with other parameters."""
    return "fv-" + hashlib.blake2b(f"{function_id}\0{mark}".encode(), digest_size=16).hexdigest()


def of_method(prepared: Prepared, function: Function[..., Any], method: str) -> Prepared:
    """A pool's version, to be called for one of its methods."""
    return replace(prepared, name=function.name, is_generator=function.is_generator, method=method)
