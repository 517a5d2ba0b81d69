"""The order in which files run: what takes longest first, so that of several processes none is waited for alone."""

from __future__ import annotations

import pytest

#: Under test/; from the reports of whole runs.
LONGEST = (
    "python/images/",
    "python/host/test_supervisor",
    "python/notebook/test_live",
    "python/client/",
    "python/conformance/",
    "python/classes/",
    "python/concurrency/",
    "python/objects/",
    "faults/test_f19",
    "faults/test_f18",
    "faults/test_f15",
    "faults/test_f20",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    path = item.path.as_posix()
    return next((rank for rank, part in enumerate(LONGEST) if f"/test/{part}" in path), len(LONGEST))
