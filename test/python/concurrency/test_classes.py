"""Classes whose containers take several inputs at once: one instance for all of them."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

import farcall

pytestmark = pytest.mark.usefixtures("home")

app = farcall.App("several-classes")


@app.cls(max_containers=1)
@farcall.concurrent(max_inputs=10)
class Shared:
    @farcall.enter()
    def begin(self) -> None:
        self.most = self.inside = 0
        self.everybody = asyncio.Event()

    @farcall.method()
    async def meet(self, expected: int) -> int:
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == expected:
            self.everybody.set()
        await self.everybody.wait()
        return os.getpid()

    @farcall.method()
    async def met(self) -> int:
        return self.most


@app.cls(max_containers=1)
class Model:
    @farcall.batched(max_batch_size=4, wait_ms=200)
    def run(self, x: list[int]) -> list[Any]:
        return [(value, len(x)) for value in x]


def test_inputs_of_a_class_meet_in_one_instance() -> None:
    assert len(set(Shared().meet.map([6] * 6))) == 1
    assert Shared().met.remote() == 6


def test_batched_alone_makes_a_method() -> None:
    assert list(Model().run.map(range(8))) == [(x, 4) for x in range(8)]
