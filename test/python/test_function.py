"""One input at a time: remote, spawn, local, generators, nested calls, and what goes wrong."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from support.home import Home

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def double(x: int) -> int:
    return 2 * x


@farcall.function
def fail(word: str) -> None:
    raise KeyError(word)


@farcall.function
def factorial(n: int) -> int:
    return 1 if n < 2 else n * factorial.remote(n - 1)


@farcall.function
def is_even(n: int) -> bool:
    return True if n == 0 else is_odd.remote(n - 1)


@farcall.function
def is_odd(n: int) -> bool:
    return False if n == 0 else is_even.remote(n - 1)


@farcall.function
def countdown(n: int) -> Any:
    while n:
        yield n
        n -= 1


def test_remote_gives_the_value_of_another_process() -> None:
    @farcall.function
    def pid() -> int:
        return os.getpid()

    assert pid.remote() != os.getpid()
    assert pid.local() == pid() == os.getpid()


def test_arguments_go_by_position_and_by_name() -> None:
    @farcall.function
    def join(a: str, *rest: str, sep: str = "-") -> str:
        return sep.join((a, *rest))

    assert join.remote("a", "b", sep="+") == "a+b"


def test_the_remote_exception_itself_is_raised_with_a_note_of_whose_it_is() -> None:
    with pytest.raises(KeyError, match="price") as raised:
        fail.remote("price")
    assert any("input 0 of call fc-" in note for note in raised.value.__notes__)


def test_a_traceback_has_one_frame_of_ours_at_most() -> None:
    with pytest.raises(KeyError) as raised:
        fail.remote("price")
    files = [entry.path.name for entry in raised.traceback if "/farcall/" in str(entry.path).replace("\\", "/")]
    assert len(files) <= 2, files


def test_none_is_a_result() -> None:
    @farcall.function
    def nothing() -> None:
        return None

    assert nothing.remote() is None


def test_a_function_may_call_itself() -> None:
    assert factorial.remote(4) == 24


def test_functions_may_call_each_other() -> None:
    assert is_even.remote(3) is False


def test_captured_values_are_those_of_the_moment_of_the_call() -> None:
    factor = 2

    @farcall.function
    def scale(x: int) -> int:
        return x * factor

    assert scale.remote(10) == 20
    factor = 3
    assert scale.remote(10) == 30


def test_a_large_argument_and_a_large_result_arrive_whole() -> None:
    data = os.urandom(3_000_000)

    @farcall.function
    def reverse(data: bytes) -> bytes:
        return data[::-1]

    assert reverse.remote(data) == data[::-1]


def test_remote_gen_yields_in_order() -> None:
    assert list(countdown.remote_gen(4)) == [4, 3, 2, 1]


def test_remote_refuses_a_generator_function_and_names_remote_gen() -> None:
    with pytest.raises(errors.InvalidError, match="remote_gen"):
        countdown.remote(3)


def test_spawn_returns_a_call_that_can_be_read_again_and_again() -> None:
    call = double.spawn(21)
    assert call.get() == 42
    assert call.get() == 42
    assert call.num_inputs() == 1
    assert call.status() == "succeeded"


def test_a_call_is_found_by_its_id_in_a_new_process(home: Home) -> None:
    call = double.spawn(4)
    script = f"import farcall; print(farcall.FunctionCall.from_id({call.object_id!r}).get())"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == "8", ran.stderr


def test_get_with_timeout_zero_looks_once_and_raises_the_builtin_timeout_error() -> None:
    gate = threading.Event()

    @farcall.function
    def slow() -> None:
        import time

        time.sleep(30)

    call = slow.spawn()
    with pytest.raises(TimeoutError) as raised:
        call.get(timeout=0)
    assert not isinstance(raised.value, errors.Error)
    call.cancel()
    with pytest.raises(errors.RemoteError, match="cancelled"):
        call.get()
    assert call.status() == "cancelled"
    call.cancel()
    gate.set()


def test_an_unknown_call_is_not_found() -> None:
    store = double.spawn(1).object_id[3:9]
    with pytest.raises(errors.NotFoundError):
        farcall.FunctionCall.from_id(f"fc-{store}{'0' * 26}").get(timeout=60)


def test_a_call_of_another_gateway_is_refused_by_name() -> None:
    with pytest.raises(errors.NotFoundError, match="another gateway"):
        farcall.FunctionCall.from_id(f"fc-ZZZZZZ{'0' * 26}").get(timeout=60)


def test_gather_gives_results_in_the_order_of_its_arguments() -> None:
    assert farcall.gather(*(double.spawn(n) for n in (3, 1, 2))) == [6, 2, 4]
    assert farcall.gather() == []


def test_gather_raises_the_first_failure_or_returns_it() -> None:
    calls = [double.spawn(1), fail.spawn("x")]
    with pytest.raises(KeyError):
        farcall.gather(*calls)
    values = farcall.gather(*calls, return_exceptions=True)
    assert values[0] == 2
    assert isinstance(values[1], KeyError)


def test_an_unpicklable_argument_says_which_one() -> None:
    with pytest.raises(errors.SerializationError, match="lock"):
        double.remote(threading.Lock())  # type: ignore[arg-type]


def test_an_unpicklable_result_fails_that_input_and_says_so() -> None:
    @farcall.function
    def lock() -> object:
        return threading.Lock()

    with pytest.raises(errors.SerializationError, match="lock"):
        lock.remote()


def test_a_wrong_option_says_which_and_what_is_near() -> None:
    with pytest.raises(errors.InvalidError, match="gpu"):
        farcall.function(gpus="A100")
    with pytest.raises(errors.InvalidError, match="retries"):
        double.with_options(retries=-1)


def test_with_options_makes_another_function() -> None:
    other = double.with_options(timeout=10)
    assert other.remote(1) == 2
    assert other.options.timeout == 10
    assert double.options.timeout == 300


def test_an_impossible_gpu_is_said_at_once() -> None:
    with pytest.raises((errors.ResourceExhaustedError, errors.InvalidError), match=r"(?i)gpu|B99"):
        double.with_options(gpu="B99:8").remote(1)


def test_remote_works_in_other_threads() -> None:
    values: list[int] = []
    threads = [threading.Thread(target=lambda n=n: values.append(double.remote(n))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(values) == [0, 2, 4, 6]


def test_the_async_twins_run_in_the_callers_loop() -> None:
    async def main() -> list[Any]:
        call = await double.spawn.aio(5)
        return [await double.remote.aio(1), await call.get.aio(), await farcall.gather.aio(call, call)]

    assert asyncio.run(main()) == [2, 10, [10, 10]]


def test_remote_works_where_a_loop_is_running() -> None:
    async def main() -> int:
        return double.remote(4)

    assert asyncio.run(main()) == 8


def test_what_a_function_prints_is_in_its_logs() -> None:
    @farcall.function
    def talk() -> None:
        print("hello from afar")

    call = talk.spawn()
    call.get()
    assert "hello from afar" in "".join(call.logs(follow=True))


def test_a_secret_is_a_variable_of_the_container_only() -> None:
    @farcall.function(secrets=[farcall.Secret.from_dict({"FC_TEST_SECRET": "s3"})])
    def read() -> str | None:
        return os.environ.get("FC_TEST_SECRET")

    assert read.remote() == "s3"
    assert "FC_TEST_SECRET" not in os.environ


def test_context_tells_where_code_runs() -> None:
    @farcall.function
    def where() -> tuple[Any, ...]:
        return farcall.is_local(), farcall.current_function_call_id(), farcall.current_input_id()

    is_local, call_id, input_id = where.remote()
    assert not is_local
    assert call_id.startswith("fc-")
    assert input_id.startswith("in-")
    assert farcall.is_local()
    assert farcall.current_input_id() is None


def test_a_stub_calls_remotely_as_in_2022() -> None:
    stub = farcall.Stub("old")

    @stub.function
    def pid() -> int:
        return os.getpid()

    assert pid() != os.getpid()
    assert isinstance(pid, farcall.FunctionHandle)
