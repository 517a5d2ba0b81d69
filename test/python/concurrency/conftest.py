"""What tests of several inputs in one container share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .watching import Room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)
