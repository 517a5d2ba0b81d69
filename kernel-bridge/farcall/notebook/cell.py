"""The body of a cell magic as Python: transformed, cached for tracebacks, decorated in its syntax tree, executed.

Used by the magics. The body is compiled below one comment line, the magic's own, so every line number equals the
editor's; `shell.run_cell` is never nested.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

from .origin import running_number

#: How the tree refers to the decorator; taken out of the user's namespace after the cell.
_DECORATOR = "__farcall_decorator__"
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class CellBody:
    """A cell's body, parsed. ``filename`` is what tracebacks and linecache know it by."""

    tree: ast.Module
    filename: str
    source: str


def read(shell: Any, magic: str, line: str, body: str) -> CellBody:
    """Parse the body. Raises SyntaxError at the editor's own line."""
    head = f"#%%{magic} {line}".rstrip() + "\n"
    blank = len(body) - len(body.lstrip("\n"))  # which IPython's transformation takes away
    source = head + "\n" * blank + str(shell.transform_cell(body))
    filename = shell.compile.cache(source, running_number(shell), raw_code=head + body)
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=filename))
    return CellBody(tree, filename, source)


def run(shell: Any, cell: CellBody) -> None:
    """Execute the body in the user's namespace; a last expression is displayed, as in an ordinary cell."""
    __tracebackhide__ = True
    *body, last = cell.tree.body or [ast.Pass()]
    if not isinstance(last, ast.Expr):
        body, last_expression = [*body, last], None
    else:
        last_expression = last
    exec(shell.compile(ast.fix_missing_locations(ast.Module(body, [])), cell.filename, "exec"), shell.user_ns)
    if last_expression is not None:
        exec(shell.compile(ast.Interactive([last_expression]), cell.filename, "single"), shell.user_ns)


def run_decorated(shell: Any, cell: CellBody, definition: Definition, decorator: Any) -> None:
    """As :func:`run`, with ``decorator`` outermost on ``definition``, so the rest of the cell sees its result."""
    __tracebackhide__ = True
    first = definition.decorator_list[0] if definition.decorator_list else definition
    definition.decorator_list.insert(0, ast.copy_location(ast.Name(_DECORATOR, ast.Load()), first))
    shell.user_ns[_DECORATOR] = decorator
    try:
        run(shell, cell)
    finally:
        shell.user_ns.pop(_DECORATOR, None)


def definition_in(cell: CellBody, name: str | None) -> Definition:
    """The function that the magic is about: the one called ``name``, else the one public top-level function."""
    found = [node for node in cell.tree.body if isinstance(node, Definition)]
    names = [node.name for node in found]
    if name is not None:
        named = [node for node in found if node.name == name]
        if not named:
            raise UsageError(f"there is no function {name} in this cell{_but(names)}")
        return named[-1]
    public = [node for node in found if not node.name.startswith("_")] or found
    if len({node.name for node in public}) == 1:
        return public[-1]
    if not public:
        raise UsageError("%%function needs a function at the top level of the cell: def name(...): ...")
    raise UsageError(f"which function? Name it first: %%function {public[-1].name}, …{_but(names)}")


def _but(names: list[str]) -> str:
    return f" (it has {', '.join(dict.fromkeys(names))})" if names else ""
