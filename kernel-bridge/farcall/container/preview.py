"""Shows an argument or a result as a MIME bundle, for views: they never unpickle, so a container does it for them."""

from __future__ import annotations

import base64
import io
import pprint
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Literal

from ..serialize import loads
from ..wire.blobs import Buffer

#: Characters of text, and bytes of HTML or image.
_TEXT = 16 * 1024
_RICH = 256 * 1024
_SECONDS = 2.0


class _TooSlow(BaseException):
    """The value takes too long to show; not an Exception, so that a repr cannot swallow it."""


def bundle_of(payload: Buffer, what: Literal["arguments", "result"]) -> dict[str, str]:
    """What to show for a pickle. Never raises: what cannot be shown is told."""
    try:
        with _limited():
            value = loads(payload)
            return _arguments(*value) if what == "arguments" else _shown(value)
    except _TooSlow:
        return {"text/plain": f"(it takes longer than {_SECONDS:g} s to show)"}
    except Exception as error:
        return {"text/plain": f"(cannot be shown: {type(error).__name__}: {error})"[:_TEXT]}


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, str]:
    if len(args) == 1 and not kwargs:
        return _shown(args[0])
    named = [_text(arg) for arg in args] + [f"{name}={_text(value)}" for name, value in kwargs.items()]
    return {"text/plain": _capped(",\n".join(named) if any("\n" in one for one in named) else ", ".join(named))}


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
