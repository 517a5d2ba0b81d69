"""One supervisor for all tests of a file; each test has containers of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.host import Host, RunningContainer, running_host

from farcall.wire.messages import ContainerExited, ContainerStop


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with running_host(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def container(host: Host, request: pytest.FixtureRequest) -> Iterator[RunningContainer]:
    """A container that said hello and waits for its function."""
    name = f"co-{request.node.name}"
    yield host.start(name)
    host.peer.send(ContainerStop(container_id=name, how="kill"))
    host.peer.expect(ContainerExited, lambda said: said.container_id == name)
