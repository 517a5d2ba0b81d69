"""`farcall logs CALL`: what a call, or one input of it, printed; as it comes, with ``--follow``."""

from __future__ import annotations

import argparse
import codecs
import sys
import time
from collections.abc import Iterator

from ..client.session import Session
from ..errors import ConnectionError
from ..notebook.output import without_commands
from ..wire.messages import OutputPage, OutputRead
from .common import Commands, is_running, no_gateway

_LOOK_EVERY_S = 0.25


def add(commands: Commands) -> None:
    """Make the command known."""
    command = commands.add_parser("logs", help="what a call printed")
    command.add_argument("call", help="its id, fc-…")
    command.add_argument("--input", type=int, default=-1, metavar="N", help="only what this input printed")
    command.add_argument("--follow", action="store_true", help="go on until the call has ended")
    command.set_defaults(run=_run)


def _run(asked: argparse.Namespace) -> int:
    if not is_running():
        return no_gateway()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in _pages(Session.current(), asked.call, asked.input, follow=asked.follow):
        sys.stdout.write(without_commands(decoder.decode(piece)))
        sys.stdout.flush()
    sys.stdout.write(decoder.decode(b"", final=True))
    return 0


def _pages(session: Session, call_id: str, index: int, *, follow: bool) -> Iterator[bytes]:
    offset = 0
    while True:
        question = OutputRead(request=0, call_id=call_id, index=index, offset=offset)
        message, payload = session.wait(session.request(question))
        if not isinstance(message, OutputPage):
            raise ConnectionError(f"the gateway answered output.read with {type(message).__name__}")
        yield bytes(payload)
        if message.next < 0 or (not payload and not follow):
            return
        if not payload:
            time.sleep(_LOOK_EVERY_S)
        offset = message.next
