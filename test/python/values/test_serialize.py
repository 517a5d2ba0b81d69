"""Values survive the trip, large arrays without a copy, and what cannot travel is named."""

from __future__ import annotations

import mmap
import pickle
import sys
import threading
import types

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farcall.errors import DeserializationError, SerializationError
from farcall.values import serialize

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.tuples(inner, inner)
        | st.frozensets(st.integers(), max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_plain_values_come_back_equal(value):
    assert serialize.loads(serialize.dumps(value)) == value


@given(st.lists(st.integers(0, 40_000), max_size=5), VALUES)
def test_arrays_of_any_size_come_back_equal_beside_other_values(sizes, value):
    arrays = [np.arange(size, dtype=np.uint8) for size in sizes]
    whole = serialize.dumps((arrays, value))
    assert b"".join(serialize.dump_parts((arrays, value))) == whole
    again, other = serialize.loads(whole)
    assert other == value
    assert all(np.array_equal(a, b) for a, b in zip(again, arrays, strict=True))


def test_a_small_value_is_a_plain_pickle():
    assert serialize.dumps({"a": 1})[0] == 0x80
    assert pickle.loads(serialize.dumps({"a": 1})) == {"a": 1}


def test_a_large_array_travels_beside_the_pickle_aligned_to_64_bytes():
    payload = serialize.dumps(np.arange(10_000, dtype=np.float64))
    assert payload[0] == 1
    at = payload.index(np.arange(10_000, dtype=np.float64).tobytes())
    assert at % 64 == 0


def test_a_small_array_stays_inside_the_pickle():
    assert serialize.dumps(np.arange(10))[0] == 0x80


def test_writing_in_parts_does_not_copy_a_large_array():
    array = np.zeros(100_000)
    parts = serialize.dump_parts(array)
    array[0] = 7.0
    assert serialize.loads(b"".join(parts))[0] == 7.0


def test_an_array_read_from_writable_memory_lies_in_that_memory():
    payload = serialize.dumps(np.zeros(10_000))
    memory = mmap.mmap(-1, len(payload))
    memory[:] = payload
    array = serialize.loads(memory)
    array[:] = 3.0
    assert memory[:] != payload
    assert np.array_equal(serialize.loads(memory), np.full(10_000, 3.0))


def test_an_array_read_from_bytes_is_writable_all_the_same():
    array = serialize.loads(serialize.dumps(np.zeros(10_000)))
    array[0] = 1.0
    assert array[0] == 1.0


def test_large_bytes_stay_bytes():
    assert serialize.loads(serialize.dumps(b"x" * 100_000)) == b"x" * 100_000


def test_a_transposed_and_a_strided_array_come_back_equal():
    array = np.arange(40_000.0).reshape(200, 200)
    transposed, strided = serialize.loads(serialize.dumps((array.T, array[::2, ::3])))
    assert np.array_equal(transposed, array.T)
    assert np.array_equal(strided, array[::2, ::3])


def test_frames_come_back_equal():
    frame = pd.DataFrame({"n": range(20_000), "s": [f"text {n}" for n in range(20_000)]})
    pd.testing.assert_frame_equal(serialize.loads(serialize.dumps(frame)), frame)
    table = pa.table({"n": range(20_000)})
    assert serialize.loads(serialize.dumps(table)).equals(table)


def test_a_truncated_payload_says_so():
    payload = serialize.dumps(np.zeros(10_000))
    with pytest.raises(DeserializationError, match="shorter than its table"):
        serialize.loads(payload[:-100])


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x80", b"\x02abc", b"\x01\x00\x00\x00\xff\xff\xff\xff"])
def test_bytes_that_are_no_payload_are_a_typed_error(payload):
    with pytest.raises(DeserializationError):
        serialize.loads(payload)


# ── code by value


def run_as_main(source: str) -> dict[str, object]:
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace


def test_a_lambda_travels():
    assert serialize.loads(serialize.dumps(lambda x: x + 1))(1) == 2


def test_a_function_of_main_travels_by_value():
    function = run_as_main("K = 5\ndef f(x): return x + K")["f"]
    payload = serialize.dumps({"f": function})
    assert serialize.loads(payload)["f"](1) == 6


CLASS = """
class Point:
    def __init__(self, x): self.x = x
    def __eq__(self, other): return type(other) is Point and self.x == other.x
"""


def test_an_instance_of_a_class_of_main_comes_back_as_that_very_class():
    point = run_as_main(CLASS)["Point"](3)
    again = serialize.loads(serialize.dumps(point))
    assert type(again) is type(point)


def test_a_class_whose_cell_ran_again_receives_older_instances():
    old = run_as_main(CLASS)["Point"](3)
    payload = serialize.dumps(old)
    newer = run_as_main(CLASS)["Point"]
    serialize.dumps(newer(1))
    assert type(serialize.loads(payload)) is newer


def test_a_class_that_was_edited_is_another_class():
    old = run_as_main(CLASS)["Point"](3)
    edited = run_as_main(CLASS + "    def twice(self): return 2 * self.x\n")["Point"]
    serialize.dumps(edited(1))
    assert type(serialize.loads(serialize.dumps(old))) is not edited


def test_receiving_an_instance_leaves_its_class_untouched():
    cls = run_as_main(CLASS)["Point"]
    before = dict(vars(cls))
    serialize.loads(serialize.dumps(cls(3)))
    assert {name: vars(cls)[name] for name in before} == before


# ── what cannot travel


class Session:
    def __init__(self) -> None:
        self.socket = threading.Lock()


class Slotted:
    __slots__ = ("lock",)

    def __init__(self) -> None:
        self.lock = threading.Lock()


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"conn": Session()}, "result['conn'].socket: _thread.lock"),
        ([1, (2, Session())], "result[1][1].socket: _thread.lock"),
        (Slotted(), "result.lock: _thread.lock"),
        ({threading.Lock(): 1}, "result's key"),
        (types.SimpleNamespace(made=(n for n in ())), "result.made: generator"),
        ([*range(5_000), Session()], "result[5000].socket: _thread.lock"),
    ],
)
def test_an_unpicklable_part_is_named_with_its_path_and_type(value, path):
    with pytest.raises(SerializationError) as raised:
        serialize.dumps(value, name="result")
    assert path in str(raised.value)


def test_an_unpicklable_argument_is_named_as_an_argument():
    with pytest.raises(SerializationError, match=r"args\[1\].socket"):
        serialize.dumps(((1, Session()), {}), name="input")
    with pytest.raises(SerializationError, match=r"argument db\.socket"):
        serialize.dumps(((), {"db": Session()}), name="input")


def test_a_function_that_holds_something_unpicklable_says_where():
    lock = threading.Lock()
    with pytest.raises(SerializationError, match=r"its variable lock: _thread\.lock"):
        serialize.dumps(lambda: lock)


def test_a_value_that_refers_to_itself_is_searched_once():
    loop: list[object] = [threading.Lock()]
    loop.insert(0, loop)
    with pytest.raises(SerializationError, match=r"_thread\.lock"):
        serialize.dumps(loop)


def test_a_missing_module_is_named(monkeypatch):
    module = types.ModuleType("not_installed_there")
    exec("class Thing: pass", module.__dict__)
    monkeypatch.setitem(sys.modules, "not_installed_there", module)
    payload = serialize.dumps(module.Thing())
    monkeypatch.delitem(sys.modules, "not_installed_there")
    with pytest.raises(DeserializationError, match="no module named 'not_installed_there'"):
        serialize.loads(payload)
