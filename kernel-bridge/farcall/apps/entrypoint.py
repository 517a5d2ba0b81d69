"""`@app.local_entrypoint`: the function that a script begins with, and its arguments on a command line.

``farcall run FILE::name --films 5 --day 2026-01-31`` reads ``str``, ``int``, ``float``, ``bool`` and ``datetime``
arguments off the function's signature. cli/run.py uses it; a direct call is a plain call.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any, Generic, NoReturn, ParamSpec, TypeVar

from ..errors import InvalidError, compose, nearest

P = ParamSpec("P")
R = TypeVar("R")

_WRONG_LINE = 2


class LocalEntrypoint(Generic[P, R]):
    """What ``@app.local_entrypoint`` makes of a function: it runs here, and may call the app's functions."""

    def __init__(self, raw: Callable[P, R]) -> None:
        if not inspect.isfunction(raw):
            raise InvalidError(compose("@app.local_entrypoint takes a function", got=type(raw).__name__))
        functools.update_wrapper(self, raw)
        self.name = raw.__name__
        self.raw: Callable[P, R] = raw

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.raw(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<farcall.LocalEntrypoint {self.name}>"


def run_with(call: Callable[..., Any], arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> Any:
    """Call it; a coroutine is run to its end."""
    args, kwargs = arguments
    result = call(*args, **kwargs)
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def read_arguments(
    raw: Callable[..., Any], line: Sequence[str], *, program: str
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and named arguments for ``raw`` out of a command line.

    Raises:
        InvalidError: a parameter of a type that a command line cannot give.
        SystemExit: 2 for a wrong line, said on stderr; 0 for ``--help``.
    """
    parser = _Parser(prog=program, description=inspect.getdoc(raw), allow_abbrev=False)
    signature = inspect.signature(raw)
    hints = _hints(raw)
    rest = ""
    for one in signature.parameters.values():
        if one.kind is one.VAR_KEYWORD:
            raise InvalidError(f"{parser.prog}: **{one.name} cannot be given on a command line")
        if one.kind is one.VAR_POSITIONAL:
            rest = one.name
            parser.add_argument(one.name, nargs="*")
        else:
            _add(parser, one, hints.get(one.name, one.empty))
    given = vars(parser.parse_args(list(line)))
    extra = tuple(given.pop(rest)) if rest else ()
    first = [one.name for one in signature.parameters.values() if rest or one.kind is one.POSITIONAL_ONLY]
    args = tuple(given.pop(name) for name in first if name in given and _is_positional(signature.parameters[name]))
    return args + extra, given


class _Parser(argparse.ArgumentParser):
    def parse_args(self, line: Any = None, namespace: Any = None) -> Any:  # always with a line here
        options = [each.partition("=")[0] for each in line if each.startswith("--") and each != "--"]
        strange = [option for option in options if option not in self._option_string_actions]
        if strange:  # before argparse looks for what is missing
            self._refuse(strange[0])
        found, unknown = self.parse_known_args(line, namespace)
        if unknown:
            self._refuse(unknown[0])
        return found

    def _refuse(self, strange: str) -> NoReturn:
        known = [option for option in self._option_string_actions if option.startswith("--") and option != "--help"]
        takes = f"; it takes {', '.join(known)}" if known else "; it takes no arguments"
        near = nearest(strange, known)
        self.error(f"there is no argument {strange}{takes}{'. ' + near if near else ''}")

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(_WRONG_LINE, f"{self.prog}: {message}\n")


def _hints(raw: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(raw)
    except Exception:
        return dict(getattr(raw, "__annotations__", {}))


def _is_positional(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)


def _add(parser: argparse.ArgumentParser, one: inspect.Parameter, hint: Any) -> None:
    kind = _kind(parser.prog, one, hint)
    is_needed = one.default is one.empty
    names = [f"--{one.name.replace('_', '-')}"]
    if "_" in one.name:
        names.append(f"--{one.name}")
    if kind is bool:
        parser.add_argument(
            *names,
            dest=one.name,
            action=argparse.BooleanOptionalAction,
            required=is_needed,
            default=None if is_needed else one.default,
        )
        return
    shown = "" if is_needed else f"default: {one.default}"
    parser.add_argument(
        *names,
        dest=one.name,
        type=_READERS[kind],
        required=is_needed,
        default=None if is_needed else one.default,
        metavar=_WORDS[kind],
        help=shown.replace("%", "%%"),
    )


def _kind(program: str, one: inspect.Parameter, hint: Any) -> type:
    """The type a parameter is read as: what it is annotated with, else that of its default, else text."""
    if hint is one.empty:
        hint = type(one.default) if one.default is not one.empty and one.default is not None else str
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        others = [each for each in typing.get_args(hint) if each is not type(None)]
        hint = others[0] if len(others) == 1 else hint
    if hint in _READERS:
        return typing.cast(type, hint)
    shown = getattr(hint, "__name__", str(hint))
    takes = "str, int, float, bool and datetime"
    raise InvalidError(compose(f"{program}: {one.name}: {shown} cannot be given on a command line", takes=takes))


def _moment(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no date: write 2026-01-31 or 2026-01-31T09:30"
        raise argparse.ArgumentTypeError(message) from None


def _number(kind: type, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no {_WORDS[kind].lower()}") from None


_READERS: dict[type, Callable[[str], Any]] = {
    str: str,
    int: functools.partial(_number, int),
    float: functools.partial(_number, float),
    bool: bool,
    datetime.datetime: _moment,
}
_WORDS: dict[type, str] = {str: "TEXT", int: "INTEGER", float: "NUMBER", bool: "FLAG", datetime.datetime: "DATE"}
