"""An input that waits for a call of its own: its place is lent, and what it had not started runs elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from support.host import Host, RunningContainer
from support.waiting import until

from farcall import context
from farcall.wire.messages import ContainerWaiting, LeasesRevoked


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def wait_for_gate(gate: str) -> str | None:
    """Wait as the client does for a nested call: until a file appears."""
    import time

    with context.waiting():
        while not Path(gate).exists():
            time.sleep(0.01)
    return context.current_input_id()


def test_while_it_waits_unstarted_inputs_are_given_back(container: RunningContainer, gate: Path) -> None:
    container.load(wait_for_gate)
    container.run(str(gate), str(gate), lease=1)
    container.run(str(gate), lease=2)
    container.peer.expect(ContainerWaiting, lambda said: said.waiting)
    container.peer.send(LeasesRevoked(through=2))
    gate.touch()
    container.peer.expect(ContainerWaiting, lambda said: not said.waiting)
    assert list(container.outcomes(1)) == [0], "the second input of the lease runs elsewhere"
    assert container.outcomes(2) == {}


def test_nothing_starts_before_the_gateway_has_said_what_it_took(container: RunningContainer, gate: Path) -> None:
    gate.touch()
    container.load(wait_for_gate)
    container.run(str(gate), str(gate), lease=1)
    container.peer.expect(ContainerWaiting, lambda said: not said.waiting)
    batch, outcomes = container.batch(1)
    assert (list(outcomes), batch.ended) == ([0], False)
    container.peer.send(LeasesRevoked(through=0))
    container.peer.expect(ContainerWaiting, lambda said: said.waiting)
    container.peer.expect(ContainerWaiting, lambda said: said.waiting)
    container.peer.send(LeasesRevoked(through=0))
    assert list(container.outcomes(1)) == [1]


def test_leases_that_come_after_the_wait_began_are_kept(container: RunningContainer, gate: Path) -> None:
    container.load(wait_for_gate)
    container.run(str(gate), lease=1)
    container.peer.expect(ContainerWaiting, lambda said: said.waiting)
    container.peer.send(LeasesRevoked(through=1))
    container.run(str(gate), lease=2)
    gate.touch()
    container.peer.expect(ContainerWaiting, lambda said: not said.waiting)
    container.peer.expect(ContainerWaiting, lambda said: said.waiting)
    container.peer.send(LeasesRevoked(through=2))
    assert list(container.outcomes(1)) == [0]
    assert list(container.outcomes(2)) == [0]


def test_back_after_its_leases_were_given_to_others_it_starts_nothing_more_of_them(
    host: Host, container: RunningContainer, gate: Path, tmp_path: Path
) -> None:
    def begin(number: int) -> None:
        (tmp_path / f"began {number}").touch()
        while not (tmp_path / f"open {number}").exists() and not gate.exists():
            time.sleep(0.01)
        if number:
            time.sleep(0.5)  # so long that the next try to connect is due

    container.load(begin)
    container.run(0, 1, 2, 3, lease=1)
    until(lambda: (tmp_path / "began 0").exists())
    container.run(4, lease=2)
    (tmp_path / "open 0").touch()  # between 0 and 1 it hears of lease 2
    until(lambda: (tmp_path / "began 1").exists())
    host.gateway.revoked = 2
    container.peer.cut()
    gate.touch()
    # What begins without a connection cannot be helped; from the first word on, nothing does.
    container.peer = host.gateway.peer("container", container.id)
    host.gateway.revoked = None
    assert list(container.outcomes(1)) in ([1], [0, 1], [1, 2], [0, 1, 2])
    assert container.outcomes(2) == {}
    container.load_call("fc-next")
    container.run(5, lease=3, call="fc-next")
    assert list(container.outcomes(3)) == [0], "what is given to it from now on runs"
    assert not (tmp_path / "began 3").exists()
    assert not (tmp_path / "began 4").exists()
