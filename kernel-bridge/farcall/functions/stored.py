"""The function of a call whose definition is not in this process: the gateway has its code, so the call can go on."""

from __future__ import annotations

from typing import Any

from ..calls.launch import Prepared
from ..client.session import Session
from ..errors import NotFoundError
from ..function import Function
from ..wire.messages import CallSummary
from . import registry


class StoredFunction(Function[..., Any]):
    """The version that ran a call, for running more of its inputs: as they were given, with the values shared then."""

    def __init__(self, summary: CallSummary) -> None:
        super().__init__(None, app=summary.app, name=summary.name, is_generator=summary.is_generator)
        self._version = summary.function_id
        self._method = summary.name.rpartition(".")[2] if summary.pool is not None else ""

    def prepare(self, session: Session) -> Prepared:
        """Nothing is captured or sent: the gateway has it."""
        return Prepared(self._name, self._version, self.is_generator, is_stored=True, method=self._method)


def function_of(summary: CallSummary) -> Function[..., Any]:
    """What the name of a call's function means in this process; else the version that ran it."""
    try:
        return registry.of_call(summary)
    except NotFoundError:
        return StoredFunction(summary)
