"""Putting an app's functions under their names: for good, or while a process runs it; and ending it.

`App` (deployed.py) and the command line use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..calls.naming import app_put, run_begins, run_ends
from ..calls.prepare import prepare
from ..client.asking import answered, connected
from ..client.session import Session
from ..client.waiting import Bell, drive, drive_async, ready
from ..errors import InvalidError, NotFoundError, compose, nearest
from ..function import Function
from ..options import Options
from ..wire.messages import AppAccepted, AppList, AppListing, AppPut, AppStop, AppStopped, AppSummary
from .schedule import told

if TYPE_CHECKING:
    from ..calls.naming import Names
    from .app import App

_ANSWER_S = 60.0


class Run:
    """`with app.run():` and `async with app.run():`. While inside, the app's names and schedules are active."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._session: Session | None = None

    def __enter__(self) -> App:
        self._begin(Session.current())
        return self._app

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    async def __aenter__(self) -> App:
        self._begin(await connected())
        return self._app

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._end()

    def _begin(self, session: Session) -> None:
        run_begins(session, self._app.name or "", list(_names(session, self._app)), self._app.tags)
        self._session = session

    def _end(self) -> None:
        """Names go; calls that were spawned go on."""
        if self._session is not None:
            is_here = Session.existing() is self._session
            run_ends(self._session if is_here else None, self._app.name or "")
        self._session = None


def deploy(app: App, name: str | None) -> str:
    """Make the app's functions durable under its name, or under ``name``. The name."""
    session = Session.current()
    message, payload = _deployment(session, app, name)
    session.ask(message, AppAccepted, payload, timeout=_ANSWER_S)
    return message.app


async def deploy_async(app: App, name: str | None) -> str:
    """:func:`deploy` for a coroutine."""
    session, bell = await connected(), Bell()
    message, payload = _deployment(session, app, name)
    future = session.request(message, payload)
    future.add_done_callback(lambda _: bell.ring())
    await drive_async(ready(future), bell)
    return message.app


def stop(name: str) -> AppStopped:
    """End an app for everybody. ``known`` says whether there was one."""
    bell = Bell()
    return drive(answered(Session.current(), AppStop(request=0, app=name), AppStopped, bell), bell)


async def stop_async(name: str) -> AppStopped:
    """:func:`stop` for a coroutine."""
    bell = Bell()
    return await drive_async(answered(await connected(), AppStop(request=0, app=name), AppStopped, bell), bell)


def apps() -> tuple[AppSummary, ...]:
    """The apps that are deployed, or run."""
    bell = Bell()
    return drive(answered(Session.current(), AppList(request=0), AppListing, bell), bell).apps


def checked_name(name: str | None) -> str | None:
    """The name, if an app can have it. Raises ``InvalidError``."""
    return Options.of({"name": name}).name


def must_exist(name: str) -> None:
    """Raise ``NotFoundError``, with the nearest name, unless such an app is deployed or runs."""
    names = sorted({one.app for one in apps()})
    if name not in names:
        happened = f"no app {name!r} is deployed or runs here"
        listed = f"; there are {', '.join(names[:20])}" if names else ""
        raise NotFoundError(compose(happened + listed, do=nearest(name, names)))


def _deployment(session: Session, app: App, name: str | None) -> tuple[AppPut, bytes]:
    under = name or app.name
    if under is None:
        happened = "the default app has no name to deploy it under"
        raise InvalidError(
            compose(happened, do='Write app.deploy(name="movies") or --name movies, or make an App("movies")')
        )
    if not app.functions and not app.classes:
        raise InvalidError(f"the app {under!r} has no functions to deploy")
    return app_put(session, under, list(_names(session, app, under)), deploys=True, tags=app.tags)


def _names(session: Session, app: App, under: str | None = None) -> Names:
    """Functions with what a call needs of them; in the app of another name, where that is given."""
    moved = _moved(app, under) if under is not None and under != app.name else {}
    for function in app.functions.values():
        placed = moved.get(function.full_name, function)
        yield placed, prepare(session, placed, moved), told(function.options.schedule)
    for made in app.classes.values():
        if moved:
            happened = f"the class {made.name} belongs to the app {app.name!r}"
            raise InvalidError(compose(happened, do=f"Make the app as App({under!r}) to deploy it under this name"))
        pool: Any = made.__farcall_pool__
        yield pool, pool.prepare(session), None


def _moved(app: App, under: str) -> Mapping[str, Function[..., Any]]:
    return {function.full_name: _placed(function, under) for function in app.functions.values()}


def _placed(function: Function[..., Any], under: str) -> Function[..., Any]:
    """The same function in another app."""
    placed = object.__new__(type(function))
    placed.__dict__.update(function.__dict__)
    placed._app = under
    placed._known = None
    return placed
