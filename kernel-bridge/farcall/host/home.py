"""The gateway's folder, as the supervisor found it at its start: to a deleted one no gateway will ever come back."""

from __future__ import annotations

from pathlib import Path


class HomeFolder:
    """Remembers which folder it was: another one at the same path is another gateway's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._was = _identity(path)

    @property
    def is_gone(self) -> bool:
        """Deleted, or in the place of a deleted one."""
        return _identity(self._path) != self._was


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
