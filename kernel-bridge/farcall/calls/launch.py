"""Opens calls: what is said to the gateway before the first input, for one input and for a map alike."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

from .. import context
from ..client.lifeline import Frame
from ..client.session import Reply, Session
from ..client.waiting import Bell, Steps, ready
from ..presenter import presenter
from ..tracing import current_traceparent
from ..values import serialize
from ..wire.blobs import BLOB_ABOVE
from ..wire.codes import IN_BLOB
from ..wire.ids import call_id
from ..wire.messages import CallCancel, CallDerive, CallOpen, Parent
from .feed import Feed
from .stream import Stream

Kind = Literal["remote", "map", "spawn", "spawn_map"]
OnFailure = Literal["continue", "stop_after", "stop_all"]

_NOTHING_SHARED = serialize.dumps({"captures": None, "kwargs": {}})


#: Captured values, whether it yields values, of a class its packed schema, and whether a direct call runs far away.
Bound = tuple["bytes | None", bool, str, bool]


@dataclass(frozen=True)
class Prepared:
    """A function as it is now, known to the gateway."""

    name: str
    function_id: str
    is_generator: bool
    captures: bytes | None = None
    #: What functions it refers to need in a container to call each other, by name.
    bound: dict[str, Bound] = field(default_factory=dict)
    bindings: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    #: Of a class: which of its methods the inputs are for.
    method: str = ""
    #: Only the gateway has it: it runs inputs of the call that it ran before, with what that call gave them.
    is_stored: bool = False

    @property
    def told_method(self) -> str | None:
        """The same for the gateway, which is to know whether it yields values."""
        return f"{self.method}{'*' if self.is_generator else ''}" if self.method else None


@dataclass(eq=False)
class Opened:
    """A call that was opened here. ``accepted`` is its acknowledgement."""

    session: Session
    call_id: str
    prepared: Prepared
    bell: Bell
    accepted: Future[Reply]
    feed: Feed
    stream: Stream | None = None
    is_over: bool = False
    is_detached: bool = False

    def detach(self) -> None:
        """The call goes on without this process."""
        self.is_detached = True
        self.feed.detach()

    @property
    def interrupted(self) -> str:
        """What whoever interrupts it is told."""
        return f"{self.prepared.name} cancelled ({self.call_id})"

    def check(self) -> None:
        """Raise what the gateway refused, or the end of the session."""
        if self.accepted.done():
            self.accepted.result()
        if self.stream is not None and self.stream.error is not None:
            raise self.stream.error
        if self.feed.refused is not None:
            self._withdraw()
            raise self.feed.refused

    def _withdraw(self) -> None:
        """It was not taken whole. Nobody waits for the cancel: that takes room as well."""
        if not self.is_over:
            self.session.request(CallCancel(request=0, call_id=self.call_id, scope="all", terminate=False))
            self.let_go()

    def attach(self, *, output: bool) -> Stream:
        """The call's stream, from its start."""
        if self.stream is not None:
            return self.stream
        stream = self._listen(output=output)
        self.session.notify(stream.attach(self.session.epoch))
        return stream

    def attachment(self, *, output: bool) -> Frame:
        """The same for the caller to post, ahead of what begins to run: nothing that is printed meanwhile is missed."""
        return self._listen(output=output).attach(self.session.epoch), b""

    def _listen(self, *, output: bool) -> Stream:
        stream = self.stream = Stream(self.session, self.call_id, self.bell, output=output)
        self.session.receive_for(self.call_id, stream)
        return stream

    def let_go(self, *, ends: bool = False) -> None:
        """Nothing more is sent or wanted; ``ends``: nor will anything come. Idempotent."""
        if self.is_over:
            return
        self.is_over = True
        self.feed.stop()
        if self.stream is not None:
            self.stream.release(ends=ends)


def open_call(
    session: Session,
    prepared: Prepared,
    bell: Bell,
    *,
    kind: Kind,
    on_failure: OnFailure = "continue",
    attached: bool = True,
    kwargs: dict[str, Any] | None = None,
) -> tuple[Opened, Frame]:
    """A call under a new id, and the frame that opens it, for the caller to post (with what follows, in one write)."""
    context.must_run_an_input(prepared.name)
    streams = kind == "remote" and prepared.is_generator
    shared, blob = shared_payload(session, prepared, kwargs or {}, streams=streams)
    message = CallOpen(
        request=0,
        call_id=call_id(session.store),
        function_id=prepared.function_id,
        kind=kind,
        on_failure=on_failure,
        attached=attached,
        on_owner_lost="finish" if attached and kind == "map" else "cancel",
        parent=_parent(),
        bindings=prepared.bindings,
        sources=prepared.sources,
        origin=presenter().cell().label,
        blob=blob,
        traceparent=current_traceparent(),
        method=prepared.told_method,
    )
    accepted, frame = session.prepare(message, shared)
    accepted.add_done_callback(lambda _: bell.ring())
    return Opened(session, message.call_id, prepared, bell, accepted, Feed(session, message.call_id, bell)), frame


def derive_call(
    session: Session,
    prepared: Prepared,
    bell: Bell,
    *,
    base: str,
    indexes: bytes,
    attached: bool,
    kwargs: dict[str, Any],
) -> Opened:
    """A new call over inputs that ``base`` stored; sealed from the start."""
    shared, blob = (b"", None) if prepared.is_stored else shared_payload(session, prepared, kwargs)
    message = CallDerive(
        request=0,
        call_id=call_id(session.store),
        base=base,
        indexes=indexes,
        function_id="" if prepared.is_stored else prepared.function_id,
        on_failure="continue",
        attached=attached,
        bindings=prepared.bindings,
        sources=prepared.sources,
        origin=presenter().cell().label,
        blob=blob,
        traceparent=current_traceparent(),
        method=prepared.told_method,
    )
    accepted, frame = session.prepare(message, shared)
    accepted.add_done_callback(lambda _: bell.ring())
    feed = Feed(session, message.call_id, bell)
    feed.stop()
    opened = Opened(session, message.call_id, prepared, bell, accepted, feed)
    session.post((frame, opened.attachment(output=True)) if attached else (frame,))
    return opened


def open_single(
    session: Session,
    prepared: Prepared,
    bell: Bell,
    *,
    kind: Kind,
    arguments: tuple[tuple[Any, ...], dict[str, Any]],
    output: bool | None,
) -> Opened:
    """A call of one input, sent whole in one write. ``output``: attach to it, with or without output; None: do not."""
    parts = serialize.dump_parts(arguments, name="input")
    opened, frame = open_call(session, prepared, bell, kind=kind, attached=kind == "remote")
    put_one(opened, parts)
    opened.feed.seal()
    attachment = [] if output is None else [opened.attachment(output=output)]
    session.post_due(lambda: [frame, *attachment, *opened.feed.due()])
    return opened


def put_one(opened: Opened, parts: list[serialize.Buffer]) -> None:
    """Queue one input."""
    size = sum(memoryview(part).nbytes for part in parts)
    if size > BLOB_ABOVE:
        opened.feed.put(IN_BLOB.to_bytes(4, "little"), b"", [opened.session.blobs.write(parts)])
    else:
        payload = parts[0] if len(parts) == 1 else b"".join(parts)
        opened.feed.put(size.to_bytes(4, "little"), payload, [])


def cancel(session: Session, call: str, bell: Bell, *, terminate: bool = False) -> Steps[None]:
    """Cancel a call, and wait until that is durable. The request is out before the first wait."""
    future = session.request(CallCancel(request=0, call_id=call, scope="all", terminate=terminate))
    future.add_done_callback(lambda _: bell.ring())
    return _confirmed(future)


def _confirmed(future: Future[Reply]) -> Steps[None]:
    yield from ready(future)


def shared_payload(
    session: Session, prepared: Prepared, kwargs: dict[str, Any], *, streams: bool = False
) -> tuple[bytes, str | None]:
    """What a call's inputs share, as bytes or in a blob. ``streams``: what it yields goes to its reader as it comes."""
    if prepared.captures is None and not kwargs and not prepared.bound and not streams and not prepared.method:
        return _NOTHING_SHARED, None
    shared: dict[str, Any] = {"captures": prepared.captures, "kwargs": kwargs}
    if prepared.method:
        shared["method"] = prepared.method
    if streams:
        shared["streams"] = True
    if prepared.bound:
        shared["bound"] = prepared.bound
    parts = serialize.dump_parts(shared, name="kwargs")
    if sum(memoryview(part).nbytes for part in parts) > BLOB_ABOVE:
        return b"", session.blobs.write(parts)
    return b"".join(parts), None


def _parent() -> Parent | None:
    running = context.current_input()
    return None if running is None else Parent(call_id=running.call_id, index=running.index)
