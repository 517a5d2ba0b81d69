"""A Function as a cell's value: name and signature, version, resources, where it runs, captures with their sizes.

Text and static HTML from one description. The function's code is captured to be described, as a call would; nothing is
sent but one question about containers, and only over a connection that is there already.
"""

from __future__ import annotations

import inspect
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..calls import environment
from ..client.place import default_place
from ..client.session import Session
from ..errors import Error
from ..wire.messages import RuntimeAsk, RuntimeState
from . import markup, words
from .views import shown_name

if TYPE_CHECKING:
    from ..function import Function

_CAPTURES = 8
_ANSWER_S = 0.5


@dataclass(frozen=True)
class Description:
    """What is said of a function."""

    title: str
    rows: tuple[tuple[str, str], ...]


def describe(function: Function[..., Any]) -> Description:
    """Describe it as it is now. Whatever cannot be found out is left out."""
    name = shown_name(function.app_name, function.name)
    rows = [*_version_rows(function), ("asks for", _resources(function)), ("runs", _where())]
    running = _containers(name)
    if running is not None:
        rows.append(("containers", words.number(running)))
    return Description(f"{name}{_signature(function)}", tuple((label, value) for label, value in rows if value))


def text(description: Description) -> str:
    """As lines of text."""
    return "\n".join([description.title, *(f"  {label}: {value}" for label, value in description.rows)])


def html(description: Description) -> str:
    """As static HTML; everything escaped."""
    return f"<div><b>{markup.text(description.title)}</b></div>" + markup.table(("", ""), description.rows)


def _signature(function: Function[..., Any]) -> str:
    try:
        return str(inspect.signature(function.get_raw_f()))
    except (Error, TypeError, ValueError):
        return "(…)"


def _version_rows(function: Function[..., Any]) -> list[tuple[str, str]]:
    try:
        described = function.describe()
        here = environment.describe(function.options.image).environment_id
    except Error as exc:
        return [("cannot run", str(exc))]
    same = function.known_as(described, here) is not None
    known = f"{described.code_hash[:12]}{', as in its last call' if same else ''}"
    return [("version", known), ("captures", _captures(described.capture_sizes))]


def _captures(sizes: dict[str, int]) -> str:
    largest = sorted(sizes.items(), key=lambda item: -item[1])
    shown = [f"{name} {words.size(count)}" for name, count in largest[:_CAPTURES]]
    left = len(largest) - len(shown)
    return ", ".join(shown) + (f" and {words.number(left)} more" if left else "")


def _resources(function: Function[..., Any]) -> str:
    options = function.options
    gpus = " or ".join(choice or "none" for choice in options.gpu)
    timeout = f"timeout {words.duration(options.timeout)}" if options.timeout else "no timeout"
    retries = f"{options.retries.max_retries} retries" if options.retries.max_retries else ""
    memory = options.memory if isinstance(options.memory, int) else options.memory[0]
    cpu = options.cpu if isinstance(options.cpu, (int, float)) else options.cpu[0]
    parts = [gpus and f"GPU {gpus}", f"{cpu:g} CPU", memory and words.size(memory * 2**20), timeout, retries]
    return ", ".join(part for part in parts if part)


def _where() -> str:
    try:
        where = default_place()
    except Error as exc:
        return str(exc)
    return "on this machine" if where.is_embedded else f"at {where.name}"


def _containers(name: str) -> int | None:
    """How many containers of it there are now; None without a connection."""
    session = Session.existing()
    if session is None:
        return None
    try:
        state, _ = session.request(RuntimeAsk(request=0)).result(_ANSWER_S)
    except (Error, FutureTimeoutError):
        return None
    return sum(c.function == name for c in state.containers) if isinstance(state, RuntimeState) else None
