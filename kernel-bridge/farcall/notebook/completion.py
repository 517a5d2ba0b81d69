"""Completions in a cell's magic line: option names for ``%%function`` and ``%%remote``, commands for ``%farcall``.

An IPython matcher; it answers from the words alone, evaluates nothing and contacts nothing.
"""

from __future__ import annotations

import re
from typing import Any

from ..options import NAMES
from . import commands

#: The line up to the cursor, when the cursor is where an option's name goes.
_OPTION = re.compile(r"^%%(?:function|remote)\b(?:.*,)?\s*(?P<start>\w*)$")
_COMMAND = re.compile(r"^\s*%farcall\s+(?P<start>\w*)$")
_GIVEN = re.compile(r"(\w+)\s*=")


def matches(line: str) -> tuple[str, list[str]]:
    """The word before the cursor and what it may become, for ``line`` up to the cursor."""
    command = _COMMAND.match(line)
    if command:
        return command["start"], [name for name in commands.COMMANDS if name.startswith(command["start"])]
    option = _OPTION.match(line)
    if not option or _inside_brackets(line):
        return "", []
    given = set(_GIVEN.findall(line))
    return option["start"], [
        f"{name}=" for name in sorted(NAMES) if name.startswith(option["start"]) and name not in given
    ]


def register(shell: Any) -> None:
    """Add the matcher to ``shell``'s completer. Idempotent."""
    completer = getattr(shell, "Completer", None)
    if completer is None or any(getattr(m, "is_farcalls", False) for m in completer.custom_matchers):
        return
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier="farcall.options")  # type: ignore[untyped-decorator]
    def matcher(context: Any) -> dict[str, Any]:
        lines = context.full_text.split("\n")
        before = lines[context.cursor_line][: context.cursor_position]
        word, found = matches(before) if context.cursor_line == 0 or "%farcall" in before else ("", [])
        return {
            "completions": [SimpleCompletion(text=text, type="param") for text in found],
            "matched_fragment": word,
            "suppress": bool(found),
            "ordered": True,
        }

    matcher.is_farcalls = True
    completer.custom_matchers.append(matcher)


def _inside_brackets(line: str) -> bool:
    return sum(line.count(opening) - line.count(closing) for opening, closing in ("()", "[]", "{}")) > 0
