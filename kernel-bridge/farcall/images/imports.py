"""``with image.imports():``: imports that work in the image, and need not here.

Here a module that is missing is stood in for by an :class:`Absent`. A function of the notebook that names it finds the
real one in its container, since a stand-in travels as the import it stands for. Used by image.py.
"""

from __future__ import annotations

import importlib
import importlib.abc
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec

from .. import context


@contextmanager
def importing(image_id: Callable[[], str]) -> Iterator[None]:
    """Swallow what fails here. In a container of that image nothing is swallowed."""
    if not context.is_local() and _is_inside(image_id):
        yield
        return
    frame = _frame_of_block()
    finder = _Finder(frame)
    sys.meta_path.append(finder)
    try:
        yield
    except ImportError:
        pass
    except Exception as error:
        warnings.warn(f"an import failed with {type(error).__name__}: {error}", stacklevel=4)
    finally:
        sys.meta_path.remove(finder)
        finder.withdraw()


def _is_inside(image_id: Callable[[], str]) -> bool:
    try:
        return os.environ.get("FARCALL_IMAGE_ID") == image_id()
    except Exception:
        return True  # it has local files, which are not here


def _frame_of_block() -> types.FrameType | None:
    """The frame of the ``with``: below this module, image.py and contextlib."""
    frame: types.FrameType | None = sys._getframe(1)
    ours = {__name__, "contextlib", f"{__package__}.image"}
    while frame is not None and frame.f_globals.get("__name__") in ours:
        frame = frame.f_back
    return frame


class Absent(types.ModuleType):
    """Stands in for a module that is not installed here."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "Not installed here: it is in the image.")
        self.__path__: list[str] = []
        self.__farcall_open__ = True

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if self.__dict__.get("__farcall_open__"):
            return AbsentName(self.__name__, name)
        raise ImportError(
            f"{self.__name__} is not installed here: it is in the image, so use it in a function", name=name
        )

    def __reduce__(self) -> tuple[object, ...]:
        below = tuple(sorted(name for name in self.__dict__.get("__farcall_below__", ())))
        return find_module, (self.__name__, below)


class AbsentName:
    """Stands in for something of such a module: ``from torch import nn``."""

    def __init__(self, module: str, name: str) -> None:
        self.__farcall_absent__ = (module, name)

    def __call__(self, *_: object, **__: object) -> object:
        module, name = self.__farcall_absent__
        raise ImportError(f"{module}.{name} is not installed here: it is in the image", name=module)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return self()

    def __reduce__(self) -> tuple[object, ...]:
        return find_name, self.__farcall_absent__


def find_module(name: str, below: Sequence[str] = ()) -> types.ModuleType:
    """The real one, where it is installed, with its submodules that were imported."""
    for one in below:
        importlib.import_module(one)
    return importlib.import_module(name)


def find_name(module: str, name: str) -> object:
    """Something of the real one; or a submodule of it."""
    found = importlib.import_module(module)
    return getattr(found, name) if hasattr(found, name) else importlib.import_module(f"{module}.{name}")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last, for what no other finder has; answers only to the block's own imports."""

    def __init__(self, frame: types.FrameType | None) -> None:
        self._frame = frame
        self._made: dict[str, Absent] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        parent = fullname.rpartition(".")[0]
        if (parent and parent not in self._made) or not self._is_of_block():
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> Absent:
        return self._made.setdefault(spec.name, Absent(spec.name))

    def exec_module(self, module: types.ModuleType) -> None:
        top = self._made.get(module.__name__.partition(".")[0])
        if top is not None and top is not module:
            top.__dict__.setdefault("__farcall_below__", set()).add(module.__name__)

    def withdraw(self) -> None:
        """The block is over: to everybody else these modules are missing, as they are."""
        for name, module in self._made.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
            module.__dict__["__farcall_open__"] = False

    def _is_of_block(self) -> bool:
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__", "").startswith(("importlib", __name__)):
            frame = frame.f_back
        return frame is self._frame
