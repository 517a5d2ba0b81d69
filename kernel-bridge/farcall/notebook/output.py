r"""What inputs print, in the calling cell: at most 64 KiB a cell, progress bars (``\r``) collapsed to their last state.

Used by the views in the waiting main thread when no card shows the output. Terminal commands that reach beyond text
(OSC: clipboard, links, titles) are taken out.
"""

from __future__ import annotations

import re
import sys

CAP = 64 * 1024
_OSC = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|$)")


class CellOutput:
    """The output printed in one execution of a cell. Main thread only."""

    def __init__(self) -> None:
        self._left = CAP
        self._held: dict[tuple[int, str], str] = {}  # the unfinished last line of each input and stream
        self._dropped = 0

    def write(self, index: int, stream: str, text: str) -> None:
        """Text as it came; a line is printed when it is whole."""
        *lines, rest = (self._held.pop((index, stream), "") + text).split("\n")
        for line in lines:
            self._print(stream, collapsed(line) + "\n")
        if rest:
            self._held[index, stream] = rest if len(rest) <= CAP else collapsed(rest)[-CAP:]

    def flush(self) -> None:
        """Print the unfinished lines too."""
        held, self._held = self._held, {}
        for (_, stream), rest in held.items():
            self._print(stream, collapsed(rest) + "\n")

    def end(self) -> None:
        """The cell ends: say what was not printed."""
        self.flush()
        if self._dropped:
            sys.stdout.write(f"{self._dropped:,} more lines: call.logs()\n")
            self._dropped = 0

    def _print(self, stream: str, line: str) -> None:
        if len(line) > self._left:
            self._left = 0
            self._dropped += 1
            return
        self._left -= len(line)
        (sys.stderr if stream == "stderr" else sys.stdout).write(line)


def collapsed(line: str) -> str:
    r"""What a terminal would still show of a line with carriage returns: the text after the last one."""
    return without_commands(line.rstrip("\r").rpartition("\r")[2])


def without_commands(text: str) -> str:
    """The text without the terminal's OSC commands, those that only form when others are taken out included."""
    while (shorter := _OSC.sub("", text)) != text:
        text = shorter
    return text
