"""The call graph: who called whom, whole from whichever call it is asked, at once, through threads and executors."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest
from support.waiting import until

import farcall
from farcall import InputInfo, InputStatus

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def leaf(x: int) -> str | None:
    if x == 13:
        raise ValueError("thirteen")
    return farcall.current_input_id()


@farcall.function
def branch(x: int) -> list[str | None]:
    return [leaf.remote(x), *leaf.map([x + 100, x + 200])]


@farcall.function
def tree(n: int) -> list[list[str | None]]:
    return list(branch.map(range(n)))


@farcall.function
def threaded(n: int) -> list[str | None]:
    found: list[str | None] = []
    thread = Thread(target=lambda: found.append(leaf.remote(1)))
    thread.start()
    thread.join()
    with ThreadPoolExecutor(2) as pool:
        return found + list(pool.map(leaf.remote, range(n)))


@farcall.function
def own_graph(n: int) -> tuple[str | None, list[str], str | None]:
    called = [leaf.remote(x) for x in range(n)]
    own = farcall.FunctionCall.from_id(farcall.current_function_call_id() or "").get_call_graph()
    return called[0], [child.input_id for child in own[0].children], own[0].input_id


@farcall.function
def waits(seconds: float) -> None:
    time.sleep(seconds)


@farcall.function
def calls_and_waits(n: int) -> None:
    threads = [Thread(target=lambda: waits.remote(60)) for _ in range(n)]
    for thread in threads:
        thread.start()
    waits.remote(60)


def test_the_graph_is_the_whole_tree_with_the_ids_that_inputs_knew() -> None:
    call = tree.spawn(3)
    said = call.get()
    graph = call.get_call_graph()
    assert [(one.function_call_id, one.function_name, one.status) for one in graph] == [
        (call.object_id, "tree", InputStatus.SUCCESS)
    ]
    branches = graph[0].children
    assert [one.function_name for one in branches] == ["branch"] * 3
    assert len({one.function_call_id for one in branches}) == 1
    assert [[one.input_id for one in each.children] for each in branches] == said
    assert [one.children for each in branches for one in each.children] == [[]] * 9
    assert branches[0].module_name == __name__
    first = branches[0].children[0]
    assert first.task_id.startswith("co-")
    assert first.attempts == 1
    times = [graph[0].started_at, first.started_at, first.ended_at, graph[0].ended_at]
    assert times == sorted(time or 0.0 for time in times)


def test_the_root_is_the_same_whichever_call_of_the_tree_is_asked() -> None:
    call = tree.spawn(2)
    call.get()
    leaves = [one for one in call.get_call_graph().walk() if one.function_name == "leaf"]
    assert len(leaves) == 6
    for one in (leaves[0], leaves[-1]):
        assert farcall.FunctionCall.from_id(one.function_call_id).get_call_graph() == call.get_call_graph()


def test_a_call_that_was_returned_is_in_it_at_once() -> None:
    for _ in range(20):
        call = leaf.spawn(1)
        assert [one.function_call_id for one in call.get_call_graph()] == [call.object_id]
    called, children, root = own_graph.remote(3)
    assert called == children[0]
    assert len(children) == 3
    assert root is not None


def test_parents_are_known_through_threads_and_executors() -> None:
    call = threaded.spawn(3)
    said = call.get()
    assert {one.input_id for one in call.get_call_graph()[0].children} == set(said)
    assert len(set(said)) == 4


def test_failures_timeouts_and_cancels_have_their_status() -> None:
    mapped = leaf.map([1, 13, 2], return_exceptions=True)
    list(mapped)
    statuses = [one.status for one in mapped.call.get_call_graph()]
    assert statuses == [InputStatus.SUCCESS, InputStatus.FAILURE, InputStatus.SUCCESS]
    late = waits.with_options(timeout=0.2).spawn(60)
    with pytest.raises(farcall.errors.FunctionTimeoutError):
        late.get(timeout=60)
    assert late.get_call_graph()[0].status is InputStatus.TIMEOUT
    cancelled = waits.spawn(60)
    assert cancelled.get_call_graph()[0].status is InputStatus.PENDING
    cancelled.cancel()
    until(lambda: cancelled.get_call_graph()[0].status is InputStatus.TERMINATED)


NEVER_UP = """
import farcall

class Stubborn:
    def __reduce__(self):
        return __import__, ("no_such_module_anywhere",)

@farcall.function
def never(x, stubborn=Stubborn()):
    return x

call = never.spawn(1)
try:
    call.get(timeout=60)
except Exception as error:
    pass
print(call.get_call_graph()[0].status.name)
"""


def script(code: str) -> str:
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_a_function_whose_containers_never_come_up_says_so() -> None:
    assert script(NEVER_UP) == "INIT_FAILURE"


def test_statuses_have_the_numbers_of_modal_and_the_modules_its_names() -> None:
    assert [(one.name, int(one)) for one in InputStatus] == [
        ("PENDING", 0),
        ("SUCCESS", 1),
        ("FAILURE", 2),
        ("TERMINATED", 3),
        ("TIMEOUT", 4),
        ("INIT_FAILURE", 5),
    ]
    assert farcall.types.InputInfo is InputInfo is farcall.call_graph.InputInfo
    assert farcall.types.InputStatus is InputStatus


def test_the_graph_is_there_in_an_event_loop_read_ahead() -> None:
    async def read() -> list[str]:
        call = await tree.spawn.aio(2)
        await call.get.aio()
        graph = await call.get_call_graph.aio()
        return [one.function_name for one in graph.walk()]

    assert sorted(asyncio.run(read())) == ["branch"] * 2 + ["leaf"] * 6 + ["tree"]


def test_a_graph_is_printed_as_a_tree_and_its_repr_asks_nobody() -> None:
    call = tree.spawn(2)
    call.get()
    graph = call.get_call_graph()
    assert repr(graph) == f"<farcall.CallGraph of {call.object_id}: 1 input>"
    lines = str(graph).splitlines()
    assert [line.split(" · ")[0] for line in lines[:4]] == ["tree", "├─ branch", "│  ├─ leaf", "│  ├─ leaf"]
    assert lines[4].startswith("│  └─ leaf · SUCCESS · ")
    assert len(lines) == 9


def test_a_large_graph_is_printed_folded_by_call_path() -> None:
    call = tree.spawn(12)
    call.get()
    lines = str(call.get_call_graph()).splitlines()
    assert [line.split(" · ")[0].strip("└─ ") for line in lines] == ["tree", "branch", "leaf"]
    assert "24 calls of 36 inputs · 36 succeeded · p50" in lines[2]


def test_a_wide_level_is_read_a_page_at_a_time() -> None:
    mapped = leaf.map(range(100, 2600))
    list(mapped)
    graph = mapped.call.get_call_graph()
    assert len(graph) == 2500
    assert graph[2499].input_id == graph[-1].input_id
    assert graph[2499].input_id.endswith("-2499")
    assert [one.status for one in graph[998:1003]] == [InputStatus.SUCCESS] * 5
    assert not graph[1500].children
    with pytest.raises(IndexError):
        graph[2500]


def test_graphs_behave_as_lists() -> None:
    call = leaf.spawn(5)
    call.get()
    graph = call.get_call_graph()
    assert [*graph] == graph[:] == graph
    assert graph[0] in graph
    assert graph + graph == [graph[0]] * 2
    assert [None] + graph == [None, graph[0]]  # noqa: RUF005
    assert graph != []
    assert pickle.loads(pickle.dumps(graph)) == graph


def test_an_unknown_call_is_said_so() -> None:
    known = leaf.spawn(1).object_id
    with pytest.raises(farcall.errors.NotFoundError):
        farcall.FunctionCall.from_id(known[:-4] + "ZZZZ").get_call_graph()


def test_a_function_sees_no_tree_but_its_own() -> None:
    @farcall.function
    def look(call_id: str) -> int:
        return len(farcall.FunctionCall.from_id(call_id).get_call_graph())

    with pytest.raises(farcall.errors.AuthError):
        look.remote(leaf.spawn(1).object_id)


def test_a_cancel_of_the_root_quiets_the_whole_tree_threads_included() -> None:
    call = calls_and_waits.spawn(3)
    until(lambda: len(call.get_call_graph()[0].children) == 4)
    call.cancel()

    def is_quiet() -> bool:
        return all(one.status is InputStatus.TERMINATED for one in call.get_call_graph().walk())

    until(is_quiet)
    assert len(list(call.get_call_graph().walk())) == 5


def test_many_containers_calling_one_function_finish() -> None:
    @farcall.function(cpu=0.03)
    def fan(x: int) -> str | None:
        return leaf.remote(x + 1000)

    mapped = fan.map(range(64))
    said = list(mapped)
    graph = mapped.call.get_call_graph()
    assert [one.children[0].input_id for one in graph] == said
