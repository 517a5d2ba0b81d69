"""How farcall's objects look as a cell's value: a Results runs and shows its card, a FunctionCall shows one.

Registered with IPython's display formatters, so the API knows nothing of notebooks. Only in the main thread; elsewhere,
and whenever a card cannot be made, the plain text form is shown.
"""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any

from ..calls.failure_list import error_of, examples_of
from ..errors import Error
from . import functions, graphs, markup, words
from .calls import Calls
from .cards import Card, Deck
from .screen import Screen

if TYPE_CHECKING:
    from ..call import FunctionCall
    from ..call_graph import CallGraph
    from ..calls.failure_list import Failures
    from ..function import Function
    from ..results import Results


def register(shell: Any, calls: Calls, deck: Deck) -> None:
    """Tell ``shell`` how to show them. Idempotent."""
    display = shell.display_formatter.ipython_display_formatter
    display.for_type_by_name("farcall.results", "Results", lambda results: _show_results(results, calls, deck))
    display.for_type_by_name("farcall.call", "FunctionCall", lambda call: _show_call(call, calls, deck))
    display.for_type_by_name("farcall.call_graph", "CallGraph", lambda graph: _show_graph(graph, calls, deck))
    html = shell.display_formatter.formatters["text/html"]
    html.for_type_by_name("farcall.function", "Function", _function_html)
    html.for_type_by_name("farcall.calls.failure_list", "Failures", _failures_html)
    plain = shell.display_formatter.formatters["text/plain"]
    plain.for_type_by_name("farcall.function", "Function", _function_text)


def _show_results(results: Results, calls: Calls, deck: Deck) -> None:
    """Runs in the foreground until done; failed inputs are counted on its card, not raised.

    After a few inputs (``limit=``) it says what the rest will take, and how to run it.
    """
    if not Screen.may_show():
        raise NotImplementedError  # IPython goes on to the text form
    if results.status != "not started":
        _show(results.call.object_id, calls, deck)
    results.wait()
    if results.is_limited:
        print(results.estimate())


def _show_call(call: FunctionCall[Any], calls: Calls, deck: Deck) -> None:
    if not Screen.may_show() or not _show(call.object_id, calls, deck):
        raise NotImplementedError


def _show_graph(graph: CallGraph, calls: Calls, deck: Deck) -> None:
    """The graph as it is now; with the extension it goes on from there."""
    if not Screen.may_show():
        raise NotImplementedError
    shown = graphs.bundle(graph)
    calls.find(graph.root_id)
    deck.show_once(shown)


def _show(call_id: str, calls: Calls, deck: Deck) -> bool:
    """Show a card of the call, unless this cell shows one already; whether there is something new."""
    if deck.is_shown(call_id):
        return False
    try:
        followed = calls.find(call_id)
    except (Error, FutureTimeoutError):
        return False
    deck.show(Card("map" if followed.view.kind in ("map", "spawn_map") else "call", [followed]))
    return True


def _failures_html(failures: Failures) -> str:
    rows = [(words.number(group.count), error_of(group), group.where, examples_of(group)) for group in failures]
    return markup.table(("count", "error", "where", "inputs"), rows) if rows else "<div>no failures</div>"


def _function_html(function: Function[..., Any]) -> str:
    return functions.html(functions.describe(function))


def _function_text(function: Function[..., Any], printer: Any, cycle: bool) -> None:
    printer.text(functions.text(functions.describe(function)))
