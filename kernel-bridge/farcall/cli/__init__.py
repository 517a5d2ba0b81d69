"""The command `farcall`: one module a command. Words for people, JSON and exit codes for scripts.

0: done · 1: it failed · 2: a wrong command line · 3: no gateway runs · 130: interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import __version__, errors
from ..client import embedded
from . import backup, calls, deploy, doctor, gc, logs, objects, run, serve, state, token

#: In the order of the help.
_COMMANDS = (run, deploy, serve, state, doctor, calls, logs, objects, gc, backup, token)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parsed = _parser().parse_args(arguments)
    if parsed.home:
        os.environ["FARCALL_HOME"] = str(Path(parsed.home).expanduser().absolute())
        os.environ.pop("FARCALL_URL", None)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except (errors.Error, embedded.StartError) as error:
        print(f"farcall: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as in `farcall calls | head`
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="farcall",
        description="Notebook cells as functions that run on far machines.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no gateway runs, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"farcall {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for module in _COMMANDS:
        module.add(commands)
    for command in commands.choices.values():
        command.add_argument("--home", help="folder of the gateway (default: $FARCALL_HOME); goes before $FARCALL_URL")
    return parser
