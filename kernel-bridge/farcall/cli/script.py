"""A file of the user's with apps in it, for `farcall run` and `farcall deploy`: imported, and what it defines."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from ..apps.app import App, default_app
from ..apps.entrypoint import LocalEntrypoint
from ..errors import InvalidError, NotFoundError, compose, nearest
from ..function import Function

T = TypeVar("T")


class Target(NamedTuple):
    """What ``FILE::name`` means: a local entrypoint, or a function."""

    name: str
    app: App
    thing: LocalEntrypoint[..., Any] | Function[..., Any]


def split(text: str) -> tuple[str, str]:
    """``FILE::name`` as a pair; the name may be missing."""
    file, _, name = text.partition("::")
    return file, name


def load(file: str) -> ModuleType:
    """Import a script as the module of its name, with its folder on the path, as ``python FILE`` has it.

    Raises:
        NotFoundError: there is no such file. What the script raises passes through.
    """
    path = Path(file).absolute()
    if not path.is_file():
        near = nearest(path.name, (each.name for each in path.parent.glob("*.py"))) if path.parent.is_dir() else ""
        raise NotFoundError(compose(f"there is no file {file}", do=near))
    if path.suffix != ".py":
        raise InvalidError(compose("a script is a Python file", got=path.name))
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InvalidError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def apps_in(module: ModuleType) -> dict[str, App]:
    """The apps that the module names, by variable; the default one where it made functions of that."""
    found = {name: thing for name, thing in vars(module).items() if isinstance(thing, App)}
    one_each = {id(app): name for name, app in reversed(found.items())}
    apps = {name: found[name] for name in found if one_each[id(found[name])] == name}
    default = default_app()
    if default.functions or default.classes or default.entrypoints:
        apps.setdefault("", default)
    return apps


def app_of(module: ModuleType, name: str) -> App:
    """The app that is meant: the named one, or the only one. Raises ``InvalidError`` or ``NotFoundError``."""
    apps = apps_in(module)
    if name:
        return _chosen(name, apps, f"{module.__name__}.py has no app {name!r}")
    filled = {key: app for key, app in apps.items() if app.functions or app.classes} or apps
    if len(filled) == 1:
        return next(iter(filled.values()))
    raise _unclear(module, "app", list(filled))


def target_of(module: ModuleType, name: str) -> Target:
    """What is to run: what is named, or the only entrypoint, or the only function."""
    apps = apps_in(module)
    entrypoints = dict(_things(apps, lambda app: app.entrypoints))
    functions = dict(_things(apps, lambda app: app.functions))
    if name:
        everything = {**functions, **entrypoints}
        named = {key: target for key, target in everything.items() if name in (key, target.name)}
        if len({id(target.thing) for target in named.values()}) == 1:
            return next(iter(named.values()))
        return _chosen(name, everything, f"{module.__name__}.py has nothing of the name {name!r} to run")
    for kind, found in (("local entrypoint", entrypoints), ("function", functions)):
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            raise _unclear(module, kind, list(found))
    raise _unclear(module, "local entrypoint or function", [])


def _things(apps: dict[str, App], of: Callable[[App], dict[str, Any]]) -> Iterable[tuple[str, Target]]:
    seen: set[int] = set()
    for variable, app in apps.items():
        for name, thing in of(app).items():
            if id(thing) in seen:
                continue
            seen.add(id(thing))
            yield (f"{variable}.{name}" if variable else name), Target(name, app, thing)


def _chosen(name: str, known: dict[str, T], happened: str) -> T:
    if name in known:
        return known[name]
    short = sorted({key.rpartition(".")[2] for key in known if key})
    listed = f"; it has {', '.join(sorted(key for key in known if key))}" if short else ""
    raise NotFoundError(compose(happened + listed, do=nearest(name, short)))


def _unclear(module: ModuleType, kind: str, found: list[str]) -> InvalidError:
    file = f"{module.__name__}.py"
    if not found:
        return InvalidError(f"{file} has no {kind}")
    do = f"Say which: {file}::{found[0] or 'NAME'}"
    return InvalidError(
        compose(f"{file} has {len(found)} of kind {kind}: {', '.join(name or 'default' for name in found)}", do=do)
    )
