"""Does what the person asks for in a view, over the kernel's session, and makes the replies of notebook.ts.

Called on the bridge's worker threads; every wait has an end. It never unpickles: arguments and results are shown as a
container previews them, tracebacks as the text that travelled with the failure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Literal, Protocol

import msgspec

from ..errors import InvalidError
from ..functions import autoscaler
from ..wire import messages
from ..wire.codes import FAILED, IN_BLOB, INPUT_STATES, TIMED_OUT
from . import intents, views, words
from .function_views import function_views
from .graphs import graph_view
from .labels import LabelBook
from .times import times_view

_ANSWER_S = 10.0
_PREVIEW_S = 5.0
_OUTPUT_CAP = 64 * 1024
#: Memory is in MiB on the wire, in bytes in views.
_MIB = 2**20
_WORDS = tuple(state.replace("_", " ") for state in INPUT_STATES)

#: The source of a cell about a call: what it does, and for which input.
CellCode = Callable[[str, Literal["row", "join"], int], str]


class Resume(Protocol):
    """Runs a call's inputs again and answers the id of the new call."""

    def __call__(self, call_id: str, which: Literal["unsucceeded", "failed"]) -> str: ...

    def alike(self, call_id: str, index: int) -> str:
        """Only those that failed as this one did."""
        ...


class Failure(msgspec.Struct):
    """The text of a Failure payload; its pickled exception stays untouched."""

    traceback: str = ""
    kind: str = ""
    message: str = ""


class GatewayAnswers:
    """Answers by asking the gateway. ``text`` gives a traceback's cells their names, ``where`` names the gateway."""

    def __init__(
        self,
        session: Callable[[], Any],
        resume: Resume,
        code: CellCode,
        labels: LabelBook,
        *,
        text: Callable[[str], str],
        where: Callable[[], str],
    ) -> None:
        self._session = session
        self._resume = resume
        self._code = code
        self._labels = labels
        self._text = text
        self._where = where

    def __call__(self, intent: intents.Intent) -> object:
        """The reply to an intent. Raises what the person should read."""
        match intent:
            case intents.Cancel():
                self._cancel(intent)
            case intents.Detach():
                self._session().notify(messages.CallDetach(call_id=intent.call_id))
            case intents.Resume():
                return {"call_id": self._resume(intent.call_id, intent.which)}
            case intents.Retry():
                return {"call_id": self._resume.alike(intent.call_id, intent.index)}
            case intents.InputLabels():
                return {"labels": self._labels.of(intent.call_id, intent.indexes)}
            case intents.Times():
                state, _ = self._ask(messages.TimingAsk(request=0, call_id=intent.call_id))
                return times_view(state, _word)
            case intents.Graph():
                return self._graph(intent)
            case intents.GraphCalls():
                return self._graph_calls(intent)
            case intents.Functions():
                return {"functions": function_views(self._session())}
            case intents.Scale():
                return self._scale(intent)
            case intents.Rows():
                return self._rows(intent)
            case intents.Input():
                return self._input(intent)
            case intents.Output():
                return self._output(intent)
            case intents.Code():
                return {"source": self._code(intent.call_id, intent.what, intent.index)}
            case intents.ListCalls():
                return self._calls(intent)
            case intents.Runtime():
                return self._runtime()
        return None

    def _cancel(self, intent: intents.Cancel) -> None:
        self._ask(messages.CallCancel(request=0, call_id=intent.call_id, scope=intent.scope, terminate=False))

    def _scale(self, intent: intents.Scale) -> object:
        asked = autoscaler.asked(
            intent.app,
            intent.name,
            min_containers=intent.min_containers,
            max_containers=intent.max_containers,
            buffer_containers=intent.buffer_containers,
            scaledown_window=intent.scaledown_window,
        )
        return autoscaler.update(self._session(), asked)

    def _rows(self, intent: intents.Rows) -> object:
        states = tuple(dict.fromkeys(_state_of(word) for word in intent.states))
        page, _ = self._ask(
            messages.InputsList(
                request=0, call_id=intent.call_id, states=states, first=intent.first, limit=intent.limit
            )
        )
        return {"rows": [_row(row) for row in page.rows], "next": page.next}

    def _input(self, intent: intents.Input) -> object:
        """Everything at once: five questions on the wire, then the answers in any order."""
        send, call_id, index = self._session().request, intent.call_id, intent.index
        row = send(messages.InputsList(request=0, call_id=call_id, states=(), first=index, limit=1))
        given = send(messages.PreviewAsk(request=0, call_id=call_id, index=index, what="arguments"))
        result = send(messages.PreviewAsk(request=0, call_id=call_id, index=index, what="result"))
        outcome = send(messages.OutcomesRead(request=0, call_id=call_id, first=index, count=1))
        output = send(messages.OutputRead(request=0, call_id=call_id, index=index, offset=0))
        page, _ = row.result(_ANSWER_S)
        found = [row for row in page.rows if row.index == index]
        if not found:
            raise InvalidError(f"call {call_id} has no input {index}")
        deadline = time.monotonic() + _PREVIEW_S
        settled = INPUT_STATES[found[0].state] == "succeeded"
        return {
            "row": _row(found[0]),
            "arguments": _preview(given, deadline),
            "result": _preview(result, deadline) if settled else {},
            "traceback": self._text(_traceback(outcome, deadline)),
            "output": _text(output, deadline),
        }

    def _output(self, intent: intents.Output) -> object:
        page, payload = self._ask(
            messages.OutputRead(request=0, call_id=intent.call_id, index=-1, offset=intent.offset)
        )
        return {"text": bytes(payload).decode("utf-8", "replace"), "next": page.next}

    def _calls(self, intent: intents.ListCalls) -> object:
        listing, _ = self._ask(messages.CallList(request=0, limit=intent.limit))
        return {"calls": [views.plain(views.asked(call)) for call in listing.calls]}

    def _graph(self, intent: intents.Graph) -> object:
        state, _ = self._ask(messages.GraphFold(request=0, call_id=intent.call_id))
        return graph_view(state)

    def _graph_calls(self, intent: intents.GraphCalls) -> object:
        listing, _ = self._ask(messages.GraphList(request=0, call_id=intent.call_id, node=intent.node))
        return {"calls": [views.plain(views.asked(call)) for call in listing.calls]}

    def _runtime(self) -> object:
        asked_at = time.perf_counter()
        state, _ = self._ask(messages.RuntimeAsk(request=0))
        latency = (time.perf_counter() - asked_at) * 1000
        return {"where": self._where(), "latency_ms": round(latency, 2)} | _runtime_view(state)

    def _ask(self, message: messages.Message) -> tuple[Any, memoryview]:
        answer: tuple[Any, memoryview] = self._session().request(message).result(_ANSWER_S)
        return answer


def _state_of(word: str) -> int:
    """The number of a state; an input that is retried is queued once more."""
    if word == "retrying":
        word = "queued"
    if word not in _WORDS:
        raise InvalidError(f"no such state: {word!r}; there are {', '.join(_WORDS)}")
    return _WORDS.index(word)


def _word(state: int) -> str:
    return _WORDS[state] if state < len(_WORDS) else "queued"


def _row(row: messages.InputRow) -> dict[str, object]:
    word = _word(row.state)
    fields = msgspec.structs.asdict(row) | {"state": "retrying" if word == "queued" and row.attempt else word}
    del fields["kind"], fields["where"]  # a view has its groups from the call
    return fields


def _preview(future: Future[Any], deadline: float) -> Mapping[str, str]:
    try:
        reply, _ = future.result(max(0.0, deadline - time.monotonic()))
        bundle: Mapping[str, str] = reply.bundle
    except Exception as exc:
        return {"text/plain": f"not available: {exc}" if str(exc) else "not available"}
    return bundle


def _traceback(future: Future[Any], deadline: float) -> str:
    """The traceback that travelled with a failed outcome; empty for other outcomes."""
    try:
        page, payload = future.result(max(0.0, deadline - time.monotonic()))
    except Exception:
        return ""  # no outcome yet, or it expired: the row says so
    lengths = memoryview(page.lengths).cast("I")
    if not page.statuses or page.statuses[0] not in (FAILED, TIMED_OUT) or lengths[0] == IN_BLOB:
        return ""
    failure = msgspec.msgpack.decode(payload[: lengths[0]], type=Failure)
    return failure.traceback or f"{failure.kind}: {failure.message}"


def _text(future: Future[Any], deadline: float) -> str:
    try:
        _, payload = future.result(max(0.0, deadline - time.monotonic()))
    except Exception as exc:
        return f"not available: {exc}"
    text = bytes(payload[:_OUTPUT_CAP]).decode("utf-8", "replace")
    left = len(payload) - _OUTPUT_CAP
    return f"{text}\n… {words.size(left)} more: call.logs()" if left > 0 else text


def _runtime_view(state: messages.RuntimeState) -> dict[str, object]:
    return {
        "version": state.version,
        "python": state.python,
        "cpus": state.cpus,
        "memory": state.memory * _MIB,
        "gpus": [{"name": gpu.name, "memory": gpu.memory * _MIB, "busy": bool(gpu.container_id)} for gpu in state.gpus],
        "containers": [_container(container) for container in state.containers],
    }


def _container(container: messages.ContainerSummary) -> dict[str, object]:
    fields = msgspec.structs.asdict(container)
    del fields["function_id"]
    return fields
