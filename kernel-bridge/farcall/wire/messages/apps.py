"""Apps: functions under names that any client may ask for. A deployed app stays; a running one goes with its client."""

from __future__ import annotations

from typing import Any, Literal

from .record import Record, Tagged


class Schedule(Record, frozen=True, kw_only=True):
    """When a function starts by itself."""

    #: period: every so many months and seconds, counted from when it was put; cron: as the expression says.
    kind: Literal["period", "cron"]
    months: int
    seconds: float
    #: minute, hour, day of month, month, day of week.
    expression: str
    timezone: str
    #: Arguments of an input without any, pickled, in base64.
    input: str


class NamedFunction(Record, frozen=True, kw_only=True):
    """What a caller needs who knows a function by its name only; its captured values are a payload."""

    name: str
    function_id: str
    is_generator: bool
    is_async: bool
    #: Name, kind (`inspect.Parameter.kind`) and whether it has a default, of each parameter.
    parameters: tuple[tuple[str, int, bool], ...]
    #: As in `call.open`.
    bindings: dict[str, str]
    sources: dict[str, str]
    schedule: Schedule | None = None
    #: Of a class: its pickled methods and parameters, in base64.
    schema: str = ""


class NamedSummary(Record, frozen=True, kw_only=True):
    """A function of an app, for lists."""

    name: str
    function_id: str
    #: In words; empty: none.
    schedule: str
    #: When it starts next, Unix seconds; 0: never.
    next_at: float


class AppSummary(Record, frozen=True, kw_only=True):
    """An app that is deployed or runs."""

    app: str
    #: running: its names go with the client that put them.
    state: Literal["deployed", "running"]
    #: When it was deployed, or first put, Unix seconds.
    since: float
    tags: dict[str, str]
    functions: tuple[NamedSummary, ...]


class AppPut(Tagged, frozen=True, kw_only=True, tag="app.put"):
    """Client → gateway. Gives functions names, after their `function.put`. `deploys`: from now on these, and no others,
    are the app's, durably. Otherwise the names live as long as the client, which says them again when it comes back; a
    name that is deployed means what was deployed. Payload: what the inputs of each function share (as of `call.open`),
    back to back.
    """

    request: int
    app: str
    deploys: bool
    #: When the client began to run it, Unix seconds: periods count from here.
    since: float
    tags: dict[str, str]
    functions: tuple[NamedFunction, ...]
    #: u32 per function; IN_BLOB entries are named in `blobs`.
    lengths: bytes
    blobs: tuple[str, ...] | None = None


class AppAccepted(Tagged, frozen=True, kw_only=True, tag="app.accepted"):
    """Gateway → client. The names are known; durably where they were deployed."""

    request: int
    app: str


class AppLeave(Tagged, frozen=True, kw_only=True, tag="app.leave"):
    """Client → gateway. The client runs this app no longer: its names, and the schedules that came with them, go."""

    app: str


class AppStop(Tagged, frozen=True, kw_only=True, tag="app.stop"):
    """Client → gateway. Ends the app for everybody: names, schedules, calls, containers."""

    request: int
    app: str


class AppStopped(Tagged, frozen=True, kw_only=True, tag="app.stopped"):
    """Gateway → client. Durable."""

    request: int
    #: Whether there was such an app.
    known: bool
    #: Calls that were cancelled.
    calls: int


class AppList(Tagged, frozen=True, kw_only=True, tag="app.list"):
    """Client → gateway. Asks for the apps that are deployed or run."""

    request: int


class AppListing(Tagged, frozen=True, kw_only=True, tag="app.listing"):
    """Gateway → client."""

    request: int
    apps: tuple[AppSummary, ...]


class FunctionFind(Tagged, frozen=True, kw_only=True, tag="function.find"):
    """Client → gateway. Asks what a name means now; the asker is told by `function.moved` when that changes."""

    request: int
    app: str
    name: str


class FunctionFound(Tagged, frozen=True, kw_only=True, tag="function.found"):
    """Gateway → client. Payload: what its inputs share, unless that is in `blob`."""

    request: int
    #: Absent: there is no such name.
    function: NamedFunction | None = None
    blob: str | None = None
    #: Where there is no such name: those of the app; where there is no such app: those of the apps.
    app_known: bool | None = None
    names: tuple[str, ...] | None = None


class FunctionMoved(Tagged, frozen=True, kw_only=True, tag="function.moved"):
    """Gateway → client. What the client found under this name is out of date."""

    app: str
    name: str


class FunctionVary(Tagged, frozen=True, kw_only=True, tag="function.vary"):
    """Client → gateway. Makes a version known that is another one's code with other options. `changes` are fields of
    FunctionSpec; `hidden` replaces the secrets, `shown` the other variables. Answered by `function.accepted`.
    """

    request: int
    of: str
    function_id: str
    changes: dict[str, Any]
    hidden: dict[str, str] | None = None
    shown: dict[str, str] | None = None


AppMessage = (
    AppPut
    | AppAccepted
    | AppLeave
    | AppStop
    | AppStopped
    | AppList
    | AppListing
    | FunctionFind
    | FunctionFound
    | FunctionMoved
    | FunctionVary
)
