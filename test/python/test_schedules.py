"""Periods and cron expressions: what they take, and that the gateway starts what is due."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.elsewhere import elsewhere
from support.home import Home
from support.waiting import PATIENCE_S, until

import farcall
from farcall import Cron, Period, errors
from farcall.apps.schedule import told
from farcall.client.session import Session
from farcall.wire.messages import CallList, CallListing, CallSummary

VECTORS = Path(__file__).parents[1] / "vectors" / "cron" / "expressions.json"


# ── what they take


@pytest.mark.parametrize(("expression", "is_taken"), json.loads(VECTORS.read_text()))
def test_an_expression_is_taken_here_as_in_the_gateway(expression: str, is_taken: bool) -> None:
    if is_taken:
        assert Cron(expression).cron_string == expression
        return
    with pytest.raises(errors.InvalidError, match=re.escape(repr(expression))):
        Cron(expression)


def test_a_period_adds_up() -> None:
    asked = told(Period(years=1, months=2, weeks=1, days=1, hours=1, minutes=1, seconds=1.5))
    assert asked is not None
    assert (asked.months, asked.seconds) == (14, 8 * 86_400 + 3661.5)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"seconds": 0.5},
        {"days": -1},
        {"days": 1.5},
        {"days": "1"},
        {"seconds": float("inf")},
        {"days": True},
        {"years": 101},
    ],
)
def test_a_period_that_cannot_be_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidError, match="Period"):
        Period(**parts)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("0 9 * *",), "4 fields"),
        (("0 25 * * *",), "hour .* got '25'"),
        ((9,), "text"),
        (("0 9 * * *", "Europe/Rom"), '"Europe/Rome"'),
        (("0 9 * * *", 3), "timezone"),
        (("0 0 31 4 *",), "never due"),
    ],
)
def test_a_wrong_expression_says_which_field_and_what_it_takes(arguments: tuple[Any, ...], says: str) -> None:
    with pytest.raises(errors.InvalidError, match=says):
        Cron(*arguments)


def test_a_function_with_a_schedule_needs_no_arguments() -> None:
    app = farcall.App("needs_none")
    with pytest.raises(errors.InvalidError, match="needs arguments: film"):

        @app.function(schedule=Period(days=1))
        def rate(film: str, *others: str, score: int = 0) -> None: ...

    with pytest.raises(errors.InvalidError, match="schedule="):

        @app.function(schedule="daily")
        def tick() -> None: ...

    @app.function(schedule=Cron("0 9 * * mon-fri", timezone="Europe/Rome"))
    def works(film: str = "x", *others: str, **more: str) -> None: ...

    assert list(app.functions) == ["works"]


# ── that it runs


def scheduled(app: str) -> list[CallSummary]:
    listing = Session.current().ask(CallList(request=0, limit=100), CallListing)
    return [call for call in listing.calls if call.app == app and call.origin == "schedule"]


def wait_for_calls(app: str, count: int) -> list[CallSummary]:
    def enough() -> list[CallSummary]:
        done = [call for call in scheduled(app) if call.state == "done"]
        return done if len(done) >= count else []

    return until(enough, f"fewer than {count} ended")


@pytest.mark.usefixtures("home")
def test_a_running_app_starts_what_is_due_and_no_other_app_does() -> None:
    app, quiet = farcall.App("ticking"), farcall.App("quiet")

    @app.function(schedule=Period(seconds=1))
    def tick(step: int = 3) -> int:
        return step

    @quiet.function(schedule=Period(seconds=1))
    def tock() -> None: ...

    tock.remote()  # that makes it known by name, and starts nothing by itself
    with app.run():
        done = wait_for_calls("ticking", 2)
    assert farcall.FunctionCall.from_id(done[0].call_id).get(timeout=PATIENCE_S) == 3
    assert scheduled("quiet") == []


def test_a_deployed_one_goes_on_after_its_process_and_after_a_restart(fresh_home: Home, tmp_path: Path) -> None:
    elsewhere(
        """
        import farcall
        app = farcall.App("beating")

        @app.function(schedule=farcall.Period(seconds=2))
        def beat():
            return "beat"

        app.deploy()
        """,
        tmp_path,
    )
    before = len(wait_for_calls("beating", 1))
    fresh_home.kill()
    wait_for_calls("beating", before + 2)
    farcall.App("beating").stop()
    left = len(scheduled("beating"))
    names = [call.call_id for call in scheduled("beating")]
    assert len(set(names)) == left
    time_of = [name[9:19] for name in names]
    assert len(set(time_of)) == left, "two calls for one due time"
