"""The cells that a card's buttons insert: they run, with the notebook's own names. Failures as a cell's value."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.kernel import MIME, Kernel, Ran, kernel_after

CELLS = """
import farcall
import pandas as pd

@farcall.function
def score(title, gross, budget=1.0, *, scale=1):
    if gross > 50:
        raise ValueError(f"too much: {gross}")
    return {"earned": scale * gross / budget}

@farcall.function
def half(x):
    return x / 2

films = pd.DataFrame({"Title": ["A", "B", "C"], "gross": [10, 60, 70], "budget": [5, 6, 7]}, index=[7, 7, 9])
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_after(CELLS, tmp_path_factory.mktemp("code")) as running:
        yield running


def call_id(ran: Ran) -> str:
    return str(ran.last_bundle()[MIME]["call_id"])


def code(kernel: Kernel, call: str, what: str, index: int = 0) -> str:
    return str(kernel.ask("code", call_id=call, what=what, index=index)["source"])


def test_a_row_runs_here_and_the_results_join_their_frame_by_the_notebooks_names(kernel: Kernel) -> None:
    call = call_id(kernel.run('scores = half.map(films, columns={"x": "gross"})\nscores'))
    assert code(kernel, call, "row", 1) == "half.local(*scores.input(1))"
    assert kernel.run(code(kernel, call, "row", 1)).value == "30.0"
    assert code(kernel, call, "join") == 'scores.join(films, prefix="half_")'
    joined = kernel.run(code(kernel, call, "join") + ".half_half.tolist()")
    assert (joined.error, joined.value) == ("", "[5.0, 30.0, 35.0]")


def test_rows_with_keyword_arguments_and_shared_ones_run_here_too(kernel: Kernel) -> None:
    kernel.run('films2 = films.assign(scale=3)\nkept = score.map(films2, columns={"title": "Title"})')
    call = call_id(kernel.run("kept"))
    assert kernel.run(code(kernel, call, "row")).value == "{'earned': 6.0}"
    call = call_id(kernel.run('pairs = score.map(["A"], [8], kwargs={"scale": 2})\npairs'))
    assert code(kernel, call, "row") == "score.local(*pairs.input(0), scale=2)"
    assert kernel.run(code(kernel, call, "row")).value == "{'earned': 16.0}"
    assert kernel.run(code(kernel, call, "join")).error == ""


def test_an_input_of_a_resumed_map_is_found_under_its_first_number(kernel: Kernel) -> None:
    kernel.run('again = score.map(films, columns={"title": "Title"}).wait()\nagain = again.retry_failed()')
    call = call_id(kernel.run("again"))
    assert code(kernel, call, "row", 0) == "score.local(*again.input(1))"
    assert "too much: 60" in kernel.run(code(kernel, call, "row", 0)).error
    assert kernel.run(code(kernel, call, "join")).error == ""


def test_results_without_a_name_are_found_by_their_call(kernel: Kernel) -> None:
    call = call_id(kernel.run("half.map([8])"))
    kernel.run("del _, farcall\nOut.clear()")
    source = code(kernel, call, "row")
    assert source.startswith("import farcall\n\nrow = farcall.FunctionCall.from_id(")
    assert kernel.run(source).value == "4.0"
    assert kernel.run(code(kernel, call, "join")).error == ""


def test_failures_read_as_lines_and_as_a_table_with_the_cells_own_places(kernel: Kernel) -> None:
    ran = kernel.run('score.map(films, columns={"title": "Title"}).wait().failures()')
    assert ran.value == "2 × ValueError: too much: … · Cell In[1], line 7 · inputs 1, 2"
    html = ran.of("execute_result")[0]["content"]["data"]["text/html"]
    assert "ValueError: too much: …" in html
    assert "ipykernel" not in html
    assert kernel.run("half.map([1]).wait().failures()").value == "no failures"
