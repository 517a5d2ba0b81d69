"""When a function starts by itself: `Period` and `Cron`, given as ``schedule=`` and checked at once.

The gateway starts it, while the function's app is deployed or inside ``with app.run():``. What both sides take for a
cron expression is the plain one of five fields; the gateway says when it is due.
"""

from __future__ import annotations

import base64
import inspect
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ..errors import InvalidError, compose, nearest
from ..values import serialize
from ..wire.messages import Schedule

__all__ = ["Cron", "Period", "check_schedulable", "told"]

_MOST_MONTHS = 1200
_MOST_SECONDS = 100 * 366 * 86_400.0


@dataclass(frozen=True)
class Period:
    """Every so often, counted from when the app was deployed: ``Period(days=1)``, ``Period(hours=4, minutes=30)``.

    The parts add up; months and years are those of the calendar, in UTC (a day that a month lacks is its last one).
    Deploying again with the same period does not put it off.

    Raises:
        InvalidError: a part below 0 or not a number, or less than a second altogether.
    """

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: float = 0

    def __post_init__(self) -> None:
        for name in ("years", "months", "weeks", "days", "hours", "minutes", "seconds"):
            self._check(name, getattr(self, name), whole=name != "seconds")
        if self.calendar_months == 0 and self.clock_seconds < 1:
            raise InvalidError(compose("a Period is at least a second", got=repr(self), do="Write Period(days=1)"))
        if self.calendar_months > _MOST_MONTHS or self.clock_seconds > _MOST_SECONDS:
            raise InvalidError(compose("a Period is at most 100 years", got=repr(self)))

    @property
    def calendar_months(self) -> int:
        """Its months, years included."""
        return 12 * self.years + self.months

    @property
    def clock_seconds(self) -> float:
        """The rest of it, in seconds."""
        return 60.0 * (60 * (24 * (7 * self.weeks + self.days) + self.hours) + self.minutes) + self.seconds

    def _check(self, name: str, value: object, *, whole: bool) -> None:
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value < float("inf"):
            takes = f"a {'whole ' if whole else ''}number from 0 on"
            raise InvalidError(compose(f"Period({name}=) is wrong", got=repr(value), takes=takes))


@dataclass(frozen=True)
class Cron:
    """As a cron expression says, on the wall clock of a time zone: ``Cron("0 9 * * mon-fri", timezone="Europe/Rome")``.

    Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday; names work). Each is ``*``,
    a number, a range ``a-b``, either with a step ``/n``, or a list of those. If both days are given, either one counts.
    What a change of the clock leaps over runs right after it; what it shows twice runs once.

    Raises:
        InvalidError: the expression or the time zone is wrong, or no day is ever meant.
    """

    cron_string: str
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        _check_cron(self.cron_string)
        _check_zone(self.timezone)


def told(schedule: Period | Cron | None) -> Schedule | None:
    """The schedule as the gateway reads it."""
    if schedule is None:
        return None
    nothing = base64.b64encode(serialize.dumps(((), {}))).decode()
    if isinstance(schedule, Cron):
        expression = " ".join(schedule.cron_string.split()).lower()
        return Schedule(
            kind="cron", months=0, seconds=0.0, expression=expression, timezone=schedule.timezone, input=nothing
        )
    return Schedule(
        kind="period",
        months=schedule.calendar_months,
        seconds=float(schedule.clock_seconds),
        expression="",
        timezone="UTC",
        input=nothing,
    )


def check_schedulable(name: str, raw: Callable[..., Any], schedule: object) -> None:
    """Raise ``InvalidError`` unless the schedule is one, and the function can be called without arguments."""
    if schedule is None:
        return
    if not isinstance(schedule, (Period, Cron)):
        takes = "farcall.Period(days=1) or farcall.Cron('0 9 * * *')"
        raise InvalidError(compose("the option schedule= is wrong", got=repr(schedule), takes=takes))
    try:
        parameters = inspect.signature(raw).parameters.values()
    except (TypeError, ValueError):
        return
    needed = [one.name for one in parameters if one.default is one.empty and one.kind not in (2, 4)]
    if needed:
        happened = f"{name} has a schedule, and needs arguments: {', '.join(needed)}"
        raise InvalidError(compose(happened, do="Give them defaults: it starts without arguments"))


# ── cron expressions

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS: Mapping[str, int] = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS: Mapping[str, int] = {name: number for number, name in enumerate(_DAY_NAMES)}
#: Name, lowest, highest, and words for numbers.
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_PART = re.compile(r"^(?:(?P<all>\*)|(?P<first>[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?)(?:/(?P<step>[0-9]+))?$")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _check_cron(expression: object) -> None:
    if not isinstance(expression, str):
        raise InvalidError(
            compose("Cron takes an expression as text", got=repr(expression), do='Write Cron("0 9 * * *")')
        )
    fields = expression.lower().split()
    if len(fields) != len(_FIELDS):
        takes = "five fields: minute, hour, day of the month, month, day of the week"
        raise InvalidError(compose(f"Cron({expression!r}) has {len(fields)} fields", takes=takes))
    meant = [_numbers(expression, text, *field) for text, field in zip(fields, _FIELDS, strict=True)]
    days, months, any_weekday = meant[2], meant[3], fields[4] == "*"
    if any_weekday and not any(min(days) <= _LONGEST[month - 1] for month in months):
        raise InvalidError(compose(f"Cron({expression!r}) is never due: no such month has a day {min(days)}"))


def _numbers(expression: str, text: str, name: str, low: int, high: int, words: Mapping[str, int]) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.match(part)
        if match is None:
            _wrong(expression, name, part, low, high, words)
        if match["all"]:
            first, last = low, high
        else:
            first = _number(match["first"], words)
            last = first if match["last"] is None else _number(match["last"], words)
            if match["last"] == "sun" and first > 0:  # fri-sun
                last = 7
            if match["step"] is not None and match["last"] is None:
                _wrong(expression, name, part, low, high, words)
        step = int(match["step"] or 1)
        if not low <= first <= last <= high or not 1 <= step <= (7 if words is _DAYS else high - low + 1):
            _wrong(expression, name, part, low, high, words)
        found.update(range(first, last + 1, step))
    return found


def _number(text: str, words: Mapping[str, int]) -> int:
    return words.get(text, int(text) if text.isdigit() else -1)


def _wrong(expression: str, name: str, part: str, low: int, high: int, words: Mapping[str, int]) -> NoReturn:
    named = f" or {next(iter(words))}-{list(words)[-1]}" if words else ""
    takes = f"*, a number from {low} to {high}{named}, a range a-b, a step */n or a-b/n, or a list of those"
    raise InvalidError(compose(f"the {name} of Cron({expression!r}) is wrong", got=repr(part), takes=takes))


def _check_zone(timezone: object) -> None:
    if isinstance(timezone, str):
        try:
            zoneinfo.ZoneInfo(timezone)
            return
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            pass
    known = zoneinfo.available_timezones()
    do = nearest(timezone, known) if isinstance(timezone, str) else ""
    takes = 'a name such as "UTC" or "Europe/Rome"'
    raise InvalidError(compose("Cron(timezone=) is wrong", got=repr(timezone), takes=takes, do=do))
