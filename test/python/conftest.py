"""What tests of the client share: one real gateway for all of them, and a scripted one where they need to choose."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support.home import Home, running_home


@pytest.fixture(scope="session")
def home() -> Iterator[Home]:
    """A running gateway that `farcall` in this process uses."""
    with running_home() as running:
        yield running


@pytest.fixture
def fresh_home() -> Iterator[Home]:
    """A gateway of this test's own."""
    with running_home() as running:
        yield running
