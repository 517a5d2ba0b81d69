"""api.md §4: FunctionCall and context, blocking and through `.aio`. Rows that older tests show:

| row | test |
|---|---|
| get: again and again, in a new process, `timeout=0` | test/python/test_function.py |
| iter_items | test/python/test_generators.py |
| logs, page by page, by input | test/python/test_printing.py |
| from_id inside functions; calls that are not beneath one | test/python/test_nested.py |
| call graph | test/python/test_call_graph.py |
| current_input_id in threads and executors | test/python/test_context.py |
| retention, OutputExpiredError | test/runtime/store, test/python/cli |
"""

from __future__ import annotations

import asyncio
import inspect
import pickle
import time
from pathlib import Path
from typing import Any

import pytest
from support.waiting import until

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def double(x: int) -> int:
    print("doubling", x)
    return 2 * x


@farcall.function
def fails(x: int) -> int:
    raise ValueError(f"not {x}")


@farcall.function
def held(folder: str, x: int) -> int:
    (Path(folder) / f"began{x}").touch()
    while not (Path(folder) / "go").exists():
        time.sleep(0.01)
    return x


def test_get_waits_no_longer_than_it_is_told_and_raises_the_builtin_error(tmp_path: Path) -> None:
    call = held.spawn(str(tmp_path), 1)
    for timeout in (0, 0.05):
        with pytest.raises(TimeoutError):
            call.get(timeout)
        with pytest.raises(TimeoutError):
            asyncio.run(call.get.aio(timeout))
    (tmp_path / "go").touch()
    assert call.get(timeout=60) == 1
    assert (call.get(0), asyncio.run(call.get.aio(timeout=0))) == (1, 1)


def test_an_input_that_a_call_does_not_have_is_a_value_error() -> None:
    call = double.spawn_map([1, 2])
    for index in (-1, 2, 99):
        for timeout in (0, None):
            with pytest.raises(ValueError, match="input"):
                call.get(timeout, index=index)


def test_a_failure_is_raised_by_every_get() -> None:
    call = fails.spawn(3)
    for _ in range(2):
        with pytest.raises(ValueError, match="not 3"):
            call.get()
    with pytest.raises(ValueError, match="not 3"):
        asyncio.run(call.get.aio())


def test_iter_goes_in_index_order_and_refuses_what_is_no_range_of_it() -> None:
    call = double.spawn_map(range(5))
    assert (list(call.iter()), list(call.iter(start=3)), list(call.iter(1, 1))) == ([0, 2, 4, 6, 8], [6, 8], [])
    for start, end in ((-1, None), (0, 6), (3, 2)):
        with pytest.raises(ValueError, match="inputs 0 to 5"):
            call.iter(start, end)
    with pytest.raises(ValueError, match="inputs 0 to 5"):
        asyncio.run(anext(call.iter.aio(0, 6)))


def test_iter_raises_a_failure_in_its_place() -> None:
    @farcall.function
    def picky(x: int) -> int:
        return 1 // x

    found = picky.spawn_map([1, 0, 1]).iter()
    assert next(found) == 1
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_every_blocking_member_has_an_async_twin() -> None:
    async def asked() -> list[Any]:
        call = await double.spawn_map.aio(range(3))
        return [
            await call.num_inputs.aio(),
            [value async for value in call.iter.aio(1)],
            await call.get.aio(index=2),
            await call.status.aio(),
            sorted((await call.logs.aio()).splitlines()),
            "".join([text async for text in call.logs.aio(index=1, follow=True)]),
            [value async for value in call.results.aio()],
            await call.cancel.aio(),
        ]

    assert asyncio.run(asked()) == [
        3,
        [2, 4],
        4,
        "succeeded",
        ["doubling 0", "doubling 1", "doubling 2"],
        "doubling 1\n",
        [0, 2, 4],
        None,
    ]


def test_no_twin_holds_up_its_event_loop(tmp_path: Path) -> None:
    async def others_go_on() -> int:
        call = await held.spawn.aio(str(tmp_path), 1)
        waiting = [asyncio.create_task(work) for work in (call.get.aio(), farcall.gather.aio(call))]
        while not (tmp_path / "began1").exists():
            await asyncio.sleep(0.01)
        (tmp_path / "go").touch()  # this line runs only if the loop does
        return len(await asyncio.gather(*waiting))

    assert asyncio.run(others_go_on()) == 2


def test_a_call_goes_through_its_states(tmp_path: Path) -> None:
    call = held.spawn(str(tmp_path), 1)
    assert call.status() in ("queued", "running")
    until(lambda: call.status() == "running")
    (tmp_path / "go").touch()
    call.get()
    until(lambda: call.status() == "succeeded")
    failed = fails.spawn(1)
    with pytest.raises(ValueError, match="not"):
        failed.get()
    until(lambda: failed.status() == "failed")


def test_a_cancelled_call_is_a_remote_error_and_cancelling_again_is_fine(tmp_path: Path) -> None:
    call = held.with_options(retries=3).spawn(str(tmp_path), 1)
    until((tmp_path / "began1").exists)
    call.cancel()
    call.cancel()
    asyncio.run(call.cancel.aio())
    with pytest.raises(errors.RemoteError, match="cancelled"):
        call.get(timeout=60)
    assert call.status() == "cancelled"


def test_cancelling_what_is_done_changes_nothing() -> None:
    call = double.spawn(2)
    assert call.get() == 4
    call.cancel(terminate_containers=True)
    assert (call.get(), call.status()) == (4, "succeeded")


def test_cancelling_may_end_the_containers_and_others_run_again(tmp_path: Path) -> None:
    call = held.with_options(max_containers=1).spawn(str(tmp_path), 2)
    until((tmp_path / "began2").exists)
    call.cancel(terminate_containers=True)
    with pytest.raises(errors.RemoteError):
        call.get(timeout=60)
    (tmp_path / "go").touch()
    assert held.with_options(max_containers=1).remote(str(tmp_path), 3) == 3


def test_cancelling_a_call_cancels_what_its_inputs_called(tmp_path: Path) -> None:
    @farcall.function
    def parent(folder: str) -> Any:
        child = held.spawn(folder, 7)
        (Path(folder) / "said").write_text(child.object_id)
        (Path(folder) / "said").rename(Path(folder) / "child")
        return child.get()

    call = parent.spawn(str(tmp_path))
    until((tmp_path / "began7").exists)
    until((tmp_path / "child").exists)
    child = farcall.FunctionCall.from_id((tmp_path / "child").read_text())
    call.cancel()
    with pytest.raises(errors.RemoteError, match="cancelled"):
        child.get(timeout=60)


def test_from_id_asks_nothing_and_knows_a_wrong_id() -> None:
    call = double.spawn(4)
    again = farcall.FunctionCall.from_id(call.object_id, client=None)
    assert (again == call, hash(again) == hash(call), again.get(), again.name) == (True, True, 8, "double")
    for wrong in ("fu-123", "", "fc-", 3):
        with pytest.raises((errors.InvalidError, TypeError)):
            farcall.FunctionCall.from_id(wrong)  # type: ignore[arg-type]


def test_a_call_is_pickled_by_its_id_and_read_inside_functions() -> None:
    @farcall.function
    def reads() -> int:
        call = double.spawn(5)
        return pickle.loads(pickle.dumps(call)).get() + farcall.FunctionCall.from_id(call.object_id).get()

    assert pickle.loads(pickle.dumps(double.spawn(3))).get() == 6
    assert reads.remote() == 20


def test_gather_is_on_the_class_as_well_and_keeps_the_order_of_its_arguments() -> None:
    calls = [double.spawn(x) for x in (3, 1, 2)]
    assert farcall.FunctionCall.gather(*calls) == farcall.gather(*calls) == [6, 2, 4]
    assert (farcall.gather(), farcall.FunctionCall.gather()) == ([], [])
    assert asyncio.run(farcall.FunctionCall.gather.aio(*calls)) == [6, 2, 4]
    assert calls[0].gather(*calls) == [6, 2, 4]


def test_gather_raises_the_first_failure_in_time_while_its_siblings_run_on(tmp_path: Path) -> None:
    slow, failing = held.spawn(str(tmp_path), 9), fails.spawn(9)
    with pytest.raises(ValueError, match="not 9"):
        farcall.gather(slow, failing)
    (tmp_path / "go").touch()
    assert slow.get(timeout=60) == 9
    value, error = asyncio.run(farcall.FunctionCall.gather.aio(slow, failing, return_exceptions=True))
    assert (value, type(error)) == (9, ValueError)


def test_gather_works_inside_a_function() -> None:
    @farcall.function
    def both() -> list[int]:
        return farcall.FunctionCall.gather(double.spawn(1), double.spawn(2))

    assert both.remote() == [2, 4]


def test_every_member_has_a_docstring() -> None:
    for kind in (farcall.Function, farcall.FunctionCall, farcall.Results):
        for name, member in inspect.getmembers(kind, lambda found: not isinstance(found, type)):
            if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{kind.__name__}.{name} has no docstring"


def test_the_running_input_and_call_are_known_inside_and_nowhere_else() -> None:
    @farcall.function
    def who() -> tuple[str | None, str | None, bool]:
        return farcall.current_input_id(), farcall.current_function_call_id(), farcall.is_local()

    call = who.spawn()
    input_id, call_id, is_local = call.get()
    assert (call_id, is_local) == (call.object_id, False)
    assert input_id == f"in-{call.object_id.removeprefix('fc-')}-0"
    assert (farcall.current_input_id(), farcall.current_function_call_id(), farcall.is_local()) == (None, None, True)


def test_calls_of_an_unknown_id_are_not_found_by_any_member() -> None:
    call = farcall.FunctionCall.from_id(f"{double.spawn(1).object_id[:9]}{'0' * 26}")
    for ask in (call.get, call.status, call.num_inputs, lambda: list(call.iter()), call.logs):
        with pytest.raises(errors.NotFoundError):
            ask()
