"""The line of a cell magic: ``[name,] option=expression, …``, Python's own keyword arguments, parsed by Python.

Errors carry the line and a caret under the place, as Python's do. Nothing is evaluated here but on request.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

#: What Python sees before the line; columns are counted without it.
_BEFORE = "_("


@dataclass(frozen=True)
class MagicLine:
    """A parsed line. ``name`` picks one of several functions of the cell."""

    magic: str
    text: str
    name: str | None
    options: tuple[ast.keyword, ...]

    def values(self, namespace: dict[str, Any]) -> dict[str, Any]:
        """The options' values, evaluated in the user's namespace. What an expression raises is the user's to see."""
        values: dict[str, Any] = {}
        for option in self.options:
            code = compile(ast.Expression(option.value), f"<%%{self.magic} {option.arg}=…>", "eval")
            given = eval(code, namespace)
            if option.arg is None:
                values.update(given)
            else:
                values[option.arg] = given
        return values


def parse(magic: str, text: str) -> MagicLine:
    """Parse what stands behind ``%%magic``. Raises :class:`UsageError` with a caret."""
    try:
        call = ast.parse(f"{_BEFORE}{text})", mode="eval").body
    except SyntaxError as exc:
        raise _wrong(magic, text, exc.msg, (exc.offset or 1) - 1) from None
    if not isinstance(call, ast.Call) or not (isinstance(call.func, ast.Name) and call.func.id == "_"):
        raise _wrong(magic, text, "a bracket too many", len(_BEFORE) + len(text) - 1)
    names = [argument for argument in call.args if isinstance(argument, ast.Name)]
    for argument in call.args:
        if argument not in names[:1]:
            raise _wrong(magic, text, _misplaced(argument), argument.col_offset)
    return MagicLine(magic, text, names[0].id if names else None, tuple(call.keywords))


def _misplaced(argument: ast.expr) -> str:
    if isinstance(argument, ast.Name):
        return f"{argument.id}: options are given as {argument.id}=value"
    return 'options are given as name=value, such as gpu="A100"'


def _wrong(magic: str, text: str, problem: str, offset: int) -> UsageError:
    shown = f"%%{magic} {text}"
    column = min(max(0, offset - len(_BEFORE)), len(text)) + len(shown) - len(text)
    return UsageError(f"{problem}\n    {shown}\n    {' ' * column}^")
