"""What dicts and queues have in common: a name or an id that can be sent anywhere, found at its first use.

A handle says nothing to the gateway until something is asked of it. It pickles by name or id, so it travels in
arguments, results and captured values and means the same object everywhere.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, ClassVar, Generic, Literal, TypeVar

from .. import context
from ..client.waiting import Steps
from ..errors import ConnectionError, InvalidError, compose
from ..wire.ids import ulid
from ..wire.messages import ObjectAsk, ObjectDelete, ObjectInfo, ObjectKind, ObjectOpen, ObjectOpened, Parent
from .stepwise import Asking, run, run_async, stepwise

H = TypeVar("H", bound="Handle")
M = TypeVar("M")
Create = Literal["never", "missing", "must"]
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class ObjectDetails:
    """What `info()` tells. `created_by`: the name of the token it was made with; empty: the gateway's owner.

    `count`: entries, or items that nobody holds. `bytes`: of all values, pickled.
    """

    name: str | None
    created_at: datetime
    created_by: str
    count: int
    bytes: int


class Handle:
    """A dict or a queue. Made by ``from_name``, ``ephemeral`` or ``from_id``."""

    _kind: ClassVar[ObjectKind]
    _prefix: ClassVar[str]

    def __init__(self) -> None:
        """An ephemeral one of this process, made at its first use: it goes 60 s after this process's connection."""
        self._begin(object_id=f"{self._prefix}-{ulid()}", is_own=True)

    def _begin(
        self,
        *,
        name: str = "",
        environment: str = "",
        create: Create = "never",
        object_id: str = "",
        is_own: bool = False,
    ) -> None:
        self._name, self._environment, self._create = name, environment, create
        self._id, self._is_own = object_id, is_own
        self._store = ""  # where _id was found

    @classmethod
    def from_name(
        cls: type[H],
        name: str,
        *,
        environment_name: str | None = None,
        create_if_missing: bool = False,
        client: object = None,
    ) -> H:
        """The one of that name. Nothing is asked before its first use.

        Args:
            name: 1 to 64 letters, digits, dots, dashes and underscores. Each person has names of their own, and a dict
                and a queue may have the same.
            environment_name: names in different environments are different objects.
            create_if_missing: make it at the first use if there is none; otherwise that use raises ``NotFoundError``.
        """
        return cls._named(name, environment_name, create="missing" if create_if_missing else "never")

    @classmethod
    def from_id(cls: type[H], object_id: str, client: object = None) -> H:
        """The one of that ``object_id``. No I/O: what is not there is found out at the first use."""
        if not isinstance(object_id, str) or not re.fullmatch(rf"{cls._prefix}-[0-9A-HJKMNP-TV-Z]{{26}}", object_id):
            happened = f"not the id of a {cls.__name__}"
            raise InvalidError(compose(happened, got=repr(object_id), takes=f"{cls._prefix}-…"))
        return cls._of(object_id=object_id)

    @classmethod
    def ephemeral(cls: type[H], client: object = None, environment_name: str | None = None) -> Ephemeral[H]:
        """A nameless one for the time of a ``with`` or ``async with`` block."""
        return Ephemeral(cls)

    @classmethod
    def lookup(cls: type[H], name: str, *, environment_name: str | None = None, create_if_missing: bool = False) -> H:
        """:meth:`from_name` by its old name, asked for at once."""
        known_as = cls.__name__
        warnings.warn(f"{known_as}.lookup is {known_as}.from_name(…).hydrate() now", DeprecationWarning, stacklevel=2)
        found = cls.from_name(name, environment_name=environment_name, create_if_missing=create_if_missing)
        run(found._found)
        return found

    @classmethod
    def _of(cls: type[H], *, name: str = "", environment: str = "", create: Create = "never", object_id: str = "") -> H:
        made = object.__new__(cls)
        made._begin(name=name, environment=environment, create=create, object_id=object_id)
        return made

    @classmethod
    def _named(cls: type[H], name: str, environment: str | None, *, create: Create) -> H:
        return cls._of(
            name=checked_name(name, cls.__name__), environment=checked_environment(environment), create=create
        )

    @property
    def name(self) -> str | None:
        """Its name; None for an ephemeral one."""
        return self._name or None

    @property
    def object_id(self) -> str:
        """`di-…` or `qu-…`: names it everywhere on its gateway. Asks the gateway where it is not known yet."""
        return self._id if self._store else run(self._found)

    @stepwise
    def hydrate(self, asking: Asking, client: object = None) -> Steps[Any]:
        """Find it now, or make it, rather than at its first use. Returns itself.

        Raises:
            NotFoundError: there is none of that name.
        """
        yield from self._found(asking)
        return self

    @stepwise
    def info(self, asking: Asking) -> Steps[ObjectDetails]:
        """Its name, when and by whom it was made, and how much it holds."""
        told = yield from self._ask(asking, None)
        made = told.object
        created_at = datetime.fromtimestamp(made.created_at).astimezone()
        return ObjectDetails(made.name or None, created_at, made.person, made.count, int(made.bytes))

    def __repr__(self) -> str:
        shown = repr(self._name) if self._name else self._id
        return f"<farcall.{type(self).__name__} {shown}>"

    def __reduce__(self) -> Any:
        if self._is_own and not self._store:
            run(self._found)  # whoever reads the pickle must find it
        return _revive, (type(self), self._name, self._environment, self._create, "" if self._name else self._id)

    # ── at the gateway

    def _found(self, asking: Asking) -> Steps[str]:
        """Its id on the session's gateway."""
        session = asking.session
        if self._store == session.store and self._id:
            return self._id
        if self._name:
            opened = yield from self._open(asking, f"{self._prefix}-{ulid()}", self._create)
            self._id = opened.object_id
        elif self._is_own:
            yield from self._open(asking, self._id, "missing")
            session.kept.add(self._id)
        self._store = session.store
        return self._id

    def _open(self, asking: Asking, object_id: str, create: Create) -> Steps[ObjectOpened]:
        running = context.current_input()
        message = ObjectOpen(
            request=0,
            object_id=object_id,
            kind=self._kind,
            name=self._name,
            environment=self._environment,
            create=create,
            parent=None if running is None else Parent(call_id=running.call_id, index=running.index),
        )
        reply = yield from asking.reply(message)
        return expect(reply.message, ObjectOpened)

    def _ask(self, asking: Asking, partition: str | None) -> Steps[ObjectInfo]:
        object_id = yield from self._found(asking)
        reply = yield from asking.reply(ObjectAsk(request=0, object_id=object_id, partition=partition))
        return expect(reply.message, ObjectInfo)

    def _delete(self, asking: Asking) -> Steps[None]:
        object_id = yield from self._found(asking)
        asking.session.kept.discard(object_id)
        yield from asking.reply(ObjectDelete(request=0, object_id=object_id))


class Ephemeral(Generic[H]):
    """``with Dict.ephemeral() as d:``, or ``async with``: an object that is gone after the block, contents and all.

    If this process ends first, it goes 60 s after its connection.
    """

    def __init__(self, kind: type[H]) -> None:
        self._handle = kind()

    def __enter__(self) -> H:
        run(self._handle._found)
        return self._handle

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run(self._handle._delete)

    async def __aenter__(self) -> H:
        await run_async(self._handle._found)
        return self._handle

    def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Coroutine[Any, Any, None]:
        return run_async(self._handle._delete)


def expect(message: object, kind: type[M]) -> M:
    """The answer, if it is of this kind."""
    if isinstance(message, kind):
        return message
    raise ConnectionError(f"the gateway answered with {type(message).__name__}, not {kind.__name__}")


def checked_name(name: object, kind: str) -> str:
    """The name, if it can be one."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    takes = "1 to 64 letters, digits, dots, dashes and underscores"
    raise InvalidError(compose(f"not a name for a {kind}", got=repr(name), takes=takes))


def checked_environment(name: object) -> str:
    """The environment's name; empty for the one without."""
    return "" if name in (None, "") else checked_name(name, "environment")


def _revive(kind: type[H], name: str, environment: str, create: Create, object_id: str) -> H:
    return kind._of(name=name, environment=environment, create=create, object_id=object_id)
