"""Runs a call's unfinished or failed inputs again from a card's button, with the function as the notebook has it now,
or, where it has none of that name, with the version that ran them.

Called on the bridge's worker threads. While the map's Results live here their `kwargs` are known; of an older call only
its function is looked up by name.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Literal

from ..apps.app import App, default_app
from ..call import FunctionCall
from ..calls.starting import failed_alike
from ..function import Function
from ..functions.stored import function_of
from ..results import Results
from .calls import Calls
from .labels import LabelBook

if TYPE_CHECKING:
    from ..wire.messages import CallSummary

Which = Literal["unsucceeded", "failed"]


class Resumer:
    """Knows the maps that this kernel made, and finds functions in the user's namespace."""

    def __init__(self, shell: Any, calls: Calls, labels: LabelBook) -> None:
        self._shell = shell
        self._calls = calls
        self._labels = labels
        self._made: weakref.WeakValueDictionary[str, Results] = weakref.WeakValueDictionary()

    def made(self, results: Results) -> None:
        """A map that started here."""
        self._made[results.call.object_id] = results
        self._labels.made(results)

    def __call__(self, call_id: str, which: Which) -> str:
        """Start the derived call, detached; its id. Waits until it is durable."""
        results = self._results(call_id)
        return self._start(results.resume() if which == "unsucceeded" else results.retry_failed())

    def alike(self, call_id: str, index: int) -> str:
        """As above, of the inputs that failed as ``index`` did. Raises ``InvalidError`` when that one did not fail."""
        results = self._results(call_id)
        return self._start(results.retry_only(failed_alike(self._calls.session(), call_id, index)))

    def _results(self, call_id: str) -> Results:
        summary = self._calls.ask(call_id)
        before = self._made.get(call_id)
        kwargs = before.kwargs if before is not None else None
        return Results.of_call(FunctionCall.from_id(call_id), self._function(summary), kwargs=kwargs)

    def _start(self, again: Results) -> str:
        again.start()
        self.made(again)
        return again.call.object_id

    def _function(self, summary: CallSummary) -> Function[..., Any] | None:
        if summary.pool is not None:
            return function_of(summary)  # a method: names do not tell instances apart
        wanted = f"{summary.app}/{summary.name}"
        apps = [default_app()]
        for value in list(self._shell.user_ns.values()):
            if isinstance(value, Function) and value.full_name == wanted:
                return value
            if isinstance(value, App):
                apps.append(value)
        for app in apps:
            known = app.functions.get(summary.name)
            if known is not None and known.full_name == wanted:
                return known
        return None  # then the version that ran it runs again
