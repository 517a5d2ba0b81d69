"""What a container makes of inputs: values, failures, order, batches. Real processes, a scripted gateway."""

from __future__ import annotations

import asyncio
import pickle
import sys
import threading
from typing import Any

import pytest
from support.host import SPEC, RunningContainer

from farcall.values import failure, serialize
from farcall.versions import version
from farcall.wire.codes import FAILED, NO_RETRY, SUCCEEDED
from farcall.wire.messages import CallForget, ContainerBroken, FunctionLoad, PreviewMade, PreviewMake


def test_inputs_run_in_order_and_answer_with_their_values(container: RunningContainer) -> None:
    container.load(lambda x: x * 2)
    container.run(*range(1000))
    assert container.values() == [x * 2 for x in range(1000)]


def test_short_inputs_share_batches_and_the_last_batch_ends_the_lease(container: RunningContainer) -> None:
    container.load(lambda x: x)
    container.run(*range(200))
    batch, outcomes = container.batch()
    assert batch.seq == 1
    assert 1 < len(outcomes) <= 200
    while not batch.ended:
        batch, more = container.batch()
        outcomes.update(more)
    assert sorted(outcomes) == list(range(200))


def test_the_outcome_of_a_long_input_does_not_wait_for_the_next(container: RunningContainer, tmp_path: Any) -> None:
    gate = tmp_path / "gate"

    def wait_for_gate(x: int) -> int:
        import time

        time.sleep(0.05 if x == 0 else 0)
        while x == 1 and not gate.exists():
            time.sleep(0.01)
        return x

    container.load(wait_for_gate)
    container.run(0, 1)
    batch, outcomes = container.batch()
    assert list(outcomes) == [0]
    assert not batch.ended
    gate.touch()
    assert list(container.outcomes()) == [1]


def test_several_leases_and_calls_take_their_turns(container: RunningContainer) -> None:
    container.load(lambda x, plus=0: x + plus)
    container.load_call("fc-other", kwargs={"plus": 100})
    container.run(1, 2, lease=1)
    container.run(1, 2, lease=2, call="fc-other")
    assert container.values(1) == [1, 2]
    assert container.values(2) == [101, 102]
    container.peer.send(CallForget(call_id="fc-other"))


def test_an_exception_fails_its_input_alone(container: RunningContainer) -> None:
    def divide(x: int) -> float:
        return 1 / x

    container.load(divide)
    container.run(1, 0, 2)
    outcomes = container.outcomes()
    assert [outcomes[index][0] for index in range(3)] == [SUCCEEDED, FAILED, SUCCEEDED]
    told = failure.read(outcomes[1][1])
    assert (told.code, told.kind) == ("user.raised", "ZeroDivisionError")
    assert "test_inputs.py" in told.where
    assert isinstance(failure.unpack(outcomes[1][1]), ZeroDivisionError)


def test_a_failure_is_summed_up_beside_its_outcome(container: RunningContainer) -> None:
    def fail(x: int) -> None:
        raise ValueError(f"not {x}")

    container.load(fail)
    container.run(7, first=3)
    batch, _ = container.batch()
    assert batch.failures is not None
    (summary,) = batch.failures
    assert (summary.index, summary.code, summary.kind, summary.message) == (3, "user.raised", "ValueError", "not 7")


def test_system_exit_is_a_failure_of_that_input(container: RunningContainer) -> None:
    container.load(lambda x: sys.exit(x))
    container.run(3)
    assert container.failure().code == "user.exited"
    container.run(4, lease=2)
    assert container.failure(2).code == "user.exited"


def test_an_unpicklable_result_names_its_type_and_the_path_to_it(container: RunningContainer) -> None:
    container.load(lambda _: {"a": [threading.Lock()]})
    container.run(0)
    told = container.failure()
    assert told.code == "payload.unpicklable"
    assert "lock" in told.message
    assert "result['a'][0]" in told.message


def test_an_argument_of_a_missing_module_fails_its_input_and_names_the_module(container: RunningContainer) -> None:
    container.load(lambda x: x)
    missing = b"\x80\x05cno_such_module\nThing\n."
    with pytest.raises(ModuleNotFoundError):
        pickle.loads(missing)
    container.run_payloads([missing, serialize.dumps(((1,), {}))])
    outcomes = container.outcomes()
    told = failure.read(outcomes[0][1])
    assert told.code == "payload.unreadable"
    assert "no_such_module" in told.message
    assert outcomes[1][0] == SUCCEEDED


def test_large_results_and_arguments_travel_as_blobs(container: RunningContainer) -> None:
    container.load(lambda count: b"x" * count)
    container.run(300_000, 10)
    batch, outcomes = container.batch()
    assert batch.blobs is not None
    assert [len(serialize.loads(outcomes[index][1])) for index in (0, 1)] == [300_000, 10]


def test_async_functions_share_one_loop_that_runs_only_meanwhile(container: RunningContainer) -> None:
    async def loop_id(_: int) -> int:
        await asyncio.sleep(0)
        return id(asyncio.get_running_loop())

    container.load(loop_id, is_async=True)
    container.run(1, 2, 3)
    assert len(set(container.values())) == 1


def test_a_sync_function_finds_no_loop_running(container: RunningContainer) -> None:
    async def seven() -> int:
        return 7

    container.load(lambda _: asyncio.run(seven()))
    container.run(0)
    assert container.values() == [7]


def test_generators_are_collected(container: RunningContainer) -> None:
    def count(to: int) -> Any:
        yield from range(to)

    container.load(count, is_generator=True)
    container.run(3, 0)
    assert container.values() == [[0, 1, 2], []]


def test_a_failing_generator_is_a_failure(container: RunningContainer) -> None:
    def break_off(_: int) -> Any:
        yield 1
        raise KeyError("half way")

    container.load(break_off, is_generator=True)
    container.run(0)
    assert container.failure().kind == "KeyError"


def test_code_that_cannot_be_loaded_is_told_with_its_failure(container: RunningContainer) -> None:
    container.peer.send(FunctionLoad(function_id="fv-1", spec=SPEC), b"\x80\x05cno_such_module\nThing\n.")
    _, payload = container.peer.expect(ContainerBroken)
    assert failure.read(payload).code == "payload.unreadable"
    container.peer.wait_closed()


def test_previews_show_arguments_and_results(container: RunningContainer) -> None:
    container.load(lambda x: x)
    container.peer.send(
        PreviewMake(request=1, what="arguments", call_id="fc-1"), serialize.dumps((("a", 2), {"third": [3]}))
    )
    assert container.peer.expect(PreviewMade)[0].bundle == {"text/plain": "x = 'a'\n2\nthird = [3]"}
    container.peer.send(PreviewMake(request=2, what="result", call_id="fc-1"), serialize.dumps("text"))
    assert container.peer.expect(PreviewMade)[0].bundle == {"text/plain": "'text'"}


def test_a_forked_child_that_comes_back_does_not_answer(container: RunningContainer) -> None:
    def fork(x: int) -> int:
        import os

        return x if os.fork() else -x

    container.load(fork)
    container.run(1, 2, 3)
    assert container.values() == [1, 2, 3]


def test_a_failure_that_the_policy_does_not_list_says_that_no_retry_helps(container: RunningContainer) -> None:
    def fail(x: int) -> None:
        raise (KeyError if x else ValueError)(x)

    described = version.describe(fail, retry_on=(KeyError,))
    container.load_described(described, max_retries=3)
    container.run(0, 1)
    outcomes = container.outcomes()
    assert [outcomes[index][0] for index in (0, 1)] == [FAILED | NO_RETRY, FAILED]
