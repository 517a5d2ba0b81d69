"""Failures: an exception as data on the wire, and the exception again on the other side.

The container packs, the client (and a container that made a nested call) unpacks; the gateway makes failures of its
own, without a pickled exception. What comes out is the remote exception object itself, with the remote frames.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import msgspec

from .. import errors
from ..errors import DeserializationError, ExecutionError, SerializationError, add_note
from . import pickler, serialize, traceback_
from .hints import exc_with_hints

__all__ = ["Failure", "add_note", "format_traceback", "pack", "read", "unpack"]

_MESSAGE = 2_000
_TEXT = 64 * 1024
_NOTES = 32


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why an input failed. Everything but `pickled` can be shown without unpickling."""

    code: str
    #: Qualified exception type: `KeyError`, `json.decoder.JSONDecodeError`.
    kind: str
    message: str
    #: `file:line` of the user's innermost frame, or empty.
    where: str = ""
    traceback: str = ""
    #: The exception with its chain and frames; empty when it cannot be pickled.
    pickled: bytes = b""
    notes: tuple[str, ...] = ()
    #: A generator with a reader: how many values it had yielded, and the pickles of the last, as in `Yielded`.
    yielded: int = 0
    tail: tuple[bytes, ...] = ()


def pack(exc: BaseException, *, code: str = "") -> tuple[bytes, Failure]:
    """An exception as a payload, and the same as a Failure for the summary. Never raises.

    `code` is one of `wire.codes.FAILURES`; without it, `user.raised` or what the exception says by itself.
    """
    frames = traceback_.record(exc.__traceback__)
    kind, message = _kind(exc), _cap(_text(exc), _MESSAGE)
    try:
        pickled = _dump(exc)
    except SerializationError as error:
        pickled, code, message = b"", "payload.unpicklable", _cap(f"{kind}: {message}\n{error}", _MESSAGE)
    failure = Failure(
        code=code or _code(exc),
        kind=kind,
        message=message,
        where=traceback_.user_frame(frames),
        traceback=_cap(format_traceback(exc), _TEXT),
        pickled=pickled,
        notes=_notes(exc),
    )
    return msgspec.msgpack.encode(failure), failure


def read(payload: serialize.Buffer) -> Failure:
    """The Failure of a payload, nothing unpickled."""
    return msgspec.msgpack.decode(payload, type=Failure)


def unpack(payload: serialize.Buffer) -> BaseException:
    """The exception of a payload: the remote object itself, or one of ours that holds the remote traceback as text."""
    failure = read(payload)
    if not failure.pickled:
        return _without_object(failure)
    try:
        exc = _load(failure.pickled)
    except DeserializationError as error:
        happened = f"the function raised {failure.kind}: {failure.message}\n{error}"
        return _told(ExecutionError(_with_traceback(happened, failure)), failure)
    if isinstance(exc, (SystemExit, KeyboardInterrupt, GeneratorExit)):
        return _ended(exc, failure)
    return exc_with_hints(exc)


def format_traceback(exc: BaseException) -> str:
    """The traceback as Python prints it, without frames of ours."""
    told = traceback.TracebackException.from_exception(exc)
    for part in _told_parts(told):
        part.stack[:] = [frame for frame in part.stack if not traceback_.is_ours(frame.filename)]
    return "".join(told.format())


# ── packing


def _dump(exc: BaseException) -> bytes:
    """The exception and all that hangs on it. Links of the chain that cannot be pickled are told in words."""
    chain = list(_chain(exc))
    try:
        return _dump_chain(chain, chain)
    except Exception:
        carried = [link if _picklable(link) else _in_words(link) for link in chain[1:]]
    try:
        return _dump_chain(chain, [exc, *carried])
    except Exception as error:
        raise serialize.unpicklable(exc, "exception", error) from error


def _dump_chain(chain: list[BaseException], carried: list[BaseException]) -> bytes:
    number = {id(link): index for index, link in enumerate(chain)}
    frames = [traceback_.record(link.__traceback__) for link in chain]
    links = [
        (number.get(id(link.__cause__), -1), number.get(id(link.__context__), -1), link.__suppress_context__)
        for link in chain
    ]
    lines = traceback_.lines_of(frame for some in frames for frame in some)
    return pickler.dumps((carried, links, frames, lines), pickler=_ExceptionPickler)


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """The exception, its causes and contexts, and the members of groups, each once."""
    waiting: list[BaseException | None] = [exc]
    seen: set[int] = set()
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        members = getattr(link, "exceptions", ())
        waiting += [link.__cause__, link.__context__]
        waiting += [member for member in members if isinstance(member, BaseException)] if members else []


class _ExceptionPickler(pickler.Pickler):
    """Takes exceptions apart without their own `__init__`, whose arguments are rarely those in `args`."""

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, BaseException):
            reduced = thing.__reduce_ex__(5)
            if isinstance(reduced, tuple) and reduced[0] is type(thing):
                state = (reduced[2] if len(reduced) > 2 else None) or {}
                if isinstance(thing, (NameError, AttributeError)):
                    state = {"name": getattr(thing, "name", None), **state}  # Python leaves it at home
                return _revive, (type(thing), reduced[1]), state or None, *reduced[3:]
        return super().reducer_override(thing)


def _revive(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    if not hasattr(cls.__init__, "__code__") and not hasattr(cls.__new__, "__code__"):
        return cls(*args)
    exc = cls.__new__(cls, *args)
    built_in = next(init for init in _inits(cls) if not hasattr(init, "__code__"))
    try:
        built_in(exc, *args)
    except Exception:
        exc.args = args
    return exc


def _inits(cls: type) -> Iterator[Any]:
    return (vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base))


def _picklable(exc: BaseException) -> bool:
    try:
        pickler.dumps(exc, pickler=_ExceptionPickler)
    except Exception:
        return False
    return True


def _in_words(exc: BaseException) -> BaseException:
    return ExecutionError(f"{_kind(exc)}: {_cap(_text(exc), _MESSAGE)}")


# ── unpacking


def _load(pickled: bytes) -> BaseException:
    chain, links, frames, lines = serialize.loads(pickled)
    traceback_.put_lines(lines)
    for exc, (cause, context, suppress), shown in zip(chain, links, frames, strict=True):
        exc.__cause__ = chain[cause] if cause >= 0 else None
        exc.__context__ = chain[context] if context >= 0 else None
        exc.__suppress_context__ = suppress
        exc.__traceback__ = traceback_.rebuild(shown)
    found = chain[0]
    if not isinstance(found, BaseException):
        raise DeserializationError(f"cannot unpickle the exception: got {type(found).__name__}")
    return found


def _without_object(failure: Failure) -> BaseException:
    if failure.code == "payload.unpicklable":
        return _told(SerializationError(_with_traceback(failure.message, failure)), failure)
    module, _, name = failure.kind.rpartition(".")
    cls = getattr(errors, name, None) if module in ("farcall.errors", "farcall") else None
    if isinstance(cls, type) and issubclass(cls, BaseException):
        return _told(cls(_with_traceback(failure.message, failure)), failure)
    return _told(ExecutionError(_with_traceback(f"{failure.kind}: {failure.message}", failure)), failure)


def _ended(exc: BaseException, failure: Failure) -> BaseException:
    """A function that ends its process must not end its caller's."""
    told = ExecutionError(f"the function raised {failure.kind}({_text(exc)}), which ends this input only")
    told.__cause__ = exc
    return told.with_traceback(exc.__traceback__)


def _told(exc: BaseException, failure: Failure) -> BaseException:
    for note in failure.notes:
        add_note(exc, note)
    return exc


def _with_traceback(message: str, failure: Failure) -> str:
    return f"{message}\n\nRemote traceback:\n{failure.traceback.rstrip()}" if failure.traceback else message


# ── words


def _told_parts(told: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    waiting: list[traceback.TracebackException | None] = [told]
    while waiting:
        part = waiting.pop()
        if part is not None:
            yield part
            waiting += [part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or ())]


def _code(exc: BaseException) -> str:
    if isinstance(exc, SystemExit):
        return "user.exited"
    if isinstance(exc, SerializationError):
        return "payload.unpicklable" if exc.__traceback__ is None else "user.raised"
    return "user.raised"


def _kind(exc: BaseException) -> str:
    cls = type(exc)
    return cls.__qualname__ if cls.__module__ in ("builtins", "__main__") else f"{cls.__module__}.{cls.__qualname__}"


def _text(exc: BaseException) -> str:
    try:
        return str(exc)
    except Exception as error:
        return f"<its str() raised {type(error).__name__}>"


def _notes(exc: BaseException) -> tuple[str, ...]:
    notes = getattr(exc, "__notes__", ())
    return tuple(_cap(str(note), _MESSAGE) for note in list(notes)[:_NOTES]) if isinstance(notes, (list, tuple)) else ()


def _cap(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return (
        text[: limit // 4] + f"\n… {len(text) - limit:,} characters left out …\n" + text[-(limit - limit // 4 - 50) :]
    )
