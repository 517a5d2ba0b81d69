"""F9: one input among 1,000 ends its process every time."""

from __future__ import annotations

import pytest

import farcall
from farcall import errors

from .conftest import Home


@pytest.mark.parametrize("how", ["exit", "segfault"])
def test_the_others_succeed_and_the_poison_is_named(home: Home, how: str) -> None:
    def fragile(number: int) -> int:
        import ctypes
        import os

        if number == 500:
            if how == "exit":
                os._exit(1)
            ctypes.string_at(0)
        return number

    function = farcall.App("faults").function(max_containers=4)(fragile)
    results = function.map(range(1_000), return_exceptions=True)
    values = list(results)
    poison = values[500]
    assert isinstance(poison, errors.PoisonInputError), poison
    assert [value for index, value in enumerate(values) if index != 500] == [n for n in range(1_000) if n != 500]
    assert results.details()["container"].nunique() <= 10
