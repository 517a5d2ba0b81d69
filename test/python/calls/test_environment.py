"""What containers are told of the process that calls: the same as long as nothing of it changed."""

from __future__ import annotations

import pytest

from farcall.calls import environment


def test_one_test_and_the_next_share_their_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    here = environment.describe()
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "test_another.py::test_it (call)")
    again = environment.describe()
    assert again == here
    assert "PYTEST_CURRENT_TEST" not in again.variables


def test_another_variable_is_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    here = environment.describe()
    monkeypatch.setenv("GREETING", "hello")
    assert environment.describe().environment_id != here.environment_id
