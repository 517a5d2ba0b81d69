"""Which names ``%%remote`` sends and takes back, and the far half that runs the cell."""

from __future__ import annotations

import traceback

import pytest

from farcall.notebook.far_cell import run_cell
from farcall.notebook.remote_cell import names_of, report
from farcall.values.serialize import dumps, loads


def run(source: str, **sent: object) -> tuple[dict[str, object], dict[str, str], object]:
    """The names that come back, those kept far, and the value of the last expression."""
    pickled = {name: bytes(dumps(value)) for name, value in sent.items()}
    returned = run_cell(source, "<cell>", pickled, list(names_of(source).assigned))
    names = {name: loads(value) for name, value in returned.names.items()}
    return names, returned.kept, None if returned.value is None else loads(returned.value)


def test_names_read_and_assigned_are_found_in_functions_too() -> None:
    names = names_of(
        "import os\n"
        "model = train(df, rate)\n"
        "def f(a):\n    global seen\n    seen = other + a\n    local = 1\n    return local\n"
        "for i in range(3): total += i\n"
        "squares = [n * factor for n in df]\n"
    )
    assert {"train", "df", "rate", "other", "total", "factor"} <= set(names.read)
    assert {"a", "local", "n"}.isdisjoint(names.read)
    assert {"os", "model", "f", "seen", "i", "total", "squares"} == set(names.assigned)


def test_assigned_names_come_back_and_the_last_expression_is_the_value() -> None:
    assert run("y = x + 1\ny * 2", x=20) == ({"y": 21}, {}, 42)


def test_a_mutated_name_comes_back_and_an_unchanged_one_does_not() -> None:
    names, _, _ = run("xs.append(len(ys))", xs=[1], ys=[1, 2])
    assert names == {"xs": [1, 2]}


def test_a_name_that_cannot_be_pickled_loses_no_other() -> None:
    names, kept, _ = run("import threading\nlock = threading.Lock()\nx = 1")
    assert names["x"] == 1
    assert kept == {"lock": "cannot be pickled"}


def test_functions_of_the_cell_come_back_working() -> None:
    names, _, _ = run("k = 3\ndef f(x): return x * k")
    f = names["f"]
    assert callable(f)
    assert f(2) == 6


def test_a_value_that_cannot_be_pickled_is_shown_as_text() -> None:
    returned = run_cell("import threading\nthreading.Lock()", "<cell>", {}, [])
    assert returned.value is None
    assert "lock" in returned.text


def test_an_error_shows_the_cells_own_line() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        run("a = 1\n1 / 0  # here")
    assert "1 / 0  # here" in "".join(traceback.format_exception(raised.value))


def test_the_report_is_one_line() -> None:
    assert report(["x", "df"], ["model"], {"conn": "cannot be pickled"}) == (
        "sent x, df · returned model · kept far: conn (cannot be pickled)"
    )
