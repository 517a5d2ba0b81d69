"""The supervisor with real containers: cancels, timeouts, revokes, ends, output, the gateway going away."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from support.gateway import ScriptedGateway
from support.host import Host, RunningContainer, start_message
from support.waiting import is_gone, until

from farcall.values import serialize
from farcall.wire.codes import TIMED_OUT
from farcall.wire.messages import (
    ContainerExited,
    ContainerStop,
    Drain,
    Heartbeat,
    HostState,
    LeaseCancel,
    LeaseRevoke,
    LeaseRevoked,
    OutcomesPut,
    OutputPut,
)


def say_and_sleep(x: int) -> int:
    print(f"began {x}", flush=True)
    time.sleep(600)
    return x


def begun(host: Host) -> None:
    """An input of `say_and_sleep` runs."""
    host.peer.expect(OutputPut)


def exited(host: Host, container: str = "co-1") -> ContainerExited:
    return host.peer.expect(ContainerExited, lambda said: said.container_id == container)[0]


def test_a_second_start_of_a_container_does_nothing(host: Host) -> None:
    container = host.start("co-1")
    host.peer.send(start_message("co-1"))
    host.start("co-2")
    os.kill(container.pid, signal.SIGKILL)
    assert exited(host).reason == "start"


def test_cancelling_interrupts_the_running_input_and_skips_the_rest(host: Host) -> None:
    container = host.start()
    container.load(say_and_sleep)
    container.run(1, 2, 3)
    begun(host)
    host.peer.send(LeaseCancel(container_id="co-1", lease=1, first=0, grace_ms=20_000))
    assert container.outcomes() == {}, "the core settled them already"
    container.load_call("fc-next")
    container.run(lease=2, call="fc-next")
    assert container.outcomes(2) == {}, "it lives on"


def test_a_cancelled_input_that_does_not_unwind_is_killed_after_the_grace(host: Host) -> None:
    def stubborn(_: int) -> None:
        print("began", flush=True)
        while True:
            try:
                time.sleep(600)
            except BaseException:
                pass

    container = host.start()
    container.load(stubborn)
    container.run(1)
    begun(host)
    host.peer.send(LeaseCancel(container_id="co-1", lease=1, first=0, grace_ms=50))
    assert (exited(host).reason, is_gone(container.pid)) == ("cancelled", True)


def test_an_input_over_its_timeout_unwinds_and_says_so(host: Host) -> None:
    cleaned = host.folder / "cleaned"

    def sleep(_: int) -> None:
        try:
            time.sleep(600)
        finally:
            cleaned.touch()

    container = host.start()
    container.load(sleep, timeout=0.2)
    container.run(1, 2, 3)
    host.peer.expect(LeaseRevoked, lambda said: said.first == 1)
    outcomes = container.outcomes()
    assert [(index, status) for index, (status, _) in outcomes.items()] == [(0, TIMED_OUT)]
    assert cleaned.exists()


def test_an_async_input_over_its_timeout_is_cancelled(host: Host) -> None:
    async def sleep(_: int) -> None:
        import asyncio

        await asyncio.sleep(600)

    container = host.start()
    container.load(sleep, timeout=0.2, is_async=True)
    container.run(1)
    assert container.failure().code == "user.timeout"
    container.run(lease=2)
    assert container.outcomes(2) == {}


def test_a_loop_in_c_that_holds_the_interpreter_is_killed_after_timeout_and_grace(host: Host) -> None:
    def never(_: int) -> int:
        return sum(iter(range(10**15)))

    container = host.start()
    container.load(never, timeout=0.2)
    container.run(1, 2)
    said = exited(host)
    assert (said.reason, said.lease, said.index) == ("timeout", 1, 0)


def test_a_crash_blames_the_input_that_ran(host: Host) -> None:
    container = host.start()
    container.load(lambda x: os._exit(5) if x == 3 else x)
    container.run(0, 1, 2, 3, 4, lease=1)
    said = exited(host)
    assert (said.reason, said.code, said.lease, said.index) == ("exited", 5, 1, 3)


def test_a_segfault_blames_the_input_that_ran(host: Host) -> None:
    def crash(x: int) -> None:
        import ctypes

        if x == 1:
            ctypes.string_at(0)

    container = host.start()
    container.load(crash)
    container.run(0, 1)
    said = exited(host)
    assert (said.reason, said.code, said.lease, said.index) == ("signal", -signal.SIGSEGV, 1, 1)


def test_an_idle_container_that_dies_blames_nothing(host: Host) -> None:
    container = host.start()
    container.load(lambda x: x)
    container.run(1)
    container.outcomes()
    os.kill(container.pid, signal.SIGKILL)
    said = exited(host)
    assert (said.reason, said.lease) == ("signal", 0)


def test_what_a_container_leaves_behind_is_killed_with_it(host: Host) -> None:
    def leave_children(_: int) -> list[int]:
        import subprocess

        plain = subprocess.Popen(["sleep", "600"])
        daemon = subprocess.Popen(["sleep", "600"], start_new_session=True)
        return [plain.pid, daemon.pid]

    container = host.start()
    container.load(leave_children)
    container.run(0)
    ((left),) = container.values()
    host.peer.send(ContainerStop(container_id="co-1", how="kill"))
    assert exited(host).reason == "stopped"
    until(lambda: all(is_gone(pid) for pid in left))


def test_a_drained_container_answers_what_it_holds_and_leaves(host: Host) -> None:
    container = host.start()
    container.load(lambda x: x)
    container.run(1, 2)
    container.peer.send(Drain())
    assert container.values() == [1, 2]
    assert (exited(host).reason, is_gone(container.pid)) == ("exited", True)


def test_a_supervisor_drains_too_when_only_it_is_told(host: Host) -> None:
    container = host.start()
    container.load(lambda x: x)
    host.peer.send(ContainerStop(container_id="co-1", how="drain"))
    assert exited(host).code == 0


def test_a_container_leaves_after_max_inputs(host: Host) -> None:
    container = host.start()
    container.load(lambda x: x, max_inputs=3)
    container.run(1, 2)
    assert container.values() == [1, 2]
    container.run(3, 4, lease=2)
    assert list(container.batch(2)[1]) == [0]
    said = exited(host)
    assert (said.reason, said.lease) == ("exited", 0)


def test_a_revoke_is_answered_with_what_will_not_start(host: Host) -> None:
    container = host.start()
    container.load(say_and_sleep)
    container.run(1, 2, 3, lease=1)
    container.run(1, 2, lease=2)
    begun(host)
    host.peer.send(LeaseRevoke(container_id="co-1", lease=1, first=0))
    host.peer.send(LeaseRevoke(container_id="co-1", lease=2, first=1))
    host.peer.send(LeaseRevoke(container_id="co-1", lease=3, first=0))
    answers = {said.lease: said.first for said, _ in (host.peer.expect(LeaseRevoked) for _ in range(3))}
    assert answers == {1: 1, 2: 1, 3: 0}


def test_a_revoke_that_comes_before_its_lease_holds(host: Host) -> None:
    container = host.start()
    container.load(lambda x: x)
    host.peer.send(LeaseRevoke(container_id="co-1", lease=1, first=1))
    host.peer.expect(LeaseRevoked)
    container.run(1, 2, 3)
    assert container.values() == [1]


def test_output_is_shipped_and_attributed(host: Host) -> None:
    def chat(x: int) -> None:
        print(f"out {x}")
        print(f"err {x}", file=sys.stderr)
        os.system(f"echo child {x}")

    container = host.start()
    container.load(chat)
    container.run(1, 2)
    batch, _ = container.batch()
    spans = list(batch.spans or ())
    while not batch.ended:
        batch, _ = container.batch()
        spans += batch.spans or ()
    streams = {1: b"", 2: b""}
    while len(streams[1]) < 28 or len(streams[2]) < 12:
        piece, data = host.peer.expect(OutputPut)
        assert piece.offset == len(streams[piece.stream])
        streams[piece.stream] += bytes(data)
    said = {(index, stream): streams[stream][start:end] for index, stream, start, end in spans}
    assert said == {
        (0, 1): b"out 1\nchild 1\n",
        (0, 2): b"err 1\n",
        (1, 1): b"out 2\nchild 2\n",
        (1, 2): b"err 2\n",
    }


def test_output_of_a_running_input_says_whose_it_is(host: Host) -> None:
    container = host.start()
    container.load(say_and_sleep)
    container.run(1, lease=7, first=4)
    piece, data = host.peer.expect(OutputPut)
    assert (piece.lease, piece.index, bytes(data)) == (7, 4, b"began 1\n")


def test_a_container_over_its_memory_limit_is_killed_with_limit_and_peak(host: Host) -> None:
    def grow(_: int) -> int:
        held = bytearray()
        while True:
            held += b"x" * 10_000_000
            time.sleep(0.01)

    container = host.start(memory=200)
    container.load(grow)
    container.run(0)
    said = exited(host)
    assert (said.reason, said.lease, said.index) == ("memory", 1, 0)
    assert said.detail.startswith("limit 200 MiB, peak ")


def test_a_container_that_cannot_start_says_why(host: Host) -> None:
    host.peer.send(start_message("co-1", executable="/no/such/python", environment_id="en-none"))
    said = exited(host)
    assert said.reason == "start"
    assert "/no/such/python" in said.detail


def test_a_container_that_does_not_become_ready_in_time_is_killed(host: Host) -> None:
    host.peer.send(start_message("co-1", startup_timeout=0.3))
    said = exited(host)
    assert said.reason == "start"
    assert said.detail.startswith("not ready after 0 s")


def test_a_stopped_container_is_in_the_heartbeat(host: Host) -> None:
    container = host.start()
    os.kill(container.pid, signal.SIGSTOP)
    host.peer.expect(Heartbeat, lambda beat: beat.stopped == ("co-1",))
    os.kill(container.pid, signal.SIGCONT)


def test_gpus_of_a_container_are_all_it_can_see(host: Host) -> None:
    container = host.start(gpus=("GPU-1", "GPU-2"))
    container.load(lambda name: os.environ.get(name))
    container.run("CUDA_VISIBLE_DEVICES")
    assert container.values() == ["GPU-1,GPU-2"]


def test_a_container_runs_where_its_caller_is(host: Host, tmp_path: Path) -> None:
    container = host.start(cwd=str(tmp_path), variables={**os.environ, "OF_THE_CALLER": "1"})
    container.load(lambda _: (Path.cwd(), os.environ["OF_THE_CALLER"], sys.stdin.read()))
    container.run(0)
    assert container.values() == [(tmp_path, "1", "")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_supervisor(host: Host, number: signal.Signals) -> None:
    def spawn_child(_: int) -> tuple[int, int]:
        import subprocess

        return os.getpid(), subprocess.Popen(["sleep", "600"], start_new_session=True).pid

    spawned = host.start("co-1")
    spawned.load(spawn_child)
    spawned.run(0)
    ((container, grandchild),) = spawned.values()
    busy = host.start("co-2")
    busy.load(lambda _: sum(iter(range(10**15))))
    busy.run(0)
    host.process.send_signal(number)
    host.process.wait()
    until(lambda: all(is_gone(pid) for pid in (container, grandchild, busy.pid)))


def test_containers_work_on_while_the_gateway_is_away_and_come_back_with_their_keys(host: Host) -> None:
    container = host.start()
    container.load(say_and_finish)
    container.run(str(host.folder / "gate"), lease=4, first=10)
    begun(host)
    host.gateway.close()
    host.gateway = ScriptedGateway(host.folder)
    host.peer = host.gateway.peer("supervisor", "ho-1")
    assert host.peer.expect(HostState)[0].containers == ("co-1",)
    back = RunningContainer(host.gateway.peer("container", "co-1"), "co-1", host.gateway)
    assert back.peer.token == "container key"
    assert back.peer.hello.held == ((4, 10),), "it comes back while its input runs"
    (host.folder / "gate").touch()
    assert back.values(4) == [str(host.folder / "gate")]


def say_and_finish(gate: str) -> str:
    print("began", flush=True)
    while not Path(gate).exists():
        time.sleep(0.01)
    return gate


def test_outcomes_are_sent_again_until_they_are_acknowledged(host: Host) -> None:
    container = host.start()
    container.load(lambda x: x)
    container.run(5)
    first, _ = container.peer.expect(OutcomesPut)
    container.peer.cut()
    again = host.gateway.peer("container", "co-1")
    assert again.hello.held == ((1, 0),)
    second, payload = again.expect(OutcomesPut)
    assert second == first
    assert serialize.loads(payload) == 5


def test_ends_that_happened_while_the_gateway_was_away_are_told(host: Host) -> None:
    container = host.start()
    container.load(say_and_sleep)
    container.run(1)
    begun(host)
    host.gateway.close()
    os.kill(container.pid, signal.SIGKILL)
    until(lambda: not (host.folder / "run" / "co-1").exists())
    host.gateway = ScriptedGateway(host.folder)
    host.peer = host.gateway.peer("supervisor", "ho-1")
    assert host.peer.expect(HostState)[0].containers == ("co-1",)
    said = exited(host)
    assert (said.reason, said.lease, said.index) == ("signal", 1, 0)


def test_a_dismissed_container_leaves(host: Host) -> None:
    container = host.start()
    container.load(lambda x: x)
    container.peer.close(4410)
    assert exited(host).code == 0


def test_a_refused_supervisor_leaves_and_takes_all_along(host: Host) -> None:
    container = host.start()
    host.peer.close(4409)
    assert host.process.wait(30) == 0
    until(lambda: is_gone(container.pid))


def test_a_gateway_that_stays_away_is_given_up_after_the_window(tmp_path: Path) -> None:
    host = Host(tmp_path, window=0.5)
    container = host.start()
    host.gateway.close()
    host.process.wait(30)
    assert is_gone(container.pid)
    host.gateway = ScriptedGateway(tmp_path)
    host.close()


def test_it_leaves_a_note_for_the_next_gateway(host: Host) -> None:
    note = host.folder / "supervisor.json"
    assert str(host.process.pid) in note.read_text()
    host.start()
    host.close()
    assert not note.exists()
    assert list((host.folder / "run").iterdir()) == []


def test_what_a_container_left_behind_is_killed_even_when_its_keeper_was(host: Host) -> None:
    def leave_a_daemon(_: int) -> int:
        import subprocess

        return subprocess.Popen(["sleep", "600"], start_new_session=True).pid

    container = host.start()
    container.load(leave_a_daemon)
    container.run(0)
    (daemon,) = container.values()
    keeper = int(Path(f"/proc/{container.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(keeper, signal.SIGKILL)
    assert exited(host).code == -signal.SIGKILL
    until(lambda: is_gone(daemon))


def test_many_containers_start_while_a_zygote_is_busy_importing(host: Host) -> None:
    large = {**os.environ, "LARGE": "x" * 100_000}
    for number in range(8):
        message = start_message(f"co-{number}", imports=("numpy", "pandas"), variables=large, environment_id="en-large")
        host.peer.send(message)
    for number in range(8):
        assert host.gateway.peer("container", f"co-{number}")
