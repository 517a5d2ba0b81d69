"""Concurrent async functions: many inputs inside one container, each with its own end."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support.home import Home
from support.waiting import until

import farcall
from farcall import current_function_call_id, current_input_id, errors
from farcall.client.session import Session
from farcall.wire.messages import OutputRead

from .watching import Room, double

pytestmark = pytest.mark.usefixtures("home")

app = farcall.App("concurrent")


async def stay(number: int, folder: str) -> Any:
    """Inside until the room lets everybody out; tells what it saw of itself."""
    place = Path(folder) / f"in-{number}"
    place.write_text(str(os.getpid()))
    try:
        while not (Path(folder) / "out").exists():
            await asyncio.sleep(0.01)
        return number, current_input_id(), current_function_call_id(), os.getpid()
    except asyncio.CancelledError:
        (Path(folder) / f"cancelled-{number}").touch()
        raise
    finally:
        place.unlink()


@app.function(max_containers=1)
@farcall.concurrent(max_inputs=50)
async def staying(number: int, folder: str) -> Any:
    return await stay(number, folder)


@app.function(max_containers=1, timeout=1)
@farcall.concurrent(max_inputs=4)
async def impatient(number: int, folder: str) -> Any:
    if number == 0:
        await asyncio.sleep(600)
    return await stay(number, folder)


def test_fifty_of_two_hundred_are_inside_at_once(room: Room) -> None:
    results = staying.map(range(200), kwargs={"folder": room.path}).start()
    until(lambda: len(room.inside()) == 50)
    room.let_out()
    everything = list(results)
    assert [number for number, *_ in everything] == list(range(200))
    assert len({input_id for _, input_id, *_ in everything}) == 200
    assert {call for _, _, call, _ in everything} == {results.call.object_id}
    assert len({process for *_, process in everything}) == 1


def test_inputs_of_many_callers_are_inside_together(room: Room) -> None:
    calls = [staying.spawn(number, room.path) for number in range(8)]
    until(room.holds(*range(8)))
    room.let_out()
    assert [call.get(timeout=60)[0] for call in calls] == list(range(8))


def test_one_is_cancelled_and_the_others_stay(room: Room) -> None:
    calls = [staying.spawn(number, room.path) for number in range(4)]
    until(room.holds(0, 1, 2, 3))
    calls[2].cancel()
    until(lambda: (room.folder / "cancelled-2").exists())
    assert room.inside() == {0, 1, 3}
    room.let_out()
    with pytest.raises(errors.RemoteError):
        calls[2].get(timeout=60)
    assert len({calls[number].get(timeout=60)[3] for number in (0, 1, 3)}) == 1


def test_one_that_stands_on_the_processor_is_cancelled(room: Room) -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=4)
    async def spinning(number: int, folder: str) -> Any:
        if number == 0:
            (Path(folder) / "in-0").touch()
            while True:
                pass
        return number

    call = spinning.spawn(0, room.path)
    until(room.holds(0))
    call.cancel()
    assert spinning.remote(1, room.path) == 1


def test_one_is_late_and_the_others_are_not_bothered(room: Room) -> None:
    @app.function(max_containers=1, timeout=30)
    @farcall.concurrent(max_inputs=4)
    async def patient(number: int, folder: str) -> Any:
        return await stay(number, folder)

    late = impatient.spawn(0, room.path)
    with pytest.raises(errors.FunctionTimeoutError):
        late.get(timeout=60)
    room.let_out()
    assert impatient.remote(1, room.path)[0] == 1
    assert patient.remote(2, room.path)[0] == 2


def test_an_interrupted_map_leaves_nobody_inside(room: Room) -> None:
    results = staying.map(range(60), kwargs={"folder": room.path}).start()
    until(lambda: len(room.inside()) == 50)
    results.cancel()
    until(lambda: not room.inside())
    assert not any(int(path.name.removeprefix("cancelled-")) >= 50 for path in room.folder.glob("cancelled-*"))


@app.function(max_containers=1)
@farcall.concurrent(max_inputs=4)
async def spinning_first(number: int, folder: str) -> None:
    """Stays; the first keeps the event loop to itself once the others are inside."""
    place = Path(folder) / f"in-{number}"
    place.touch()
    try:
        while number or len(list(Path(folder).glob("in-*"))) < 4:
            await asyncio.sleep(0.01)
        (Path(folder) / "spins").touch()
        while True:
            time.sleep(0.01)
    finally:
        place.unlink()


def test_one_that_stands_on_the_processor_does_not_keep_the_others_from_being_interrupted(room: Room) -> None:
    results = spinning_first.map(range(4), kwargs={"folder": room.path}).start()
    until((room.folder / "spins").exists)
    results.cancel()
    until(lambda: not room.inside())


def test_exceptions_are_each_inputs_own() -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=10)
    async def odd(x: int) -> int:
        await asyncio.sleep(0.01)
        if x % 2:
            raise ValueError(f"odd {x}")
        return x

    results = list(odd.map(range(20), return_exceptions=True))
    assert [value for value in results if isinstance(value, int)] == list(range(0, 20, 2))
    assert sorted(str(value) for value in results if isinstance(value, ValueError)) == sorted(
        f"odd {x}" for x in range(1, 20, 2)
    )


def test_an_input_that_exits_ends_alone() -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=4)
    async def leaving(x: int) -> int:
        await asyncio.sleep(0.05)
        if x == 1:
            raise SystemExit(3)
        return os.getpid()

    results = list(leaving.map(range(4), return_exceptions=True))
    assert isinstance(results[1], errors.ExecutionError)
    assert len({value for value in results if isinstance(value, int)}) == 1


def test_attempts_run_again_beside_others(room: Room) -> None:
    @app.function(max_containers=1, retries=farcall.Retries(max_retries=2, initial_delay=0.0))
    @farcall.concurrent(max_inputs=10)
    async def flaky(number: int, folder: str) -> int:
        with open(Path(folder) / f"tries-{number}", "a") as file:
            file.write("x\n")
        if len((Path(folder) / f"tries-{number}").read_text().split()) < 3:
            raise ValueError("not yet")
        return number

    assert list(flaky.map(range(10), kwargs={"folder": room.path})) == list(range(10))


def test_what_ran_in_a_killed_container_runs_again(room: Room) -> None:
    results = staying.map(range(10), kwargs={"folder": room.path}).start()
    until(room.holds(*range(10)))
    until(lambda: (room.folder / "in-3").read_text())
    before = int((room.folder / "in-3").read_text())
    for place in room.folder.glob("in-*"):
        place.unlink()
    os.kill(before, 9)
    until(room.holds(*range(10)))
    room.let_out()
    everything = list(results)
    assert [number for number, *_ in everything] == list(range(10))
    assert before not in {process for *_, process in everything}


def test_an_input_that_ends_its_container_is_found_out(room: Room) -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=5)
    async def deadly(number: int) -> int:
        await asyncio.sleep(0.2)
        if number == 3:
            os._exit(1)
        return number

    results = list(deadly.map(range(10), return_exceptions=True))
    assert isinstance(results[3], errors.PoisonInputError)
    assert [value for value in results if isinstance(value, int)] == [n for n in range(10) if n != 3]


def test_inputs_await_calls_of_their_own() -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=10)
    async def asking_others(x: int) -> int:
        return await double.remote.aio(x) + 1

    assert list(asking_others.map(range(20))) == [2 * x + 1 for x in range(20)]


def test_a_function_awaits_itself_deeper_than_a_container_holds() -> None:
    @app.function(max_containers=2)
    @farcall.concurrent(max_inputs=2)
    async def deep(n: int) -> int:
        return 0 if n == 0 else 1 + int(await deep.remote.aio(n - 1))

    assert deep.remote(12) == 12


def test_a_blocking_call_in_a_coroutine_ends_too() -> None:
    @app.function(max_containers=2)
    @farcall.concurrent(max_inputs=3)
    async def blocking(n: int) -> int:
        return 0 if n == 0 else 1 + int(blocking.remote(n - 1))

    assert blocking.remote(4) == 4


def test_each_call_sees_its_own_captured_values(room: Room) -> None:
    def make(word: str) -> Any:
        @app.function(max_containers=1)
        @farcall.concurrent(max_inputs=10)
        async def saying(number: int, folder: str) -> Any:
            await stay(number, folder)
            return word

        return saying

    calls = [make(word).spawn(number, room.path) for number, word in enumerate(("one", "two", "three"))]
    until(room.holds(0, 1, 2))
    room.let_out()
    assert [call.get(timeout=60) for call in calls] == ["one", "two", "three"]


def test_what_inputs_print_is_theirs(room: Room) -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=5)
    async def printing(number: int, folder: str) -> None:
        for line in range(3):
            print(f"input {number} line {line}")
            await asyncio.sleep(0.02)

    results = printing.map(range(5), kwargs={"folder": room.path})
    list(results)
    for number in range(5):
        assert said_by(results.call.object_id, number) == "".join(f"input {number} line {line}\n" for line in range(3))


def said_by(call_id: str, index: int) -> str:
    session = Session.current()
    reply = session.wait(session.request(OutputRead(request=0, call_id=call_id, index=index, offset=0)))
    return bytes(reply.payload).decode()


def test_a_container_that_drains_finishes_what_it_runs(room: Room) -> None:
    @app.function(max_containers=1, max_inputs=5)
    @farcall.concurrent(max_inputs=5)
    async def leaving(number: int, folder: str) -> Any:
        return (await stay(number, folder))[3]

    results = leaving.map(range(10), kwargs={"folder": room.path}).start()
    until(room.holds(0, 1, 2, 3, 4))
    room.let_out()
    assert len(set(results)) == 2, "five inputs a container"


def test_a_model_is_loaded_once_for_all_of_them() -> None:
    @farcall.once
    async def model() -> list[int]:
        await asyncio.sleep(0.1)
        return [os.getpid(), id(object())]

    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=10)
    async def using(_: int) -> list[int]:
        return await model()

    assert len({tuple(value) for value in using.map(range(10))}) == 1


def test_explain_says_what_a_container_aims_at(room: Room) -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=20, target_inputs=5)
    async def aimed(number: int, folder: str) -> Any:
        return await stay(number, folder)

    results = aimed.map(range(12), kwargs={"folder": room.path}).start()
    until(room.holds(*range(12)))
    until(lambda: "aims at 5 and takes up to 20 at once" in str(aimed.explain()))
    room.let_out()
    assert len(list(results)) == 12


def test_the_thread_of_tasks_is_the_main_one() -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=2)
    async def where() -> bool:
        return threading.current_thread() is threading.main_thread()

    assert where.remote()


def test_a_gateway_that_restarts_finds_them_inside(fresh_home: Home, room: Room) -> None:
    results = staying.map(range(10), kwargs={"folder": room.path}).start()
    until(room.holds(*range(10)))
    gateway = fresh_home.kill()
    until(lambda: fresh_home.pid != gateway)
    room.let_out()
    everything = list(results)
    assert [number for number, *_ in everything] == list(range(10))
    assert len({process for *_, process in everything}) == 1
