"""What a person asks for in JupyterLab: the intents of kernel-bridge/src/notebook.ts, parsed once, at the edge.

The bridge decodes them here; answers.py acts on them. A front end is not trusted to send well-formed ones.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ..errors import InvalidError

CallId = Annotated[str, Meta(pattern=r"^fc-[0-9A-HJKMNP-TV-Z]{32}$")]
Index = Annotated[int, Meta(ge=0, lt=2**32)]
Limit = Annotated[int, Meta(ge=1, le=1_000)]


class _Intent(msgspec.Struct, frozen=True, kw_only=True, tag_field="intent"):
    v: Literal[1]
    id: int


class Hello(_Intent, frozen=True, kw_only=True, tag="hello"):
    """First, and after every reconnect. Answered by the event hello."""

    version: str


class Lease(_Intent, frozen=True, kw_only=True, tag="lease"):
    """These calls are on a visible screen: send their progress for 10 minutes from now."""

    call_ids: Annotated[tuple[CallId, ...], Meta(max_length=100)]


class Cancel(_Intent, frozen=True, kw_only=True, tag="cancel"):
    call_id: CallId
    scope: Literal["all", "queued"]


class Detach(_Intent, frozen=True, kw_only=True, tag="detach"):
    call_id: CallId


class Resume(_Intent, frozen=True, kw_only=True, tag="resume"):
    """Runs what did not succeed (or only what failed) again, with the function as it is now."""

    call_id: CallId
    which: Literal["unsucceeded", "failed"]


class Retry(_Intent, frozen=True, kw_only=True, tag="retry"):
    """Runs again what failed as input ``index`` did: by the same type, at the same line."""

    call_id: CallId
    index: Index


class InputLabels(_Intent, frozen=True, kw_only=True, tag="labels"):
    """What the person calls some inputs."""

    call_id: CallId
    indexes: Annotated[tuple[Index, ...], Meta(max_length=256)]


class Times(_Intent, frozen=True, kw_only=True, tag="times"):
    """How long the inputs took, and when the containers worked."""

    call_id: CallId


class Graph(_Intent, frozen=True, kw_only=True, tag="graph"):
    """The call graph of the whole tree of a call, folded by call path."""

    call_id: CallId


class GraphCalls(_Intent, frozen=True, kw_only=True, tag="graph_calls"):
    """Calls of one node of the graph, those that failed or run first."""

    call_id: CallId
    node: Annotated[int, Meta(ge=0, lt=1_000)]


class Functions(_Intent, frozen=True, kw_only=True, tag="functions"):
    """The functions of this kernel and of recent calls, with their containers and autoscaler settings."""


class Scale(_Intent, frozen=True, kw_only=True, tag="scale"):
    """Changes the settings that are given; out of range ones are refused with a sentence."""

    app: Annotated[str, Meta(max_length=200)]
    name: Annotated[str, Meta(max_length=200)]
    min_containers: int | None = None
    max_containers: int | None = None
    buffer_containers: int | None = None
    scaledown_window: float | None = None


class Rows(_Intent, frozen=True, kw_only=True, tag="rows"):
    """A page of the table of inputs. ``states``: words of the state list; empty: all."""

    call_id: CallId
    states: tuple[str, ...]
    first: Index
    limit: Limit


class Input(_Intent, frozen=True, kw_only=True, tag="input"):
    """All that a drawer shows of one input."""

    call_id: CallId
    index: Index


class Output(_Intent, frozen=True, kw_only=True, tag="output"):
    """What the whole call printed, from a byte offset."""

    call_id: CallId
    offset: Annotated[int, Meta(ge=0)]


class Code(_Intent, frozen=True, kw_only=True, tag="code"):
    """The source of a cell to insert: ``row`` runs one input here, ``join`` puts the results beside their frame."""

    call_id: CallId
    what: Literal["row", "join"]
    index: Index


class ListCalls(_Intent, frozen=True, kw_only=True, tag="calls"):
    limit: Limit


class Runtime(_Intent, frozen=True, kw_only=True, tag="runtime"):
    pass


Intent = (
    Hello | Lease | Cancel | Detach | Resume | Retry | InputLabels | Times | Graph | GraphCalls | Functions | Scale
    | Rows | Input | Output | Code | ListCalls | Runtime
)  # fmt: skip
#: Those beyond the first kernels' ones, which the event hello names.
KNOWS = ("retry", "labels", "times", "functions", "scale", "graph", "graph_calls")
#: Those that must not stand behind slow ones; the others read from the gateway.
PROMPT = (Hello, Cancel, Detach)


def parse(given: object) -> Intent:
    """The intent in a comm message's data. Raises :class:`InvalidError`."""
    try:
        intent: Intent = msgspec.convert(given, Intent, strict=True)
    except msgspec.ValidationError as exc:
        raise InvalidError(f"the notebook sent something this kernel does not understand: {exc}") from None
    return intent


def id_of(given: Any) -> int:
    """The id to answer to, even of a malformed intent; -1 if it has none."""
    number = given.get("id") if isinstance(given, dict) else None
    return number if isinstance(number, int) else -1
