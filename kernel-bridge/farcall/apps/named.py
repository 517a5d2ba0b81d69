"""`Function.from_name`: a function of an app that was deployed, or runs in some other process, known by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import msgspec

from ..calls.launch import Prepared
from ..calls.naming import Meaning, meaning, vary
from ..calls.signatures import stand_in
from ..client.asking import connected
from ..client.session import Session
from ..client.waiting import Bell, drive, drive_async
from ..errors import ExecutionError, InvalidError, compose
from ..function import Function
from ..manner import Manner
from ..options import Options
from ..twin import twin
from ..wire.messages import FunctionAccepted

#: What an option is in a FunctionSpec, where that is not simply its name.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("cpu", "cpu_limit"),
    "memory": ("memory", "memory_request"),
    "retries": ("max_retries", "initial_delay", "backoff", "max_delay"),
    "single_use_containers": ("max_inputs",),
    "manner": ("max_concurrent", "target_concurrent", "max_batch", "batch_wait"),
    "env": (),
    "secrets": (),
}
#: Options that belong to what was deployed.
_FIXED = ("name", "schedule", "image", "volumes")


class NamedFunction(Function[..., Any]):
    """A function known by its name: everything works but what needs its code here (`local`, `get_raw_f`).

    What the name means is asked at its first use, and again after it was deployed anew.
    """

    _asks = False

    def __init__(self, app: str, name: str, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(None, app=app, name=name, given=given)
        self._asks = True  # from now on: being made asks nothing

    async def _hydrate_async(self, client: object = None) -> Function[..., Any]:
        """:meth:`hydrate` in the running event loop."""
        session, bell = await connected(), Bell()
        await drive_async(meaning(session, self._app, self._name, bell), bell)
        return self

    @twin(_hydrate_async)
    def hydrate(self, client: object = None) -> Function[..., Any]:
        """Ask what the name means, now instead of at the first use. Raises ``NotFoundError``."""
        self._meaning()
        return self

    @property
    def is_hydrated(self) -> bool:
        """Whether the gateway said what the name means, and did not say since that it moved."""
        session = Session.existing()
        return session is not None and session.found.get((self._app, self._name)) is not None

    @property
    def is_generator(self) -> bool:
        """Whether it yields values. Asks the gateway, once."""
        return self._meaning().prepared.is_generator if self._asks else False

    @property
    def is_async(self) -> bool:
        """Whether it is an ``async def``. Asks the gateway, once."""
        return self._meaning().is_async

    @property
    def signed(self) -> Callable[..., Any]:
        """Something with its signature: columns bind to its parameters."""
        return stand_in(self._name, self._meaning().signature)

    def get_raw_f(self) -> Callable[..., Any]:
        """Raises ``ExecutionError``: the definition is not here."""
        happened = f"{self._name!r} of the app {self._app!r} is known by name: its definition is not here"
        raise ExecutionError(compose(happened, do=f"Use {self._name}.remote(…), or run it locally where it is defined"))

    def with_options(self, **options: Any) -> NamedFunction:
        """The deployed code with other options, in a pool of its own; a wrong one raises at once."""
        checked = _options({**(self._given or {}), **options})
        fixed = next((name for name in options if name in _FIXED), None)
        if fixed is not None or checked.retries.listed:
            raise self._belongs(fixed or "retry_on", options.get(fixed or "", checked.retries.listed))
        return NamedFunction(self._app, self._name, {**(self._given or {}), **options})

    def _belongs(self, option: str, value: object) -> InvalidError:
        """An option that is part of what was deployed: containers, names and classes that are only there."""
        happened = f"{option}= cannot be changed by name: it belongs to what was deployed as"
        deployed = f"{self._name!r} of the app {self._app!r}"
        do = f"Deploy it with {option}=…, under a name of its own where both are wanted"
        return InvalidError(compose(f"{happened} {deployed}", got=_short(value), takes=_changeable(), do=do))

    def taking(self, manner: Manner) -> Function[..., Any]:
        """The deployed code, taking its inputs in another manner."""
        return NamedFunction(self._app, self._name, {**(self._given or {}), "manner": manner})

    def prepare(self, session: Session) -> Prepared:
        """The version that the name means now, with the options that were given on top."""
        prepared = self._meaning(session).prepared
        if not self._given:
            return prepared
        message = vary(session, prepared.function_id, *_changes(self._given))
        if message.function_id not in session.functions:
            session.ask(message, FunctionAccepted)
            session.functions.add(message.function_id)
        return replace(prepared, function_id=message.function_id)

    def meant(self) -> Meaning:
        """What the name means now. Raises ``NotFoundError``."""
        return self._meaning()

    @property
    def schema(self) -> str:
        """Of a class: its methods and parameters, packed."""
        return self._meaning().schema

    def _meaning(self, session: Session | None = None) -> Meaning:
        bell = Bell()
        return drive(meaning(session or Session.current(), self._app, self._name, bell), bell)

    def __reduce__(self) -> tuple[Any, ...]:
        return NamedFunction, (self._app, self._name, self._given)


def named(
    app_name: str,
    name: str | None,
    tag: str | None = None,
    *,
    version: object = None,
) -> NamedFunction:
    """What :meth:`Function.from_name` gives. Raises ``InvalidError``; asks nothing."""
    name = name if name is not None else tag
    for what, given in (("app", app_name), ("function", name)):
        if not isinstance(given, str) or not given:
            raise InvalidError(compose(f"from_name takes the name of the {what} as text", got=repr(given)))
    assert name is not None
    if "." in name:
        method = name.rpartition(".")
        happened = f"{name!r} names a method: functions have no dot in their names"
        do = f"Use farcall.Cls.from_name({app_name!r}, {method[0]!r})().{method[2]}"
        raise InvalidError(compose(happened, do=do))
    if version is not None:
        raise InvalidError("version= of from_name: only what was deployed last is kept; leave it out")
    return NamedFunction(app_name, name)


def _changes(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str] | None, dict[str, str] | None]:
    """Fields of the spec that these options mean, then secrets and other variables where they are given."""
    options = _options(given)
    spec = msgspec.structs.asdict(options.spec("", ""))
    fields = [field for name in given for field in _FIELDS.get(name, (name,)) if field in spec]
    secrets = {key: value for secret in options.secrets for key, value in secret.variables.items()}
    return (
        {field: spec[field] for field in fields},
        secrets if "secrets" in given else None,
        dict(options.env) if "env" in given else None,
    )


def _changeable() -> str:
    """The options that can be given by name, in words."""
    return ", ".join(field.name for field in fields(Options) if field.name not in (*_FIXED, "manner"))


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _options(given: Mapping[str, Any]) -> Options:
    """What was given, checked, on top of the defaults."""
    options = Options().but({name: value for name, value in given.items() if name != "manner"})
    return replace(options, manner=given.get("manner", options.manner))
