"""Shows an argument or a result as a MIME bundle, for views: they never unpickle, so a container does it for them."""

from __future__ import annotations

import base64
import inspect
import io
import pprint
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Literal

from ..values.serialize import loads
from ..wire.blobs import Buffer

#: Characters of text, and bytes of HTML or image.
_TEXT = 16 * 1024
_RICH = 256 * 1024
_SECONDS = 2.0


class _TooSlow(BaseException):
    """The value takes too long to show; not an Exception, so that a repr cannot swallow it."""


def bundle_of(
    payload: Buffer, what: Literal["arguments", "result"], function: Callable[..., Any] | None = None
) -> dict[str, str]:
    """What to show for a pickle; ``function`` names the arguments. Never raises: what cannot be shown is told."""
    try:
        with _limited():
            if what == "result":
                return _shown(loads(payload))
            args, kwargs = loads(payload)
            return _arguments(args, kwargs, function)
    except _TooSlow:
        return {"text/plain": f"(it takes longer than {_SECONDS:g} s to show)"}
    except Exception as error:
        return {"text/plain": f"(cannot be shown: {type(error).__name__}: {error})"[:_TEXT]}


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any], function: Callable[..., Any] | None) -> dict[str, str]:
    """One argument a line, by its parameter's name; the picture or table of a single one beside that."""
    rich = _shown(args[0]) if len(args) == 1 and not kwargs else {}
    lines = [_assignment(name, value) for name, value in _named(args, kwargs, function)]
    return {**rich, "text/plain": _capped("\n".join(lines))} if lines else {"text/plain": "(no arguments)"}


def _named(
    args: tuple[Any, ...], kwargs: dict[str, Any], function: Callable[..., Any] | None
) -> Iterator[tuple[str, Any]]:
    """Arguments with their parameters' names; "" for those that fit no parameter."""
    names = _positional(function) if function is not None else []
    yield from ((names[at] if at < len(names) else "", value) for at, value in enumerate(args))
    yield from kwargs.items()


def _positional(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some builtins have none
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in kinds]


def _assignment(name: str, value: Any) -> str:
    text = _text(value)
    if not name:
        return text
    return f"{name} =\n{text}" if "\n" in text else f"{name} = {text}"


def _shown(value: Any) -> dict[str, str]:
    bundle = {"text/plain": _capped(_text(value))}
    html = getattr(type(value), "_repr_html_", None)
    if html is not None:
        text = html(value)
        if isinstance(text, str) and len(text) <= _RICH:
            bundle["text/html"] = text
    image = _image(value)
    if image is not None and len(image) <= _RICH:
        bundle["image/png"] = base64.b64encode(image).decode("ascii")
    return bundle


def _image(value: Any) -> bytes | None:
    """A PNG, of a matplotlib figure or of anything that makes one by itself."""
    png = getattr(type(value), "_repr_png_", None)
    if png is not None:
        made = png(value)
        return made if isinstance(made, bytes) else None
    figure = sys.modules.get("matplotlib.figure")
    if figure is not None and isinstance(value, figure.Figure):
        written = io.BytesIO()
        value.savefig(written, format="png", dpi=72)
        return written.getvalue()
    return None


def _text(value: Any) -> str:
    if isinstance(value, (dict, list, tuple, set, frozenset)):
        return pprint.pformat(value, width=100, sort_dicts=False)
    return repr(value)


def _capped(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}\n… {len(text) - _TEXT:,} more characters"


@contextmanager
def _limited() -> Iterator[None]:
    """A value's own code gets two seconds. In the main thread only, as all of this."""

    def on_alarm(_number: int, _frame: FrameType | None) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
