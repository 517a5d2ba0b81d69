"""A process's one connection to a gateway: requests by id, streams by call, and coming back after a loss.

Sends happen in the calling thread; one daemon thread reads; a second, started when first needed, sends what waited for
credit. After a loss everything that was not acknowledged is sent again and streams go on at their cursors, so callers
notice nothing. It knows calls by id and does not know what their payloads mean.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import platform
import random
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from . import embedded, errors
from .place import Place, default_place
from .refusals import is_final, of_loss, of_refusal
from .waiting import Bell, Wait
from .wire.blobs import Blobs
from .wire.connection import Connection, ConnectionLost
from .wire.frame import PROTOCOL, ProtocolError
from .wire.ids import ulid
from .wire.messages import (
    CallEnded,
    CallSealed,
    EnvironmentPut,
    Failed,
    Goaway,
    Hello,
    InputsAccepted,
    Items,
    Message,
    Outcomes,
    Output,
    Ping,
    Pong,
    Progress,
    Unwatch,
    Watch,
    Welcome,
)

Payload = bytes | bytearray | memoryview
Frame = tuple[Message, Payload]
T = TypeVar("T")
_QUIET_S = 5.0
_DEAD_S = 20.0
_FIRST_DELAY_S = 0.2
_LAST_DELAY_S = 10.0
#: Starts of the embedded gateway that may fail in a row before callers are told.
_FAILED_STARTS = 4


class Reply(NamedTuple):
    """The answer to a request."""

    message: Message
    payload: memoryview


class Sender(Protocol):
    """The sending side of one open call."""

    def accepted(self, through: int) -> None:
        """Inputs below ``through`` are durable. On the reader thread."""

    def sealed(self) -> None:
        """The seal is durable. On the reader thread."""

    def unacknowledged(self) -> list[Frame]:
        """What a new connection has to be told again."""
        ...

    def flush(self) -> None:
        """Send what credit allows. On the sending thread."""


class Receiver(Protocol):
    """One attached stream."""

    def arrived(self, message: Outcomes | CallEnded | Items | Output, payload: memoryview) -> None:
        """The next message of the stream. On the reader thread."""

    def attach(self, epoch: str) -> Message:
        """The message that goes on where the stream is, under the store's ``epoch``."""
        ...

    def fail(self, error: BaseException) -> None:
        """The session is over; nothing comes any more."""


class _Request(NamedTuple):
    future: Future[Reply]
    message: Message
    payload: Payload


class Session:
    """The connection of this process. Use :meth:`current`; it opens by itself at its first use."""

    _current: Session | None = None
    _making = threading.Lock()  # guards _current

    def __init__(self, place: Place) -> None:
        self.id = f"cl-{ulid()}"
        self.place = place
        self.environments: dict[str, EnvironmentPut] = {}
        self.functions: set[str] = set()  # versions the gateway of this store and epoch has
        self._pid = os.getpid()
        self._gate = threading.RLock()  # guards _connection, and the order of what is sent; taken before all others
        self._connection: Connection | None = None
        self._welcome: Welcome | None = None
        self._blobs: Blobs | None = None
        self._url = ""
        self._reader: threading.Thread | None = None
        self._sender: threading.Thread | None = None
        self._ready: set[Sender] = set()  # whose flush is due; the sending thread takes
        self._due = Bell()
        self._requests: dict[int, _Request] = {}
        self._number = 0
        self._senders: dict[str, Sender] = {}
        self._receivers: dict[str, Receiver] = {}
        self._watches: dict[str, list[Callable[[Progress], None]]] = {}
        self._last_sent = self._last_heard = 0.0
        self._over: BaseException | None = None

    # ── life

    @classmethod
    def current(cls) -> Session:
        """This process's session, connected. A forked child gets one of its own.

        Raises :class:`~farcall.errors.ConnectionError`, ``AuthError`` or ``VersionError``.
        """
        session = cls._current
        if session is None or session._pid != os.getpid() or session._over is not None:
            with cls._making:
                session = cls._current
                if session is None or session._pid != os.getpid() or session._over is not None:
                    session = cls._current = Session(default_place())
        session.open()
        return session

    @classmethod
    def existing(cls) -> Session | None:
        """This process's session if there is one, connected or not."""
        session = cls._current
        return session if session is not None and session._pid == os.getpid() else None

    def open(self) -> Welcome:
        """Connect, unless it is connected (or on its way back)."""
        welcome = self._welcome
        if welcome is not None and self._reader is not None:
            return welcome
        with self._gate:
            if self._over is not None:
                raise errors.ClientClosed("the session was closed; the next call makes a new one")
            if self._reader is None:
                self._enter(*self._connect_patiently())
                self._reader = threading.Thread(target=self._read_on, name="farcall-reader", daemon=True)
                self._reader.start()
            if self._welcome is None:
                raise errors.ConnectionError("the gateway did not say welcome")
            return self._welcome

    def close(self) -> None:
        """Leave the gateway. What is attached ends there 60 s later. Idempotent."""
        self._end(errors.ClientClosed("the session was closed"))

    @property
    def store(self) -> str:
        """The store's id, which is inside every call id made here."""
        return self.open().store

    @property
    def epoch(self) -> str:
        """The store's incarnation."""
        return self.open().epoch

    @property
    def url(self) -> str:
        """Where the gateway is."""
        return self._url

    @property
    def welcome(self) -> Welcome:
        """What the gateway said of itself."""
        return self.open()

    @property
    def blobs(self) -> Blobs:
        """Large payloads of this gateway."""
        self.open()
        if self._blobs is None:
            raise errors.ConnectionError("the gateway did not say welcome")
        return self._blobs

    # ── asking and telling

    def request(self, message: Message, payload: Payload = b"") -> Future[Reply]:
        """Ask; the future has the answer, or the refusal as an exception. Sent again after a lost connection."""
        with self._gate:
            future, frame = self.prepare(message, payload)
            self.post((frame,))
        return future

    def prepare(self, message: Message, payload: Payload = b"") -> tuple[Future[Reply], Frame]:
        """A request's future, and the frame for the caller to :meth:`post` together with others."""
        future: Future[Reply] = Future()
        with self._gate:
            self._number += 1
            number = self._number
            asked = msgspec.structs.replace(message, request=number)
            self._requests[number] = _Request(future, asked, payload)
        if self._over is not None and self._requests.pop(number, None):
            future.set_exception(self._over)
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
        if future.done():
            return future.result()
        if wait.interrupts:
            raise KeyboardInterrupt
        raise errors.ConnectionError(f"the gateway at {self._url} did not answer in {timeout:.0f} s")

    def notify(self, message: Message, payload: Payload = b"") -> None:
        """Tell; lost if the connection is down right now."""
        self.post(((message, payload),))

    def post(self, frames: Iterable[Frame]) -> None:
        """Send frames in one write, or not at all while the connection is down: coming back sends what matters."""
        with self._gate:
            connection = self._connection
            if connection is None:
                if self._reader is None and self._over is None:
                    self.open()  # which also tells all that is registered
                return
            self._last_sent = time.monotonic()
            with contextlib.suppress(ConnectionLost):
                connection.send_many(frames)

    def post_due(self, due: Callable[[], list[Frame]]) -> None:
        """Send what ``due()`` gives, so that two threads that ask it do not mix up its order."""
        with self._gate:
            frames = due()
            if frames:
                self.post(frames)

    def post_environment(self, environment: EnvironmentPut) -> None:
        """Make an environment known, now and after every reconnect. Idempotent."""
        with self._gate:
            if environment.environment_id not in self.environments:
                self.environments[environment.environment_id] = environment
                self.notify(environment)

    # ── calls

    def send_for(self, call_id: str, sender: Sender) -> None:
        """Acknowledgements of this call go to ``sender``, until :meth:`sent`."""
        self._senders[call_id] = sender

    def sent(self, call_id: str) -> None:
        """The call's inputs and seal are acknowledged."""
        self._senders.pop(call_id, None)

    def receive_for(self, call_id: str, receiver: Receiver) -> bool:
        """The stream of this call goes to ``receiver``; False if it has one already."""
        if self._over is not None:
            receiver.fail(self._over)
        return self._receivers.setdefault(call_id, receiver) is receiver

    def received(self, call_id: str) -> None:
        """The stream is no longer wanted."""
        self._receivers.pop(call_id, None)

    def watch(self, call_id: str, callback: Callable[[Progress], None]) -> Callable[[], None]:
        """``callback(progress)`` on the reader thread whenever the call changes. Returns the way to end it."""
        with self._gate:
            callbacks = self._watches.setdefault(call_id, [])
            callbacks.append(callback)
            if len(callbacks) == 1:
                self.notify(Watch(call_id=call_id))

        def unwatch() -> None:
            with self._gate:
                if callback in callbacks:
                    callbacks.remove(callback)
                if not callbacks and self._watches.get(call_id) is callbacks:
                    del self._watches[call_id]
                    self.notify(Unwatch(call_id=call_id))

        return unwatch

    def flush_soon(self, sender: Sender) -> None:
        """Have the sending thread call ``sender.flush()`` within a few milliseconds."""
        self._ready.add(sender)
        if self._sender is None:
            with self._gate:
                if self._sender is None:
                    self._sender = threading.Thread(target=self._send_on, name="farcall-sender", daemon=True)
                    self._sender.start()
        self._due.ring()

    # ── coming and coming back

    def _connect(self) -> tuple[Connection, Welcome, embedded.Address]:
        address = self.place.address()
        connection = Connection.connect(address.url, address.token, tls=self.place.tls)
        try:
            connection.send(_hello(self.id))
            while True:
                message, _ = connection.receive(10.0)
                if isinstance(message, Welcome):
                    return connection, message, address
                if isinstance(message, Failed):
                    raise ConnectionLost(1006, message.message)
        except BaseException:
            connection.close()
            connection.discard()
            raise

    def _connect_patiently(self) -> tuple[Connection, Welcome, embedded.Address]:
        """The first connection: a gateway that is just coming up or going down gets a few chances."""
        for attempt in range(4):
            try:
                return self._connect()
            except embedded.StartError as error:
                raise errors.ConnectionError(str(error)) from None
            except ConnectionLost as lost:
                if is_final(lost) or attempt == 3:
                    raise of_loss(lost, self.place.name) from None
            except OSError as error:
                if attempt == 3 or not self.place.is_embedded:
                    raise of_loss(ConnectionLost(1006, str(error)), self.place.name) from None
            time.sleep(random.uniform(0, 0.1 * 2**attempt))
        raise errors.ConnectionError(f"the gateway at {self.place.name} cannot be reached")

    def _enter(self, connection: Connection, welcome: Welcome, address: embedded.Address) -> None:
        """Take a fresh connection into use: tell it all that is not acknowledged, then let callers send. Held: _gate."""
        if self._welcome is not None and welcome.epoch != self._welcome.epoch:
            self.functions.clear()
        self._blobs = Blobs(welcome.blobs, address.url, address.token, tls=self.place.tls)
        self._url = address.url
        self._welcome = welcome
        self._last_heard = self._last_sent = time.monotonic()
        frames: list[Frame] = [(environment, b"") for environment in self.environments.values()]
        frames += [(request.message, request.payload) for request in list(self._requests.values())]
        for sender in list(self._senders.values()):
            frames += sender.unacknowledged()
        frames += [(receiver.attach(welcome.epoch), b"") for receiver in list(self._receivers.values())]
        frames += [(Watch(call_id=call_id), b"") for call_id in self._watches]
        connection.send_many(frames)
        self._connection = connection

    def _come_back(self) -> bool:
        """Reconnect with full jitter. False when there is no way back, or nobody needs one."""
        failed_starts = 0
        ceiling = _FIRST_DELAY_S
        while self._over is None:
            if self._is_idle():
                return False
            time.sleep(random.uniform(0, ceiling))
            ceiling = min(_LAST_DELAY_S, ceiling * 2)
            try:
                arrived = self._connect()
                with self._gate:
                    self._enter(*arrived)
                return True
            except ConnectionLost as lost:
                if is_final(lost) and not (self.place.is_embedded and lost.code in (401, 4401)):
                    self._end(of_loss(lost, self.place.name))
            except embedded.StartError as error:
                failed_starts += 1
                if failed_starts >= _FAILED_STARTS:
                    self._end(errors.ConnectionError(str(error)))
            except (OSError, ProtocolError):
                pass
        return False

    def _is_idle(self) -> bool:
        """Forget the connection if nothing waits for it; the next use makes another."""
        with self._gate:
            if self._requests or self._senders or self._receivers or self._watches:
                return False
            self._reader = None
            return True

    def _end(self, why: BaseException) -> None:
        with self._gate:
            if self._over is not None:
                return
            self._over = why
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        for number in list(self._requests):
            request = self._requests.pop(number, None)
            if request is not None:
                request.future.set_exception(why)
        for receiver in list(self._receivers.values()):
            receiver.fail(why)
        self._due.ring()

    # ── the two threads

    def _read_on(self) -> None:
        while self._over is None:
            connection = self._connection
            if connection is not None:
                try:
                    self._read_from(connection)
                except (ConnectionLost, ProtocolError) as error:
                    self._leave(connection, error)
            if self._over is None and not self._come_back():
                return

    def _read_from(self, connection: Connection) -> None:
        while True:
            try:
                message, payload = connection.receive(_QUIET_S)
            except TimeoutError:
                self._keep_alive(connection)
                continue
            self._last_heard = time.monotonic()
            self._take(message, payload)

    def _leave(self, connection: Connection, error: Exception) -> None:
        with self._gate:
            self._connection = None
        connection.close()
        connection.discard()
        if isinstance(error, ConnectionLost) and is_final(error) and error.code != 4401:
            self._end(of_loss(error, self.place.name))

    def _keep_alive(self, connection: Connection) -> None:
        now = time.monotonic()
        if now - self._last_heard > _DEAD_S:
            raise ConnectionLost(1006, f"nothing was heard for {_DEAD_S:.0f} s")
        if now - max(self._last_sent, self._last_heard) >= _QUIET_S - 0.5:
            self.notify(Ping())

    def _take(self, message: Message, payload: memoryview) -> None:
        if isinstance(message, (Outcomes, CallEnded, Items, Output)):
            receiver = self._receivers.get(message.call_id)
            if receiver is not None:
                receiver.arrived(message, payload)
        elif isinstance(message, (InputsAccepted, CallSealed)):
            self._acknowledge(message)
        elif isinstance(message, Progress):
            for callback in list(self._watches.get(message.call.call_id, ())):
                callback(message)
        elif isinstance(message, Ping):
            self.notify(Pong())
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
        if failed.request is None or failed.code == "gateway.closing":
            return  # asked again when we come back
        request = self._requests.pop(failed.request, None)
        if request is not None and request.future.set_running_or_notify_cancel():
            request.future.set_exception(of_refusal(failed))

    def _send_on(self) -> None:
        while self._over is None:
            self._due.wait(60.0)
            time.sleep(0.002)
            while self._ready and self._over is None:
                self._ready.pop().flush()

    def _forget(self) -> None:
        """In a forked child: the parent goes on using the socket."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.discard()


def _hello(client_id: str) -> Hello:
    from . import __version__

    return Hello(
        role="client", id=client_id, protocol=PROTOCOL, version=__version__, python=platform.python_version()
    )


def _after_fork() -> None:
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
