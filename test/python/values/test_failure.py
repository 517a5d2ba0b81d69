"""A failure brings the exception itself, with the frames of where it was raised."""

from __future__ import annotations

import json
import linecache
import pickle
import sys
import threading
import traceback
import types

import msgspec
import pytest

from farcall.errors import ContainerLostError, ExecutionError, FunctionTimeoutError, RemoteError, SerializationError
from farcall.values import failure, traceback_
from farcall.values.failure import Failure, pack, read, unpack

CELL = "/tmp/ipykernel_4711/1234567.py"


def run_cell(source: str, name: str = CELL, **names: object) -> BaseException:
    """Runs a cell as a container does, and gives what it raised."""
    traceback_.put_sources({name: source})
    namespace = {"__name__": "__main__", **names}
    try:
        exec(compile(source, name, "exec"), namespace)
    except BaseException as exc:
        return exc
    raise AssertionError("the cell did not raise")


def travelled(exc: BaseException) -> BaseException:
    return unpack(pack(exc)[0])


def printed(exc: BaseException) -> str:
    return "".join(traceback.format_exception(exc))


PRICES = """
def price(row):
    return row["price"] * (2 / row["n"])

price({"price": 3, "n": 0})
"""


def test_the_exception_itself_comes_back():
    exc = travelled(run_cell("raise KeyError('price', 4)"))
    assert type(exc) is KeyError
    assert exc.args == ("price", 4)


def test_the_traceback_shows_the_cells_own_lines():
    shown = printed(travelled(run_cell(PRICES)))
    assert f'File "{CELL}", line 3, in price' in shown
    assert 'return row["price"] * (2 / row["n"])' in shown
    assert f'File "{CELL}", line 5, in <module>' in shown


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no columns before Python 3.11")
def test_the_carets_are_under_what_failed():
    lines = printed(travelled(run_cell(PRICES))).splitlines()
    at = next(number for number, line in enumerate(lines) if 'return row["price"]' in line)
    marked = lines[at][lines[at + 1].index("~") : lines[at + 1].rindex("~") + 1]
    assert marked == '2 / row["n"]'


def test_a_reader_that_never_saw_the_cell_still_shows_the_lines_around_the_frames():
    payload, _ = pack(run_cell(PRICES, "/tmp/ipykernel_99/7654321.py"))
    linecache.cache.pop("/tmp/ipykernel_99/7654321.py")
    assert 'return row["price"]' in printed(unpack(payload))


def test_where_is_the_innermost_frame_of_the_user():
    _, told = pack(run_cell("import json\n\ndef f():\n    return json.loads('{')\nf()\n"))
    assert told.where == f"{CELL}:4"
    assert told.kind == "json.decoder.JSONDecodeError"


def test_frames_of_ours_are_left_out():
    exc = run_cell("from farcall.values.serialize import loads\nloads(b'')\n")
    payload, told = pack(exc)
    assert "serialize.py" not in told.traceback
    assert "serialize.py" not in printed(unpack(payload))


def test_summary_and_payload_say_the_same():
    payload, told = pack(run_cell("raise ValueError('x' * 5000)"))
    assert read(payload) == told
    assert (told.code, told.kind) == ("user.raised", "ValueError")
    assert len(told.message) <= 2_000
    assert told.message.startswith("xxx")


def test_causes_and_contexts_keep_their_links_and_frames():
    cell = """
def low(): raise KeyError("low")
def high():
    try: low()
    except KeyError as error: raise ValueError("high") from error
try: high()
except ValueError: raise RuntimeError("top")
"""
    exc = travelled(run_cell(cell))
    assert type(exc) is RuntimeError
    assert type(exc.__context__) is ValueError
    assert exc.__context__.__cause__ is exc.__context__.__context__
    shown = printed(exc)
    assert "direct cause" in shown
    assert "During handling" in shown
    assert "in low" in shown


def test_a_suppressed_context_stays_suppressed():
    exc = travelled(run_cell("try: 1 / 0\nexcept Exception: raise ValueError('clear') from None"))
    assert exc.__suppress_context__
    assert "ZeroDivisionError" not in printed(exc)


def test_notes_travel_and_more_can_be_added():
    exc = run_cell("error = ValueError('x')\nerror.__notes__ = ['row 7']\nraise error")
    payload, told = pack(exc)
    again = unpack(payload)
    failure.add_note(again, "call fc-1")
    failure.add_note(again, "call fc-1")
    assert told.notes == ("row 7",)
    assert again.__notes__ == ["row 7", "call fc-1"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no groups before Python 3.11")
def test_the_members_of_a_group_keep_their_own_frames():
    cell = """
def fail(kind):
    raise kind("inside")
errors = []
for kind in (KeyError, ValueError):
    try: fail(kind)
    except Exception as error: errors.append(error)
raise ExceptionGroup("both", errors)
"""
    exc = travelled(run_cell(cell))
    assert [type(member) for member in exc.exceptions] == [KeyError, ValueError]
    assert printed(exc).count("in fail") == 2


AWKWARD = """
class Awkward(Exception):
    def __init__(self, code, *, detail):
        super().__init__(f"code {code}")
        self.code, self.detail = code, detail
raise Awkward(7, detail="why")
"""


def test_an_exception_whose_init_wants_other_arguments_comes_back_as_it_was():
    raised = run_cell(AWKWARD)
    exc = travelled(raised)
    assert type(exc) is type(raised)
    assert (str(exc), exc.code, exc.detail) == ("code 7", 7, "why")


def test_an_exception_that_builds_its_message_in_init_does_not_build_it_twice():
    exc = travelled(
        run_cell("class E(Exception):\n    def __init__(self, x): super().__init__(f'got {x}')\nraise E(1)")
    )
    assert str(exc) == "got 1"


@pytest.mark.parametrize(
    "source",
    [
        "open('/nowhere/at/all')",
        "b'\\xff'.decode()",
        "import nowhere_at_all",
        "compile('1 +', 'x', 'exec')",
        "undefined",
        "(1).no",
        "class E(OSError):\n    def __init__(self, *args): super().__init__(*args)\nraise E(2, 'gone', 'file')",
    ],
)
def test_builtin_exceptions_keep_their_fields(source):
    raised = run_cell(source)
    exc = travelled(raised)
    assert str(exc) == str(raised)
    for name in ("errno", "filename", "start", "end", "name", "lineno", "text"):
        assert getattr(exc, name, None) == getattr(raised, name, None)


def test_a_system_exit_is_a_failure_and_never_ends_the_caller():
    payload, told = pack(run_cell("import sys\nsys.exit(3)"))
    exc = unpack(payload)
    assert told.code == "user.exited"
    assert type(exc) is ExecutionError
    assert isinstance(exc.__cause__, SystemExit)
    assert f'File "{CELL}", line 2' in printed(exc)


def test_an_exception_that_cannot_be_pickled_says_what_in_it_and_shows_the_traceback():
    raised = run_cell("error = ValueError('boom')\nerror.lock = lock\nraise error", lock=threading.Lock())
    payload, told = pack(raised)
    exc = unpack(payload)
    assert (told.code, told.kind) == ("payload.unpicklable", "ValueError")
    assert type(exc) is SerializationError
    assert "exception.lock: _thread.lock" in str(exc)
    assert "boom" in str(exc)
    assert f'File "{CELL}", line 3' in str(exc)


def test_a_cause_that_cannot_be_pickled_is_told_in_words_and_costs_nothing_else():
    cell = "cause = KeyError('low')\ncause.lock = lock\nraise ValueError('top') from cause"
    exc = travelled(run_cell(cell, lock=threading.Lock()))
    assert type(exc) is ValueError
    assert str(exc.__cause__) == "KeyError: 'low'"


def test_an_exception_that_cannot_be_unpickled_here_is_told_with_its_traceback(monkeypatch):
    module = types.ModuleType("only_over_there")
    exec("class Strange(Exception): pass", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_over_there", module)
    payload, _ = pack(run_cell("raise Strange('odd')", Strange=module.Strange))
    monkeypatch.delitem(sys.modules, "only_over_there")
    exc = unpack(payload)
    assert type(exc) is ExecutionError
    for words in ("only_over_there.Strange: odd", "no module named 'only_over_there'", f'File "{CELL}", line 1'):
        assert words in str(exc)


@pytest.mark.parametrize(
    ("kind", "cls"),
    [
        ("farcall.errors.ContainerLostError", ContainerLostError),
        ("farcall.errors.FunctionTimeoutError", FunctionTimeoutError),
    ],
)
def test_a_failure_that_the_gateway_made_is_the_class_it_names(kind, cls):
    made = {
        "code": "container.lost",
        "kind": kind,
        "message": "gone",
        "where": "",
        "traceback": "",
        "pickled": b"",
        "notes": [],
    }
    exc = unpack(msgspec.msgpack.encode(made))
    assert type(exc) is cls
    assert str(exc) == "gone"


def test_a_kind_that_is_no_error_of_ours_is_only_text():
    exc = unpack(msgspec.msgpack.encode(Failure(code="user.raised", kind="farcall.errors.compose", message="no")))
    assert type(exc) is ExecutionError


def test_a_very_deep_traceback_is_cut_in_the_middle():
    _, told = pack(run_cell("def f(n): return f(n + 1)\nf(0)"))
    assert told.kind == "RecursionError"
    assert len(told.traceback) < 70_000
    exc = travelled(run_cell("def f(n): return f(n + 1)\nf(0)"))
    assert len(traceback_.record(exc.__traceback__)) <= 80


def test_an_exception_without_a_usable_str_is_still_a_failure():
    exc = run_cell("class E(Exception):\n    def __str__(self): raise RuntimeError('no')\nraise E")
    assert "RuntimeError" in pack(exc)[1].message


def test_a_failure_of_a_nested_call_can_be_packed_again():
    once = travelled(run_cell(PRICES))
    try:
        raise once
    except ZeroDivisionError as caught:
        twice = travelled(caught)
    shown = printed(twice)
    assert "in price" in shown
    assert "in test_a_failure_of_a_nested_call" in shown


def test_what_comes_back_can_be_pickled_by_others():
    exc = travelled(run_cell(PRICES))
    assert type(pickle.loads(pickle.dumps(exc))) is ZeroDivisionError
    assert issubclass(ContainerLostError, RemoteError)
    assert json.dumps(read(pack(exc)[0]).message)


def test_a_variable_that_is_set_here_and_not_there_says_how_to_take_it_along(monkeypatch):
    monkeypatch.delenv("API_KEY", raising=False)
    raised = run_cell("import os\nos.environ['API_KEY']")
    monkeypatch.setenv("API_KEY", "hunter2")
    exc = travelled(raised)
    assert type(exc) is KeyError
    assert 'secrets=[farcall.Secret.from_local_environ(["API_KEY"])]' in exc.__notes__[0]
    assert "hunter2" not in printed(exc)


def test_another_key_error_gets_no_hint(monkeypatch):
    monkeypatch.setenv("API_KEY", "x")
    assert not hasattr(travelled(run_cell("{}['API_KEY']")), "__notes__")
