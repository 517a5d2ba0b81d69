"""farcall: notebook cells as functions that run on far machines.

``@farcall.function`` makes a function remote; ``f.remote(x)``, ``f.map(xs)`` and ``f.spawn(x)`` run it. In a notebook
this import also registers the magics and the live views.
"""

from __future__ import annotations

__version__ = "0.1.0"

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import errors as errors
    from . import exception as exception
    from .app import App as App
    from .app import Stub as Stub
    from .app import function as function
    from .batches import BatchResults as BatchResults
    from .call import FunctionCall as FunctionCall
    from .call_graph import CallGraph as CallGraph
    from .call_graph import InputInfo as InputInfo
    from .call_graph import InputStatus as InputStatus
    from .classes import Cls as Cls
    from .concurrency import batched as batched
    from .concurrency import concurrent as concurrent
    from .context import current_function_call_id as current_function_call_id
    from .context import current_input_id as current_input_id
    from .context import is_local as is_local
    from .errors import Error as Error
    from .function import Function as Function
    from .function import FunctionHandle as FunctionHandle
    from .gather import gather as gather
    from .image import Image as Image
    from .marks import enter as enter
    from .marks import exit as exit
    from .marks import method as method
    from .marks import parameter as parameter
    from .objects.dicts import Dict as Dict
    from .objects.queues import Queue as Queue
    from .once import once as once
    from .output import enable_output as enable_output
    from .results import Results as Results
    from .retries import Retries as Retries
    from .scaling import FunctionAutoscalerSettings as FunctionAutoscalerSettings
    from .scaling import FunctionStats as FunctionStats
    from .schedule import Cron as Cron
    from .schedule import Period as Period
    from .secret import Secret as Secret
    from .values.hints import exc_with_hints as exc_with_hints

#: Public name → the module that has it. Loaded at first use: containers import this package and need little of it.
_HOMES = {
    "App": "app",
    "Stub": "app",
    "function": "app",
    "BatchResults": "batches",
    "FunctionCall": "call",
    "CallGraph": "call_graph",
    "InputInfo": "call_graph",
    "InputStatus": "call_graph",
    "Cls": "classes",
    "batched": "concurrency",
    "concurrent": "concurrency",
    "current_function_call_id": "context",
    "current_input_id": "context",
    "is_local": "context",
    "Error": "errors",
    "Function": "function",
    "FunctionHandle": "function",
    "gather": "gather",
    "exc_with_hints": "values.hints",
    "once": "once",
    "enter": "marks",
    "exit": "marks",
    "method": "marks",
    "parameter": "marks",
    "enable_output": "output",
    "Image": "image",
    "Results": "results",
    "Dict": "objects.dicts",
    "Queue": "objects.queues",
    "Retries": "retries",
    "FunctionAutoscalerSettings": "scaling",
    "FunctionStats": "scaling",
    "Cron": "schedule",
    "Period": "schedule",
    "Secret": "secret",
}
_MODULES = ("call_graph", "errors", "exception", "types")

__all__ = [*sorted(_HOMES), *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    elif name in _MODULES:
        found = importlib.import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name not in vars(_Package):
        globals()[name] = found
    return found


class _Package(ModuleType):
    """Keeps public names that are also names of submodules: importing those would put the module in their place."""

    @property
    def function(self) -> Any:
        return __getattr__("function")

    @property
    def gather(self) -> Any:
        return __getattr__("gather")

    @property
    def once(self) -> Any:
        return __getattr__("once")

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, (__name__,)  # picklers know plain modules only

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("function", "gather", "once"):
            super().__setattr__(name, value)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _activate() -> None:
    """In a notebook kernel, or IPython: register magics, bridge and displays."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    if shell is not None:
        importlib.import_module(".notebook", __name__).activate(shell)


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext farcall`` does what ``import farcall`` does."""
    importlib.import_module(".notebook", __name__).activate(shell)


sys.modules[__name__].__class__ = _Package
_activate()
