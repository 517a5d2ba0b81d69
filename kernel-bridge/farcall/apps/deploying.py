"""Putting an app's functions under their names: for good, or while a process runs it; and ending it.

`App` (deployed.py) and the command line use it.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..calls.naming import app_put, run_begins, run_ends
from ..calls.prepare import as_they_are, prepare
from ..classes.pool import Pool
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
    from ..classes.cls import Cls
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
    within = Moved(app, under) if under is not None and under != app.name else as_they_are
    for function in app.functions.values():
        placed = within(function)
        yield placed, prepare(session, placed, within), told(function.options.schedule)
    for made in app.classes.values():
        pool = within(made.__farcall_pool__)
        yield pool, prepare(session, pool, within), None


class Moved:
    """An app's functions and classes as they are in an app of another name; what is of other apps stays as it is."""

    def __init__(self, app: App, under: str) -> None:
        self._under = under
        self._names = {thing.full_name for thing in (*app.functions.values(), *app.classes.values())}
        self._classes: dict[int, Cls[Any]] = {}  # one for each, or its methods would be captured again and again

    def __call__(self, thing: Any) -> Any:
        """A function, or the containers of a class or of an instance, with whatever options they were given."""
        if isinstance(thing, Pool):
            cls = thing.cls
            if cls.full_name not in self._names:
                return thing
            return thing.placed(self._classes.setdefault(id(cls), cls.placed(self._under)))
        is_ours = thing.is_defined_here and thing.full_name in self._names
        return _placed(thing, self._under) if is_ours else thing


def _placed(function: Function[..., Any], under: str) -> Function[..., Any]:
    """The same function in another app."""
    placed = object.__new__(type(function))
    placed.__dict__.update(function.__dict__)
    placed._app = under
    placed._known = None
    return placed
