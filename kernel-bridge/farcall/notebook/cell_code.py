"""The lines that a card's buttons insert as a new cell: run one row here, put the results beside their frame.

Made from the names the notebook uses: of the results, the function and the frame; by the call's id where it has none.
Inserted, never run. Called on the bridge's worker threads.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from ..function import Function
from ..results import Results
from .calls import Calls

if TYPE_CHECKING:
    from ..wire.messages import CallSummary

What = Literal["row", "join"]
_PLAIN = (int, float, str, bool, type(None))
_LONGEST = 80


class CellCode:
    """Writes cells for the calls of this kernel, from what its namespace holds now."""

    def __init__(self, shell: Any, calls: Calls) -> None:
        self._shell = shell
        self._calls = calls

    def __call__(self, call_id: str, what: What, index: int) -> str:
        """The cell's source. Asks the gateway for the call's name; raises ``NotFoundError``."""
        name, results = self._find(lambda value: isinstance(value, Results) and call_id in _calls_of(value))
        summary = self._calls.ask(call_id)
        if what == "join":
            return self._join(call_id, name, results, summary.name)
        return self._row(call_id, name, results, summary, index)

    def _row(self, call_id: str, name: str, results: Results | None, summary: CallSummary, index: int) -> str:
        number = _number(results, call_id, index) if results is not None else None
        head = ""
        if number is None:
            head, name = self._by_id(call_id)
        given = f"{name}.input({index if number is None else number})"
        function_name, function = self._function(summary)
        shared = _shared(results) if results is not None else ""
        if _has_keywords(results, function):
            return f"{head}args, kwargs = {given}\n{function_name}.local(*args, **kwargs{shared})"
        if number is None:
            return f"{head}row = {given}\n{function_name}.local(*row{shared})"
        return f"{function_name}.local(*{given}{shared})"

    def _join(self, call_id: str, name: str, results: Results | None, function: str) -> str:
        if results is None:
            return f"{''.join(self._by_id(call_id))}.to_frame()"
        given = results._source.frame
        frame, _ = self._find(lambda value: value is given) if given is not None else ("", None)
        return f'{name}.join({frame}, prefix="{function}_")' if frame else f"{name}.to_frame()"

    def _by_id(self, call_id: str) -> tuple[str, str]:
        """An import where the notebook has none, and the results of the call."""
        module = sys.modules["farcall"]
        name, _ = self._find(lambda value: value is module)
        head = "" if name else "import farcall\n\n"
        return head, f'{name or "farcall"}.FunctionCall.from_id("{call_id}").results()'

    def _function(self, summary: CallSummary) -> tuple[str, Function[..., Any] | None]:
        """The function under the name the notebook has for it now; a name to put right where it has none."""
        wanted = f"{summary.app}/{summary.name}"
        name, found = self._find(lambda value: isinstance(value, Function) and value.full_name == wanted)
        return name or (summary.name if summary.name.isidentifier() else "f"), found

    def _find(self, fits: Callable[[Any], bool]) -> tuple[str, Any]:
        """The newest of the person's own names for such a value, with the value; "" when there is none."""
        own = [(name, value) for name, value in list(self._shell.user_ns.items()) if name.isidentifier()]
        return next(((name, value) for name, value in reversed(own) if name[0] != "_" and fits(value)), ("", None))


def _calls_of(results: Results) -> tuple[str, ...]:
    return results._chain.calls if results._chain is not None else ()


def _number(results: Results, call_id: str, index: int) -> int | None:
    """What the call's input is called in the results, which number inputs as their first call does."""
    chain = results._chain
    if chain is None:
        return index
    numbering = chain.numbering(chain.calls.index(call_id))
    return numbering.get(index) if isinstance(numbering, dict) else numbering(index)


def _shared(results: Results) -> str:
    """The arguments that `map(kwargs=…)` gave to all inputs: as text where that says it, else by their names."""
    plain = {
        name: isinstance(value, _PLAIN) and len(repr(value)) <= _LONGEST for name, value in results._kwargs.items()
    }
    return "".join(f", {name}={repr(results._kwargs[name]) if said else name}" for name, said in plain.items())


def _has_keywords(results: Results | None, function: Function[..., Any] | None) -> bool:
    """Whether inputs of the map hold keyword arguments: rows of a frame may."""
    if results is not None:
        _, kwargs = next(iter(results._source), ((), {})) if results._source.frame is not None else ((), {})
        return bool(kwargs)
    if function is None:
        return False
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    return any(one.kind in named for one in inspect.signature(function.get_raw_f()).parameters.values())
