"""The core of api.md §2–§5 in the cells of a real kernel, where an event loop is always running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.kernel import Kernel, running_kernel

DEFINE = """
import farcall
@farcall.function
def double(x):
    return 2 * x
@farcall.function
def upto(n):
    yield from range(n)
@farcall.function
def fails(x):
    raise ValueError(f"not {x}")
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder: Path = tmp_path_factory.mktemp("cells")
    with running_kernel(folder) as kernel:
        ran = kernel.run(DEFINE)
        assert ran.error == ""
        yield kernel


def value(kernel: Kernel, code: str) -> str:
    ran = kernel.run(code)
    assert ran.error == "", ran.traceback
    return ran.value


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("double.remote(2)", "4"),
        ("await double.remote.aio(2)", "4"),
        ("list(double.map(range(3)))", "[0, 2, 4]"),
        ("[x async for x in double.map(range(3))]", "[0, 2, 4]"),
        ("list(double.starmap([(1,), (2,)]))", "[2, 4]"),
        ("double.for_each([1]) is None", "True"),
        ("list(upto.remote_gen(3))", "[0, 1, 2]"),
        ("[x async for x in upto.remote_gen.aio(3)]", "[0, 1, 2]"),
        ("list(upto.map([2, 1], order_outputs=True))", "[0, 1, 0]"),
        ("call = double.spawn(4); call.get()", "8"),
        ("await call.get.aio()", "8"),
        ("farcall.gather(double.spawn(1), double.spawn(2))", "[2, 4]"),
        ("await farcall.FunctionCall.gather.aio(double.spawn(1))", "[2]"),
        ("many = double.spawn_map(range(3)); many.num_inputs(), list(many.iter())", "(3, [0, 2, 4])"),
        ("await many.num_inputs.aio(), await many.status.aio()", "(3, 'succeeded')"),
        ("list(many.results())", "[0, 2, 4]"),
        ("double.map([1, 2]).to_frame()['double'].tolist()", "[2, 4]"),
        ("(await double.map([1, 2]).to_frame.aio())['double'].tolist()", "[2, 4]"),
        ("double.update_autoscaler(buffer_containers=0).min_containers", "0"),
        ("(await double.get_current_stats.aio()).backlog", "0"),
        ("double.call(1), double.submit(1).get()", "(2, 2)"),
    ],
)
def test_it_works_in_a_cell_as_it_is_written(kernel: Kernel, code: str, expected: str) -> None:
    assert value(kernel, code) == expected


def test_an_explanation_is_shown_as_its_sentences(kernel: Kernel) -> None:
    first, *others = value(kernel, "double.explain()").splitlines()
    assert first.startswith("double has ")
    assert others[0].startswith("it should have ")


def test_a_failure_shows_the_cells_own_line(kernel: Kernel) -> None:
    ran = kernel.run("fails.remote(3)")
    assert ran.error == "ValueError: not 3"
    assert 'raise ValueError(f"not {x}")' in ran.traceback.replace("\x1b", "") or "not {x}" in ran.traceback


def test_nothing_warns_of_event_loops(kernel: Kernel) -> None:
    ran = kernel.run("import warnings\nwarnings.simplefilter('error')\nprint(list(double.map([1])), double.remote(1))")
    assert (ran.error, ran.text.strip()) == ("", "[2] 2")


@pytest.mark.parametrize("call", ["talk.remote(2000)", "list(talk.map([2000]))"])
def test_what_inputs_print_is_capped_in_the_cell_and_names_the_logs(kernel: Kernel, call: str) -> None:
    kernel.run("@farcall.function\ndef talk(n):\n    for _ in range(n): print('x' * 99)\n    return 1")
    ran = kernel.run(f"told = {call}")
    lines = ran.text.splitlines()
    assert lines[-1] == f"{2000 - len(lines) + 1:,} more lines: call.logs()"
    assert len(ran.text) <= 64 * 1024 + 100
    assert len(lines) > 600


def test_a_limited_map_offers_to_run_the_rest(kernel: Kernel) -> None:
    ran = kernel.run("few = double.map(range(20), limit=2)\nfew")
    assert "results.run_rest() runs what is left" in ran.text
    assert value(kernel, "list(few.run_rest()) == [2 * x for x in range(20)]") == "True"
