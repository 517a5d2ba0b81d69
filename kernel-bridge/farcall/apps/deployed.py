"""What an app does as a whole: run, be deployed, be stopped, be found by name. `App` has these members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ..errors import InvalidError, compose
from ..twin import twin
from . import deploying

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..classes.cls import Cls
    from ..function import Function
    from .app import App


class Deployed:
    """An app as something with a name that others know."""

    functions: dict[str, Function[..., Any]]
    classes: dict[str, Cls[Any]]
    tags: dict[str, str]
    _name: str
    _deployed_as: str | None = None

    @classmethod
    def lookup(
        cls,
        name: str,
        *,
        client: object = None,
        environment_name: str | None = None,
        create_if_missing: bool = False,
    ) -> Self:
        """An app by its name, for scripts that ask for one before they add to it.

        Raises:
            NotFoundError: it is neither deployed nor running, and ``create_if_missing`` is not given.
        """
        made = cls(name)  # type: ignore[call-arg]
        if not create_if_missing:
            deploying.must_exist(name)
        return made

    @property
    def name(self) -> str | None:
        """Its name; None for the default app."""
        return self._name or None

    @property
    def description(self) -> str | None:
        """Its name, as upstream has it here too."""
        return self.name

    @property
    def app_id(self) -> str | None:
        """`ap-` and its name; None for the default app."""
        return f"ap-{self._name}" if self._name else None

    def set_tags(self, tags: dict[str, str]) -> None:
        """Words for people beside its name in lists, from its next deployment or run on."""
        self.tags = checked_tags(tags)

    def get_tags(self) -> dict[str, str]:
        """What :meth:`set_tags` was given."""
        return dict(self.tags)

    def run(
        self,
        *,
        name: str | None = None,
        client: object = None,
        detach: bool = False,
        interactive: bool = False,
        show_progress: bool | None = None,
        environment_name: str | None = None,
    ) -> deploying.Run:
        """``with app.run():``, or ``async with``. Needed nowhere, since a first call connects; allowed everywhere.

        Inside, the app's functions can be called by name from other processes, and its schedules are active. It gives
        the app. Leaving ends no call that was spawned; an exception, an interrupt included, passes through. The
        arguments are upstream's, and change nothing.
        """
        return deploying.Run(cast("App", self))

    async def _deploy_async(
        self, *, name: str | None = None, tag: str = "", environment_name: str | None = None, client: object = None
    ) -> App:
        """:meth:`deploy` in the running event loop."""
        self._deployed_as = await deploying.deploy_async(cast("App", self), deploying.checked_name(name))
        return cast("App", self)

    @twin(_deploy_async)
    def deploy(
        self, *, name: str | None = None, tag: str = "", environment_name: str | None = None, client: object = None
    ) -> App:
        """Make its functions durable and known by name: ``farcall.Function.from_name(app, name)`` calls them from any
        process, after this one ended and after a restart of the gateway. Code and captured values are those of now.

        A deployment replaces the one before: other versions' idle containers stop, settings of ``update_autoscaler``
        end, ``min_containers`` and schedules hold from now on (the same schedule goes on where it was).

        Raises:
            InvalidError: an app without a name, when none is given, or without functions.
        """
        self._deployed_as = deploying.deploy(cast("App", self), deploying.checked_name(name))
        return cast("App", self)

    async def _stop_async(self) -> None:
        """:meth:`stop` in the running event loop."""
        await deploying.stop_async(self._known_as())

    @twin(_stop_async)
    def stop(self) -> None:
        """End it for everybody: what waits and what runs of its functions is cancelled, its containers leave, its
        schedules end, and its names are unknown. Harmless when it is not deployed. Whoever has its functions may still
        call them.
        """
        deploying.stop(self._known_as())

    def _known_as(self) -> str:
        known = self._deployed_as or self._name
        if not known:
            happened = "the default app has no name to stop it by"
            raise InvalidError(compose(happened, do="Cancel its calls: call.cancel()"))
        return known

    def __getitem__(self, tag: str) -> Any:
        """``stub["name"]``, as of 2022: the function or class of that name."""
        found = self.functions.get(tag) or self.classes.get(tag)
        if found is None:
            raise KeyError(tag)
        return found

    def __getattr__(self, name: str) -> Any:
        """``app.name``, as of 2022: the function or class of that name."""
        known = self.__dict__
        found = known.get("functions", {}).get(name) or known.get("classes", {}).get(name)
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no attribute, function or class {name!r}")
        return found


def checked_tags(tags: object) -> dict[str, str]:
    """The tags, if they are that; none for None."""
    given = {} if tags is None else tags
    if isinstance(given, Mapping) and all(isinstance(word, str) for pair in given.items() for word in pair):
        return dict(given)
    raise InvalidError(compose("tags are texts under texts", got=repr(tags), takes='such as {"team": "films"}'))
