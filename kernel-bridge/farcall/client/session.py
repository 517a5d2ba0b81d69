"""A process's one session with a gateway: requests by number, calls by id. Sends happen in the calling thread.

After a lost connection everything that was not acknowledged is said again and streams go on at their cursors, so
callers notice nothing. It does not know what payloads mean, nor how connections are made and kept (lifeline.py).
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import NamedTuple, TypeVar

import msgspec

from .. import context, errors
from ..wire import interrupts
from ..wire.blobs import Blobs
from ..wire.ids import ulid
from ..wire.messages import (
    CallSealed,
    EnvironmentPut,
    Failed,
    FunctionMoved,
    Goaway,
    InputsAccepted,
    Message,
    Ping,
    Pong,
    Progress,
    Unwatch,
    Watch,
    Welcome,
)
from . import embedded
from .ends import Receiver, Sender, Streamed
from .found import Found
from .lifeline import Frame, Lifeline, Payload
from .place import Place, default_place
from .refusals import of_refusal
from .sending import Flushable, Sending
from .waiting import Bell, Wait

T = TypeVar("T")


class Reply(NamedTuple):
    """The answer to a request."""

    message: Message
    payload: memoryview


class _Request(NamedTuple):
    future: Future[Reply]
    message: Message
    payload: Payload


class Session:
    """The session of this process. Use :meth:`current`; it connects by itself."""

    _current: Session | None = None
    _making = threading.Lock()  # guards _current

    def __init__(self, place: Place) -> None:
        self.id = f"cl-{ulid()}"
        self.place = place
        self.kept: set[str] = set()  # objects that end with the connection, so it is kept up
        self.functions: set[str] = set()  # versions that the gateway has, in this store and epoch
        self.url = ""
        self._pid = os.getpid()
        self._lifeline = Lifeline(self, self.id, place)
        self._sending = Sending(self._lifeline)
        self._blobs: Blobs | None = None
        self._environments: dict[str, EnvironmentPut] = {}
        self._announced: dict[str, Frame] = {}
        self.found = Found()
        self._requests: dict[int, _Request] = {}
        self._number = 0  # guarded by the lifeline's gate
        self._senders: dict[str, Sender] = {}
        self._receivers: dict[str, Receiver] = {}
        self._watching = threading.Lock()  # guards _watches
        self._watches: dict[str, list[Callable[[Progress], None]]] = {}

    # ── life

    @classmethod
    def current(cls) -> Session:
        """This process's session, connected. A forked child gets one of its own.

        Raises :class:`~farcall.errors.ConnectionError`, ``AuthError`` or ``VersionError``.
        """
        session = cls.existing()
        if session is None:
            with cls._making:
                session = cls.existing()
                if session is None:
                    session = cls._current = Session(default_place())
            if not context.is_local():
                interrupts.hold(signal.SIGUSR1)
        session.welcome()
        return session

    @classmethod
    def existing(cls) -> Session | None:
        """This process's session if there is one that was not closed."""
        session = cls._current
        is_ours = session is not None and session._pid == os.getpid() and session._lifeline.over is None
        return session if is_ours else None

    def close(self) -> None:
        """Leave the gateway. Calls that are attached to this session end 60 s later. Idempotent."""
        self._lifeline.end(errors.ClientClosed("the session was closed"))
        if self._blobs is not None:
            self._blobs.close()

    def welcome(self) -> Welcome:
        """What the gateway said of itself; connects if need be."""
        return self._lifeline.open()

    @property
    def store(self) -> str:
        """The store's id, which is inside every call id made here."""
        return self.welcome().store

    @property
    def epoch(self) -> str:
        """The store's incarnation."""
        return self.welcome().epoch

    @property
    def blobs(self) -> Blobs:
        """Large payloads of this gateway."""
        self.welcome()
        if self._blobs is None:
            raise errors.ConnectionError("the gateway did not say welcome")
        return self._blobs

    # ── asking and telling

    def request(self, message: Message, payload: Payload = b"") -> Future[Reply]:
        """Ask; the future has the answer, or the refusal as an exception. Asked again after a lost connection."""
        with self._lifeline.gate:
            future, frame = self.prepare(message, payload)
            self.post((frame,))
        return future

    def prepare(self, message: Message, payload: Payload = b"") -> tuple[Future[Reply], Frame]:
        """A request's future, and the frame for the caller to :meth:`post` together with others."""
        future: Future[Reply] = Future()
        with self._lifeline.gate:
            self._number += 1
            number = self._number
            asked = msgspec.structs.replace(message, request=number)
            self._requests[number] = _Request(future, asked, payload)
        if self._lifeline.over is not None and self._requests.pop(number, None) is not None:
            future.set_exception(self._lifeline.over)
        return future, (asked, payload)

    def ask(self, message: Message, kind: type[T], payload: Payload = b"", *, timeout: float | None = 30.0) -> T:
        """Ask and wait for an answer of ``kind``. Interruptible; raises the refusal, or ``ConnectionError``."""
        reply = self.wait(self.request(message, payload), timeout=timeout).message
        if not isinstance(reply, kind):
            raise errors.ConnectionError(f"the gateway answered {type(message).__name__} with {type(reply).__name__}")
        return reply

    def wait(self, future: Future[Reply], *, timeout: float | None = 30.0) -> Reply:
        """The answer, waited for interruptibly."""
        bell = Bell()
        future.add_done_callback(lambda _: bell.ring())
        with Wait(bell, timeout=timeout) as wait:
            while not future.done() and not wait.interrupts and not wait.late:
                wait.once()
            if wait.interrupts:
                raise KeyboardInterrupt
        if future.done():
            return future.result()
        raise errors.ConnectionError(f"the gateway at {self.url} did not answer in {timeout:.0f} s")

    def notify(self, message: Message, payload: Payload = b"") -> None:
        """Tell; lost if the connection is down right now."""
        self._lifeline.send(((message, payload),))

    def post(self, frames: Iterable[Frame]) -> None:
        """Send frames in one write, or not at all while the connection is down: coming back says what matters."""
        self._lifeline.send(frames)

    def post_due(self, due: Callable[[], list[Frame]]) -> None:
        """Send what ``due()`` gives, so that two threads that ask it do not mix up its order."""
        with self._lifeline.gate:
            frames = due()
            if frames:
                self._lifeline.send(frames)

    def has_environment(self, environment_id: str) -> bool:
        """Whether :meth:`post_environment` made it known."""
        return environment_id in self._environments

    def post_environment(self, environment: EnvironmentPut) -> None:
        """Make an environment known, now and after every reconnect. Idempotent."""
        if environment.environment_id in self._environments:
            return
        with self._lifeline.gate:
            self._environments[environment.environment_id] = environment
            self.notify(environment)

    def announce(self, key: str, message: Message, payload: Payload = b"") -> None:
        """Tell something that holds as long as this process does: now and after every reconnect."""
        with self._lifeline.gate:
            self._announced[key] = (message, payload)
            self.notify(message, payload)

    def withdraw(self, key: str, message: Message) -> None:
        """Tell that what was announced under names that begin with ``key`` holds no longer."""
        with self._lifeline.gate:
            for name in [name for name in self._announced if name.startswith(key)]:
                del self._announced[name]
            self.notify(message)

    def flush_soon(self, what: Flushable) -> None:
        """Have the sending thread call ``what.flush()`` within a few milliseconds."""
        self._sending.flush_soon(what)

    def flush_later(self, what: Flushable) -> None:
        """Have the sending thread call ``what.flush()`` in about a second."""
        self._sending.flush_later(what)

    # ── calls

    def send_for(self, call_id: str, sender: Sender) -> None:
        """Acknowledgements of this call go to ``sender``, until :meth:`sent`."""
        self._senders[call_id] = sender

    def sent(self, call_id: str) -> None:
        """The call's inputs and seal are acknowledged, or not wanted any more."""
        self._senders.pop(call_id, None)

    def receive_for(self, call_id: str, receiver: Receiver) -> bool:
        """The stream of this call goes to ``receiver``; False if it has one already."""
        if self._lifeline.over is not None:
            receiver.fail(self._lifeline.over)
        return self._receivers.setdefault(call_id, receiver) is receiver

    def received(self, call_id: str) -> None:
        """The stream is no longer wanted."""
        self._receivers.pop(call_id, None)

    def watch(self, call_id: str, callback: Callable[[Progress], None]) -> Callable[[], None]:
        """``callback(progress)`` on the reader thread whenever the call changes. Returns the way to end it."""
        with self._watching:
            callbacks = self._watches.setdefault(call_id, [])
            callbacks.append(callback)
        self.notify(Watch(call_id=call_id))  # again for a second watcher: each gets the state as it is now
        return lambda: self._unwatch(call_id, callback)

    def _unwatch(self, call_id: str, callback: Callable[[Progress], None]) -> None:
        with self._watching:
            callbacks = self._watches.get(call_id, [])
            if callback in callbacks:
                callbacks.remove(callback)
            if callbacks or call_id not in self._watches:
                return
            del self._watches[call_id]
        self._sending.flush_soon(_Unwatching(self, call_id))

    def end_watch(self, call_id: str) -> None:
        """Stop the call's progress, unless someone watches it again by now. On the sending thread."""
        self.post_due(lambda: [] if call_id in self._watches else [(Unwatch(call_id=call_id), b"")])

    # ── for the lifeline

    def replay(self, welcome: Welcome, address: embedded.Address) -> list[Frame]:
        """What a fresh connection has to be told, in the order in which it makes sense."""
        before = self._lifeline.welcome
        if before is not None and welcome.epoch != before.epoch:
            self.functions.clear()
        self.found.clear()
        self._blobs = Blobs(welcome.blobs, address.url, address.token, tls=self.place.tls)
        self.url = address.url
        frames: list[Frame] = [(environment, b"") for environment in self._environments.values()]
        frames += self._announced.values()
        frames += [(request.message, request.payload) for request in list(self._requests.values())]
        for sender in list(self._senders.values()):
            frames += sender.unacknowledged()
        frames += [(receiver.attach(welcome.epoch), b"") for receiver in list(self._receivers.values())]
        with self._watching:
            frames += [(Watch(call_id=call_id), b"") for call_id in self._watches]
        return frames

    def is_needed(self) -> bool:
        """Whether anything waits for the connection."""
        return bool(self._requests or self._senders or self._receivers or self._watches or self.kept)

    def keep_alive(self) -> None:
        """Say something, so that both sides know the other is there."""
        self._sending.send_soon((Ping(), b""))

    def is_over(self, why: BaseException) -> None:
        """Nothing comes any more: tell everyone who waits."""
        for number in list(self._requests):
            request = self._requests.pop(number, None)
            if request is not None:
                request.future.set_exception(why)
        for receiver in list(self._receivers.values()):
            receiver.fail(why)
        self._sending.end()

    def take(self, message: Message, payload: memoryview) -> None:
        """A message arrived: to whom it may concern. On the reader thread."""
        if isinstance(message, Streamed):
            receiver = self._receivers.get(message.call_id)
            if receiver is not None:
                receiver.arrived(message, payload)
        elif isinstance(message, (InputsAccepted, CallSealed)):
            self._acknowledge(message)
        elif isinstance(message, Progress):
            for callback in list(self._watches.get(message.call.call_id, ())):
                callback(message)
        elif isinstance(message, FunctionMoved):
            self.found.moved(message.app, message.name)
        elif isinstance(message, Ping):
            self._sending.send_soon((Pong(), b""))
        elif isinstance(message, Failed):
            self._refuse(message)
        elif not isinstance(message, (Pong, Goaway)):
            self._answer(getattr(message, "request", -1), Reply(message, payload))

    def _acknowledge(self, message: InputsAccepted | CallSealed) -> None:
        sender = self._senders.get(message.call_id)
        if sender is None:
            return
        if isinstance(message, InputsAccepted):
            sender.accepted(message.through)
        else:
            sender.sealed()

    def _answer(self, number: int, reply: Reply) -> None:
        request = self._requests.pop(number, None)
        if request is not None and request.future.set_running_or_notify_cancel():
            request.future.set_result(reply)

    def _refuse(self, failed: Failed) -> None:
        if failed.code == "gateway.closing":
            return  # asked again when we come back
        if failed.call_id is not None:
            receiver = self._receivers.get(failed.call_id)
            if receiver is not None:
                receiver.fail(of_refusal(failed))
            return
        if failed.request is None:
            self._refuse_inputs(failed)
            return
        request = self._requests.pop(failed.request, None)
        if request is not None and request.future.set_running_or_notify_cancel():
            request.future.set_exception(of_refusal(failed))

    def _refuse_inputs(self, failed: Failed) -> None:
        """Those of one call, or all where the gateway has no room. What closed a call is told by its stream."""
        if failed.code == "call.closed":
            return
        if failed.inputs_of is None:
            refused = list(self._senders) if failed.code == "resource.exhausted" else []
        else:
            refused = [failed.inputs_of]
        for call_id in refused:
            sender = self._senders.get(call_id)
            if sender is not None:
                sender.repeat(of_refusal(failed))

    def _forget(self) -> None:
        self._lifeline.discard()


class _Unwatching(NamedTuple):
    """Ends a watch from the sending thread: the reader thread, which may ask for it, must not wait for the gate."""

    session: Session
    call_id: str

    def flush(self) -> None:
        """End it."""
        self.session.end_watch(self.call_id)


def _after_fork() -> None:
    """A forked child makes a session of its own; the socket is its parent's."""
    session, Session._current = Session._current, None
    Session._making = threading.Lock()
    if session is not None:
        session._forget()


def _at_exit() -> None:
    session = Session.existing()
    if session is not None:
        session.close()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
