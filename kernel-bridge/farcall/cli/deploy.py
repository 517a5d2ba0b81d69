"""`farcall deploy FILE` and `farcall app list|stop`: what is known by name, and stays."""

from __future__ import annotations

import argparse
import datetime

from ..notebook.listing import aligned, many
from ..wire.messages import AppSummary
from .common import Commands, is_running, no_gateway, print_json, takes_json

_HEAD = ("app", "state", "since", "functions", "next", "tags")


def add(commands: Commands) -> None:
    """Make the commands known."""
    command = commands.add_parser("deploy", help="make a script's functions durable, and known by name")
    command.add_argument("file", metavar="FILE[::app]", help="a Python file, and which of its apps")
    command.add_argument("--name", help="deploy it under this name instead of its own")
    command.set_defaults(run=_deploy)
    takes_json(command)
    app = commands.add_parser("app", help="apps that are deployed, or run")
    kinds = app.add_subparsers(required=True, metavar="list|stop")
    listing = kinds.add_parser("list", help="their names, functions and schedules")
    listing.set_defaults(run=_list)
    takes_json(listing)
    stop = kinds.add_parser("stop", help="end an app: its names, schedules, calls and containers")
    stop.add_argument("name", help="its name")
    stop.set_defaults(run=_stop)


def _deploy(asked: argparse.Namespace) -> int:
    from ..apps import deploying  # other commands need none of it
    from .script import app_of, load, split

    file, name = split(asked.file)
    known_as = deploying.deploy(app_of(load(file), name), deploying.checked_name(asked.name))
    summary = next(app for app in deploying.apps() if app.app == known_as and app.state == "deployed")
    if asked.json:
        print_json(summary)
        return 0
    print(f"deployed {known_as}: {many(len(summary.functions), 'function')}")
    for function in summary.functions:
        when = f"  {function.schedule}, next {_moment(function.next_at)}" if function.schedule else ""
        print(f"  {function.name}{when}")
    return 0


def _list(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    from ..apps import deploying

    found = deploying.apps()
    if asked.json:
        print_json(found)
    else:
        print(aligned(_HEAD, [_row(app) for app in found]))
    return 0


def _row(app: AppSummary) -> tuple[str, ...]:
    next_at = min((function.next_at for function in app.functions if function.next_at), default=0.0)
    names = ", ".join(function.name for function in app.functions)
    tags = ", ".join(f"{key}={text}" for key, text in app.tags.items())
    return app.app, app.state, _moment(app.since), names, _moment(next_at) if next_at else "", tags


def _stop(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    from ..apps import deploying

    deploying.must_exist(asked.name)
    stopped = deploying.stop(asked.name)
    print(f"stopped {asked.name}: {many(stopped.calls, 'call')} cancelled")
    return 0


def _moment(at: float) -> str:
    return datetime.datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
