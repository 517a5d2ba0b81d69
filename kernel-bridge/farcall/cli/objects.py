"""`farcall dict|queue list|show|delete`: the named dicts and queues of a gateway, and what is in them."""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import DeserializationError, ExecutionError
from ..notebook import words
from ..notebook.listing import aligned, printable
from ..objects.dicts import Dict
from ..objects.handle import Handle
from ..objects.named import summaries
from ..objects.queues import Queue
from ..objects.stepwise import run
from ..wire.messages import ObjectDelete
from .common import Commands, is_running, no_gateway, print_json, takes_json

_HEAD = ("name", "entries", "size", "made", "person")
_SHOWN = 20
_LONGEST = 100


def add(commands: Commands) -> None:
    """Make the commands known."""
    _add_kind(commands, "dict", Dict, "entries")
    _add_kind(commands, "queue", Queue, "items")


def _add_kind(commands: Commands, word: str, kind: type[Handle], what: str) -> None:
    command = commands.add_parser(word, help=f"the named {word}s, and what is in them")
    actions = command.add_subparsers(required=True, metavar="action")
    listing = actions.add_parser("list", help=f"all named {word}s, newest first")
    listing.add_argument("--everyone", action="store_true", help="other people's too; takes an admin's token")
    listing.set_defaults(run=_list)
    show = actions.add_parser("show", help=f"the first {what} of one, without taking any")
    show.add_argument("name")
    show.add_argument("--limit", type=int, default=_SHOWN, metavar="N", help=f"how many (default: {_SHOWN})")
    if kind is Queue:
        show.add_argument("--partition", help="which (default: the one without a name)")
    show.set_defaults(run=_show)
    delete = actions.add_parser("delete", help="delete one with all that is in it, for everybody who uses it")
    delete.add_argument("name", help="its name, or (an admin's token) its id")
    delete.set_defaults(run=_delete)
    for action in (listing, show, delete):
        action.add_argument("--environment", help="of its name (default: the one without a name)")
        action.set_defaults(kind=kind)
        takes_json(action)


def _list(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    found = run(lambda asking: summaries(asking, asked.kind, asked.environment, everyone=asked.everyone))
    if asked.json:
        print_json(found)
        return 0
    now = time.time()
    rows = [
        (
            one.name,
            f"{one.count:,}",
            words.size(int(one.bytes)),
            f"{words.duration(now - one.created_at)} ago",
            one.person,
        )
        for one in found
    ]
    print(aligned(_HEAD, rows) if rows else f"no {asked.kind.__name__.lower()} has a name here")
    return 0


def _show(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    handle: Any = asked.kind.from_name(asked.name, environment_name=asked.environment)
    if asked.kind is Dict:
        entries = _readable(f"{_line(key)}: {_line(value)}" for key, value in handle.items())
        count = handle.len()
    else:
        entries = _readable(map(_line, handle.iterate(partition=asked.partition)))
        count = handle.len(partition=asked.partition)
    shown = list(itertools.islice(entries, asked.limit))
    if asked.json:
        print_json({"name": asked.name, "count": count, "entries": shown})
        return 0
    print("\n".join(shown) if shown else "nothing is in it")
    if count > len(shown):
        print(f"and {count - len(shown):,} more")
    return 0


def _readable(lines: Iterable[str]) -> Iterator[str]:
    """Line by line. What cannot be unpickled here ends the list with the reason."""
    try:
        yield from lines
    except (DeserializationError, ExecutionError) as error:
        yield f"({error})"


def _line(value: object) -> str:
    shown = printable(repr(value))
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _delete(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    if asked.name.startswith(f"{asked.kind._prefix}-") and len(asked.name) == 29:
        run(lambda asking: asking.reply(ObjectDelete(request=0, object_id=asked.name)))
    else:
        asked.kind.objects.delete(asked.name, environment_name=asked.environment)
    if asked.json:
        print_json({"deleted": asked.name})
    else:
        print(f"deleted {asked.name}")
    return 0
