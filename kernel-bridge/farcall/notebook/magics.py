"""The magics: ``%%function`` sends a cell's function far away, ``%%remote`` the whole cell, ``%farcall`` asks and acts.

Thin: the line is parsed by magic_line.py, the cell by cell.py, the commands are in commands.py. All of them leave
``$x`` and ``{x}`` in the line alone and never nest `run_cell`.
"""

from __future__ import annotations

import inspect
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from ..errors import Error
from . import cell as cells
from . import commands, magic_line


@magics_class
class FarcallMagics(Magics):
    """farcall's magics in one shell."""

    shell: Any

    @no_var_expand
    @cell_magic
    def function(self, line: str, cell: str) -> None:
        """Run the cell's function on other machines: the decorator ``@farcall.function(…)`` as a magic.

        ``%%function gpu="A100", retries=2`` takes the decorator's options, as Python keyword arguments; values are
        expressions of your namespace. With several functions in the cell, name the one meant first:
        ``%%function embed, gpu="A100"``.
        """
        __tracebackhide__ = True
        from .. import function

        parsed = magic_line.parse("function", line)
        body = cells.read(self.shell, "function", line, cell)
        definition = cells.definition_in(body, parsed.name)
        options = parsed.values(self.shell.user_ns)
        try:
            decorator = function(**options) if options else function
        except (Error, TypeError) as exc:
            raise UsageError(f"{exc}\n    %%function {line}") from None
        cells.run_decorated(self.shell, body, definition, decorator)

    @no_var_expand
    @cell_magic
    def remote(self, line: str, cell: str) -> Any:
        """Run this whole cell on another machine, without a timeout: ``%%remote gpu="A100"``.

        Names it reads are sent, names it assigns or mutates come back, its last expression is displayed here.
        """
        __tracebackhide__ = True
        from .remote_cell import run_remotely

        parsed = magic_line.parse("remote", line)
        if parsed.name is not None:
            raise UsageError(f'%%remote takes options only, such as gpu="A100"; got {parsed.name}')
        body = cells.read(self.shell, "remote", line, cell)
        return run_remotely(self.shell, body, parsed.values(self.shell.user_ns))

    @line_magic
    def farcall(self, line: str) -> None:
        """Ask and act: status · connect URL · calls · logs CALL · cancel CALL · containers · doctor."""
        __tracebackhide__ = True
        name, *arguments = line.split() or ["status"]
        command = commands.COMMANDS.get(name)
        if command is None:
            raise UsageError(f"%farcall {name}: there is {', '.join(commands.COMMANDS)}")
        wanted = len(inspect.signature(command).parameters)
        if len(arguments) != wanted:
            raise UsageError(f"%farcall {commands.USAGE[name]}")
        try:
            command(*arguments)
        except Error as exc:
            raise UsageError(str(exc)) from None


def register(shell: Any) -> None:
    """Give ``shell`` the magics. Idempotent."""
    if "FarcallMagics" not in shell.magics_manager.registry:
        shell.register_magics(FarcallMagics)
