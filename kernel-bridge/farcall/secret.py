"""`farcall.Secret`: variables for the containers of a function, named where the function is declared."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from . import context
from .errors import InvalidError, compose


class Secret:
    """Environment variables that only the containers of the functions that name it get. Its values never show."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)

    @staticmethod
    def from_dict(env_dict: Mapping[str, str | None]) -> Secret:
        """These variables; None values are left out.

        Raises:
            InvalidError: a name or a value is not a string.
        """
        kept = {}
        for name, value in env_dict.items():
            if value is None:
                continue
            if not isinstance(name, str) or not isinstance(value, str):
                raise InvalidError(
                    compose(f"Secret.from_dict: {name!r} is not text", got=type(value).__name__, takes="str to str")
                )
            kept[name] = value
        return Secret(kept)

    @staticmethod
    def from_local_environ(env_keys: Iterable[str]) -> Secret:
        """These variables, as they are set here now. Inside a container: empty, since they are there already.

        Raises:
            InvalidError: one of them is not set.
        """
        names = [env_keys] if isinstance(env_keys, str) else list(env_keys)
        if not context.is_local():
            return Secret({})
        missing = [name for name in names if name not in os.environ]
        if missing:
            raise InvalidError(compose(f"Secret.from_local_environ: {', '.join(missing)} is not set here"))
        return Secret({name: os.environ[name] for name in names})

    @property
    def variables(self) -> dict[str, str]:
        """The variables themselves."""
        return dict(self._variables)

    def __repr__(self) -> str:
        return f"Secret({', '.join(sorted(self._variables)) or 'empty'})"
