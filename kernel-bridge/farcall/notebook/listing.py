"""Calls and containers as rows of a table: the same words for ``%farcall`` and for the command `farcall`."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..wire.messages import CallSummary, ContainerSummary
from . import words
from .views import asked

CALL_HEAD = ("call", "function", "state", "inputs", "time", "from")
CONTAINER_HEAD = ("container", "function", "state", "pid", "hardware", "inputs", "age")


def call_row(call: CallSummary) -> tuple[str, ...]:
    """One call, under CALL_HEAD."""
    view = asked(call)
    age = words.duration(words.elapsed(view))
    return call.call_id, words.title(view), words.state(view), words.done_of(view), age, call.origin


def container_row(container: ContainerSummary) -> tuple[str, ...]:
    """One container, under CONTAINER_HEAD."""
    age = words.duration(time.time() - container.started_at)
    return (
        container.container_id,
        container.function,
        container.state,
        str(container.pid),
        container.hardware,
        words.number(container.inputs),
        age,
    )


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The table in aligned columns, or the word for an empty one. Nothing in a cell commands a terminal."""
    if not rows:
        return "none"
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows))
    return "\n".join(line.rstrip() for line in lines)


def printable(text: str) -> str:
    """On one line, with the replacement character for each one that is not to be seen."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def many(count: int, noun: str) -> str:
    """``1 call``, ``1,234 calls``."""
    return f"{words.number(count)} {noun}{'' if count == 1 else 's'}"
