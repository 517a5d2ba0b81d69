"""What the commands have in common: finding the gateway, and answering as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import msgspec

from ..client import embedded
from ..client.place import default_place

#: What `commands.add_parser` belongs to.
Commands = Any
NO_GATEWAY = 3


def is_running() -> bool:
    """Whether there is a gateway to ask, without starting one."""
    place = default_place()
    return not place.is_embedded or embedded.find(place.home) is not None


def no_gateway() -> int:
    """Say that none runs; the exit code."""
    print(f"no gateway runs for {default_place().name}; the first call starts one", file=sys.stderr)
    return NO_GATEWAY


def takes_json(command: argparse.ArgumentParser) -> None:
    """Give the command ``--json``."""
    command.add_argument("--json", action="store_true", help="one JSON document, fields as in PROTOCOL.md")


def print_json(answer: Any) -> None:
    """Messages, and lists and dicts of them, as JSON."""
    print(json.dumps(msgspec.to_builtins(answer), indent=2, ensure_ascii=False))
