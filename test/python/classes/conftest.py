"""Classes in cells run in a real kernel, with a gateway of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.kernel import Kernel, running_kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel that imported farcall."""
    with running_kernel(tmp_path_factory.mktemp("notebook")) as running:
        assert running.run("import farcall").error == ""
        yield running
