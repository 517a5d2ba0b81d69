"""What every decorated thing has, function or class: its name in its app, and the options it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..options import Options


class Decorated:
    """A function of `@app.function`, or a class of `@app.cls`."""

    _app: str
    _name: str
    _options: Options
    _given: Mapping[str, Any] | None
    _calls_remotely: bool

    @property
    def name(self) -> str:
        """Its name within its app."""
        return self._name

    @property
    def app_name(self) -> str:
        """The name of its app; empty for the default one."""
        return self._app

    @property
    def full_name(self) -> str:
        """``app/name``, which calls to it from other functions carry."""
        return f"{self._app}/{self._name}"

    @property
    def options(self) -> Options:
        """What was asked for at decoration, and with ``with_options``."""
        return self._options

    @property
    def given(self) -> Mapping[str, Any] | None:
        """What ``with_options`` gave on top of the decorator's options; None: it was not used."""
        return self._given

    @property
    def calls_remotely(self) -> bool:
        """Whether a direct call (of a class: of a method) runs far away, as on a ``Stub``."""
        return self._calls_remotely
