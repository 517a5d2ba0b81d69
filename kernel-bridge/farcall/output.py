"""`farcall.enable_output`: accepted for code written for upstream; output shows by itself here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def enable_output(show_progress: bool = True) -> Iterator[None]:
    """Does nothing: progress and what inputs print are shown anyway."""
    yield
