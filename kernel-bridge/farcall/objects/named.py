"""``Dict.objects`` and ``Queue.objects``: named ones listed, made and deleted."""

from __future__ import annotations

import builtins
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from ..client.waiting import Steps
from ..errors import InvalidError, NotFoundError, compose
from ..wire.messages import ObjectList, ObjectListing, ObjectSummary
from .handle import Handle, checked_environment, expect
from .stepwise import Asking, stepwise

H = TypeVar("H", bound=Handle)
Listed = Coroutine[Any, Any, builtins.list[Any]]


class Objects(Generic[H]):
    """The named dicts, or queues, of this person."""

    def __init__(self, kind: type[H]) -> None:
        self._kind = kind

    @stepwise
    def create(
        self, asking: Asking, name: str, *, allow_existing: bool = False, environment_name: str | None = None
    ) -> Steps[None]:
        """Make one. To use it, ``from_name``.

        Raises:
            InvalidError: there is one of that name already, unless ``allow_existing``.
        """
        create = "missing" if allow_existing else "must"
        yield from self._kind._named(name, environment_name, create=create)._found(asking)  # type: ignore[arg-type]

    @stepwise
    def delete(
        self, asking: Asking, name: str, *, allow_missing: bool = False, environment_name: str | None = None
    ) -> Steps[None]:
        """Delete one with all it holds, for everybody who uses it.

        Raises:
            NotFoundError: there is none of that name, unless ``allow_missing``.
        """
        try:
            yield from self._kind._named(name, environment_name, create="never")._delete(asking)
        except NotFoundError:
            if not allow_missing:
                raise

    @stepwise
    def list(
        self, asking: Asking, *, max_objects: int | None = None, environment_name: str | None = None
    ) -> Steps[builtins.list[H]]:
        """All of them, newest first; ``max_objects``: at most so many."""
        if max_objects is not None and (not isinstance(max_objects, int) or max_objects < 0):
            raise InvalidError(compose("max_objects cannot be that", got=repr(max_objects), takes="a count, or None"))
        found = yield from summaries(asking, self._kind, environment_name)
        named = [self._kind._named(one.name, one.environment or None, create="never") for one in found]
        return named if max_objects is None else named[:max_objects]


def summaries(
    asking: Asking, kind: type[Handle], environment_name: str | None = None, *, everyone: bool = False
) -> Steps[tuple[ObjectSummary, ...]]:
    """Named ones with what they hold, newest first."""
    message = ObjectList(
        request=0, kind=kind._kind, environment=checked_environment(environment_name), everyone=everyone
    )
    reply = yield from asking.reply(message)
    return expect(reply.message, ObjectListing).objects
