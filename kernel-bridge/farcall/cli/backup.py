"""`farcall backup TARGET`: a copy of all that the gateway keeps, made while it works. It is a home itself."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..client.place import default_place
from ..client.session import Session
from ..notebook import words
from ..wire.messages import StoreCopied, StoreCopy
from .common import Commands, print_json, takes_json


def add(commands: Commands) -> None:
    """Make the command known."""
    command = commands.add_parser("backup", help="copy all that the gateway keeps into a new folder, while it works")
    command.add_argument("target", help="the new folder; an absolute one, where the gateway is on another machine")
    command.set_defaults(run=_run)
    takes_json(command)


def _run(asked: argparse.Namespace) -> int:
    is_here = default_place().is_embedded
    folder = str(Path(asked.target).expanduser().absolute()) if is_here else asked.target
    copied = Session.current().ask(StoreCopy(request=0, folder=folder), StoreCopied, timeout=None)
    if asked.json:
        print_json(copied)
    else:
        print(f"copied {copied.files:,} files, {words.size(copied.bytes)}, to {copied.folder}")
        print(f"it is a home: FARCALL_HOME={copied.folder} uses it" if is_here else "it is a home for a gateway there")
    return 0
