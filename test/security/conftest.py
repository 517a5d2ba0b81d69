"""What the attacks have in common: the long ones are marked."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: only in `npm run security`, not in `npm test`")
