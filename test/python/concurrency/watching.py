"""How tests see what runs at once: every input leaves a file while it is inside, and waits until it is let out.

And a function that inputs call from there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import farcall


@farcall.function
def double(x: int) -> int:
    return 2 * x


class Room:
    """A folder: `in-<n>` while input n is inside, `out` once all may leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def path(self) -> str:
        return str(self.folder)

    def inside(self) -> set[int]:
        """The inputs that are there now."""
        return {int(path.name.removeprefix("in-")) for path in self.folder.glob("in-*")}

    def seen(self, name: str) -> list[str]:
        """Lines that inputs left under a name."""
        path = self.folder / name
        return path.read_text().split() if path.exists() else []

    def let_out(self) -> None:
        (self.folder / "out").touch()

    def holds(self, *numbers: int) -> Callable[[], bool]:
        return lambda: set(numbers) <= self.inside()
