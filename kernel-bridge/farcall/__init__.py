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
    from .apps.app import App as App
    from .apps.app import Stub as Stub
    from .apps.app import function as function
    from .apps.schedule import Cron as Cron
    from .apps.schedule import Period as Period
    from .batches import BatchResults as BatchResults
    from .call import FunctionCall as FunctionCall
    from .call_graph import CallGraph as CallGraph
    from .call_graph import InputInfo as InputInfo
    from .call_graph import InputStatus as InputStatus
    from .classes.cls import Cls as Cls
    from .classes.marks import enter as enter
    from .classes.marks import exit as exit
    from .classes.marks import method as method
    from .classes.marks import parameter as parameter
    from .context import current_function_call_id as current_function_call_id
    from .context import current_input_id as current_input_id
    from .context import is_local as is_local
    from .errors import Error as Error
    from .function import Function as Function
    from .function import FunctionHandle as FunctionHandle
    from .functions.concurrency import batched as batched
    from .functions.concurrency import concurrent as concurrent
    from .functions.scaling import FunctionAutoscalerSettings as FunctionAutoscalerSettings
    from .functions.scaling import FunctionStats as FunctionStats
    from .gather import gather as gather
    from .images.image import Image as Image
    from .objects.dicts import Dict as Dict
    from .objects.queues import Queue as Queue
    from .once import once as once
    from .output import enable_output as enable_output
    from .results import Results as Results
    from .retries import Retries as Retries
    from .secret import Secret as Secret
    from .values.hints import exc_with_hints as exc_with_hints

#: Public name → the module that has it. Loaded at first use: containers import this package and need little of it.
_HOMES = {
    "App": "apps.app",
    "batched": "functions.concurrency",
    "BatchResults": "batches",
    "CallGraph": "call_graph",
    "Cls": "classes.cls",
    "concurrent": "functions.concurrency",
    "Cron": "apps.schedule",
    "current_function_call_id": "context",
    "current_input_id": "context",
    "Dict": "objects.dicts",
    "enable_output": "output",
    "enter": "classes.marks",
    "Error": "errors",
    "exc_with_hints": "values.hints",
    "exit": "classes.marks",
    "function": "apps.app",
    "Function": "function",
    "FunctionAutoscalerSettings": "functions.scaling",
    "FunctionCall": "call",
    "FunctionHandle": "function",
    "FunctionStats": "functions.scaling",
    "gather": "gather",
    "Image": "images.image",
    "InputInfo": "call_graph",
    "InputStatus": "call_graph",
    "is_local": "context",
    "method": "classes.marks",
    "once": "once",
    "parameter": "classes.marks",
    "Period": "apps.schedule",
    "Queue": "objects.queues",
    "Results": "results",
    "Retries": "retries",
    "Secret": "secret",
    "Stub": "apps.app",
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
