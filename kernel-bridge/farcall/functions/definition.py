"""What a function is: its name and app, its code, what it asks for, and the version that it is now.

`Function` (function.py) is one, with every way to run it. Nothing here connects or sends.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar

import msgspec

from .. import errors
from ..options import Options
from ..versions import version
from ..versions.version import Version
from ..wire.messages import FunctionSpec
from .concurrency import options_for
from .decorated import Decorated

P = ParamSpec("P")
R = TypeVar("R")


class Definition(Decorated, Generic[P, R]):
    """One function of the user, as it was decorated."""

    def __init__(
        self,
        raw: Callable[P, R] | None,
        *,
        app: str,
        name: str,
        options: Options | None = None,
        is_generator: bool | None = None,
        calls_remotely: bool = False,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self._raw = raw
        self._app = app
        self._name = name
        self._is_generator = is_generator
        self._yields = inspect.isgeneratorfunction(raw) or inspect.isasyncgenfunction(raw)
        self._options = options_for(raw, options or Options(), is_generator=self.is_generator)
        self._calls_remotely = calls_remotely
        self._given = given
        self._known: tuple[Version, str, str] | None = None
        self._warned = False
        self.__name__ = name
        self.__doc__ = getattr(raw, "__doc__", None) or type(self).__doc__
        self.__wrapped__ = raw
        self.__module__ = getattr(raw, "__module__", __name__)

    # ── what it is

    @property
    def __farcall_function__(self) -> str:
        return self.full_name

    @property
    def is_generator(self) -> bool:
        """Whether it yields values."""
        return self._yields if self._is_generator is None else self._is_generator

    @property
    def is_async(self) -> bool:
        """Whether it is an ``async def``."""
        return inspect.iscoroutinefunction(self._raw) or inspect.isasyncgenfunction(self._raw)

    @property
    def version(self) -> str:
        """The content hash of its code as it is now, 32 hex digits; the same in every kernel. Does not connect."""
        return self.describe().code_hash

    @property
    def schema(self) -> str:
        """Of a class: its methods and parameters, packed for containers; else empty."""
        return ""

    @property
    def web_url(self) -> str | None:
        """The URL of a web function; None for others."""
        return None

    def get_web_url(self) -> str | None:
        """The URL of a web function; None for others."""
        return None

    @property
    def signed(self) -> Callable[..., Any] | None:
        """Something with its signature, for binding columns to parameters; None where it is not known."""
        return self._raw

    @property
    def is_defined_here(self) -> bool:
        """Whether its code is here, rather than only its name."""
        return self._raw is not None

    @property
    def is_called(self) -> bool:
        """Whether its name stands for containers; a class whose instances have parameters is only their base."""
        return True

    def get_raw_f(self) -> Callable[P, R]:
        """The plain Python function. Raises ``ExecutionError`` where only its name is known."""
        if self._raw is None:
            raise errors.ExecutionError(f"{self.full_name} is not defined here; only its name is known")
        return self._raw

    # ── for the modules beside this one

    def describe(self) -> Version:
        """Its version now: code, captured values, and the exceptions of its retry policy. Cheap while nothing changed.

        Raises what :func:`farcall.versions.version.describe` raises.
        """
        return version.describe(self.get_raw_f(), retry_on=self._options.retries.listed)

    def spec(self, imports: tuple[str, ...]) -> FunctionSpec:
        """What it asks for, as the gateway reads it."""
        secrets = {name: value for secret in self._options.secrets for name, value in secret.variables.items()}
        spec = self._options.spec(
            self._app,
            self._name,
            is_generator=self.is_generator,
            is_async=self.is_async,
            imports=imports,
            secrets=secrets,
        )
        module = getattr(self._raw, "__module__", None) or "__main__"
        return spec if module == "__main__" else msgspec.structs.replace(spec, module=module)

    def id_of(self, described: Version, spec: FunctionSpec, environment_id: str) -> str:
        """The id of that version under a spec in an environment."""
        return version.function_id(described.code_hash, spec, environment_id)

    def put_as(self, described: Version, spec: FunctionSpec, environment_id: str) -> FunctionSpec:
        """The spec as the gateway is to have it: with what follows from the id, and so is no part of it."""
        return spec

    def known_as(self, described: Version, environment_id: str) -> str | None:
        """The id under which this very version was put before, if it was."""
        known = self._known
        return known[2] if known is not None and known[0] is described and known[1] == environment_id else None

    def remember(self, described: Version, environment_id: str, function_id: str) -> None:
        """The id of a version that was put."""
        self._known = (described, environment_id, function_id)
