"""`farcall run FILE[::name]`: a script's local entrypoint here, or one of its functions far away."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from .common import Commands

if TYPE_CHECKING:
    from .script import Target


def add(commands: Commands) -> None:
    """Make the command known."""
    command = commands.add_parser(
        "run",
        help="run a script's local entrypoint, or its only function far away",
        epilog="Arguments after FILE are those of the entrypoint's signature: farcall run FILE --help names them.",
    )
    command.add_argument("file", metavar="FILE[::name]", help="a Python file, and what of it to run")
    command.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="--argument value", help="as its signature says"
    )
    command.set_defaults(run=_run)


def _run(asked: argparse.Namespace) -> int:
    from ..apps.entrypoint import LocalEntrypoint, read_arguments, run_with  # other commands need none of it
    from .script import load, split, target_of

    file, name = split(asked.file)
    target = target_of(load(file), name)
    program = f"farcall run {file}::{target.name}"
    call = _call_of(target)
    raw = target.thing.raw if isinstance(target.thing, LocalEntrypoint) else target.thing.get_raw_f()
    arguments = read_arguments(raw, asked.arguments, program=program)
    with target.app.run():
        result = run_with(call, arguments)
    if result is not None and not isinstance(target.thing, LocalEntrypoint):
        print(result)
    return 0


def _call_of(target: Target) -> Callable[..., Any]:
    """What to call: the entrypoint itself; of a function its far side, for a generator all it yields, a line each."""
    from ..apps.entrypoint import LocalEntrypoint

    thing = target.thing
    if isinstance(thing, LocalEntrypoint):
        return thing.raw
    if not thing.is_generator:
        return cast("Callable[..., Any]", thing.remote)

    def print_all(*args: object, **kwargs: object) -> None:
        for value in thing.remote_gen(*args, **kwargs):
            print(value, flush=True)

    return print_all
