"""A gateway of its own for every fault, and the ways to hurt it. Only processes started here are ended, by id."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.python.support import home as home_module
from test.python.support.waiting import is_gone, until


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: only in `npm run faults`, not in `npm test`")


class Home(home_module.Home):
    """One FARCALL_HOME, the processes that live on it, and the ways to hurt them."""

    def kill_gateway(self) -> int:
        """kill -9, and wait until it is gone; the client starts the next one."""
        pid = self.kill()
        until(lambda: is_gone(pid))
        return pid

    def starts(self) -> int:
        """How many gateways came up on this home so far."""
        return (self.folder / "gateway.log").read_text().count('"msg":"listening"')


@pytest.fixture
def home() -> Iterator[Home]:
    """A fresh home; everything started on it is ended."""
    with home_module.running_home() as running:
        yield Home(running.folder)
