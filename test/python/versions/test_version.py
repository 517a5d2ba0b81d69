"""A version is what the code does, not where or when it was typed; and the captured values travel beside it."""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import types
import warnings
from collections.abc import Mapping
from typing import Any

import pytest

from farcall.errors import DeserializationError, InvalidError, SerializationError
from farcall.once import once
from farcall.options import Options
from farcall.values import serialize
from farcall.versions import modules, version
from farcall.versions.version import Version, describe, load_code

HERE: Mapping[str, str] = {}


def cell(source: str, *, file: str = "<cell>", name: str = "__main__", **names: object) -> dict[str, Any]:
    """Runs a cell in a kernel's namespace of its own."""
    namespace: dict[str, Any] = {"__name__": name, "__builtins__": __builtins__, **names}
    exec(compile(textwrap.dedent(source), file, "exec"), namespace)
    return namespace


def there(found: Version, bindings: Mapping[str, str] = HERE) -> Any:
    """The function as a container gets it."""
    return load_code(found.code).function(found.captures, bindings)


def code_hash(source: str, name: str = "f", **names: object) -> str:
    return describe(cell(source, **names)[name]).code_hash


# ── the same code is the same version, in another process too

SAMPLES = {
    "plain": "def f(x): return x + 1",
    "helper": "def g(x): return x * 2\ndef f(x): return g(x) + 1",
    "recursion": "def f(n): return 1 if n < 2 else n * f(n - 1)",
    "mutual recursion": """
        def even(n): return True if n == 0 else odd(n - 1)
        def odd(n): return False if n == 0 else even(n - 1)
        def f(n): return even(n)
    """,
    "set constants": "def f(x): return x in {'one', 'two', 'three', 'four'}",
    "set default": "def f(x, known={'one', 'two', 'three', 'four'}): return x in known",
    "closure": """
        def make(k, words):
            def inner(x): return x + k + len(words)
            return inner
        f = make(3, {'a', 'b', 'c'})
    """,
    "lambda": "f = lambda x: [y for y in range(x) if y % 2]",
    "comprehension": "def f(x): return {k: v for k, v in ((i, {j for j in range(i)}) for i in range(x))}",
    "class": """
        class Base:
            words = {'a', 'b', 'c', 'd'}
            def run(self): return 1
        class Child(Base):
            @property
            def size(self): return len(self.words)
            @staticmethod
            def make(): return Child()
            @classmethod
            def other(cls): return cls()
            def run(self): return super().run() + self.size
        def f(x): return Child.make().run() + x
    """,
    "dataclass": """
        from dataclasses import dataclass, field
        @dataclass(frozen=True)
        class Point:
            x: int
            tags: list = field(default_factory=list)
            def total(self): return self.x + len(self.tags)
        def f(x): return Point(x).total()
    """,
    "enum": """
        import enum
        class Colour(enum.Enum):
            RED = 1
            BLUE = 'b'
            def shout(self): return self.name + '!'
        def f(x): return Colour.RED.shout() + Colour('b').name
    """,
    "named tuple": """
        import collections, typing
        A = collections.namedtuple('A', 'x y')
        class B(typing.NamedTuple):
            x: int
            y: str = 'z'
        def f(x): return A(x, 1).x + B(x).x
    """,
    "abstract class": """
        import abc
        class Shape(abc.ABC):
            @abc.abstractmethod
            def area(self): ...
            @abc.abstractmethod
            def edge(self): ...
        class Square(Shape):
            def area(self): return 4
            def edge(self): return 2
        def f(x): return Square().area() + x
    """,
    "slots": """
        class Slotted:
            __slots__ = ('a', 'b')
            def __init__(self): self.a = 1
        def f(x): return Slotted().a + x
    """,
    "wraps": """
        import functools
        def twice(function):
            @functools.wraps(function)
            def inner(*args): return function(*args) * 2
            return inner
        @twice
        def f(x): return x + 1
    """,
    "lru_cache": """
        import functools
        @functools.lru_cache(maxsize=8)
        def g(x): return x + 1
        def f(x): return g(x)
    """,
    "partial": "import functools\ndef g(a, b): return a + b\nh = functools.partial(g, 3)\ndef f(x): return h(x)",
    "generator": "def f(x):\n    yield from range(x)",
    "async": "async def f(x): return x",
    "local class": """
        def f(x):
            class Local:
                def run(self): return x
            return Local().run()
    """,
    "captured values": "K = {'a', 'b', 'c'}\nM = {'x': {'p', 'q'}}\ndef f(x): return len(K) + len(M) + x",
}

CHILD = """
import sys
from farcall.versions.version import describe
pad = int(sys.argv[1])
for source in sys.stdin.read().split("\\0"):
    namespace = {"__name__": "__main__"}
    text = "\\n" * pad + "# a comment\\n" * pad + source
    exec(compile(text, f"/tmp/ipykernel_{pad}/{pad}.py", "exec"), namespace)
    found = describe(namespace["f"])
    print(found.code_hash + found.captures_hash)
"""


def hashes_in_a_new_kernel(seed: int, pad: int) -> list[str]:
    texts = "\0".join(textwrap.dedent(source) for source in SAMPLES.values())
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    command = [sys.executable, "-c", CHILD, str(pad)]
    ran = subprocess.run(command, input=texts, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_the_same_cell_is_the_same_version_in_every_kernel_at_every_line_under_every_hash_seed():
    first = dict(zip(SAMPLES, hashes_in_a_new_kernel(0, 0), strict=True))
    for seed, pad in ((1, 3), (2, 17), (77, 250)):
        assert dict(zip(SAMPLES, hashes_in_a_new_kernel(seed, pad), strict=True)) == first
    assert len(set(first.values())) == len(SAMPLES)


CONTAINER = """
import pickle, sys
from farcall.values.serialize import dumps
from farcall.versions.version import load_code, set_resolver

class Far:
    def __init__(self, name, bindings): self.name, self.bindings = name, bindings
    def __call__(self): return self.name, dict(self.bindings)

set_resolver(Far)
loaders, results = {}, []
for code, captures, bindings, argument in pickle.load(sys.stdin.buffer):
    loader = loaders.setdefault(code, None) or load_code(code)
    loaders[code] = loader
    value = loader.function(captures, bindings)(argument)
    results.append(value() if isinstance(value, Far) else value)
sys.stdout.buffer.write(dumps(results))
"""


def in_a_container(*calls: tuple[Version, Mapping[str, str], Any]) -> list[Any]:
    """Runs inputs one after the other in a process that knows nothing of this one."""
    asked = pickle.dumps(
        [(found.code, found.captures, dict(bindings), argument) for found, bindings, argument in calls]
    )
    ran = subprocess.run([sys.executable, "-c", CONTAINER], input=asked, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return list(serialize.loads(ran.stdout))


def test_code_that_travelled_does_the_same():
    names = [name for name in SAMPLES if name not in ("async", "generator")]
    functions = [cell(SAMPLES[name])["f"] for name in names]
    there = in_a_container(*((describe(function), HERE, 3) for function in functions))
    assert dict(zip(names, there, strict=True)) == {name: f(3) for name, f in zip(names, functions, strict=True)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x): return x", "def f(x):\n    # why\n\n    return x"),
        ("def f(x): return x", "def f(x: int) -> int: return x"),
        ("def f(x): return x", "y = 5\ndef f(x): return x"),
        ("K = 1\ndef f(x): return x + K", "K = 2\ndef f(x): return x + K"),
        ("def f(x): return g(x)\ndef g(x): return 1", "def g(x): return 1\ndef f(x): return g(x)"),
    ],
)
def test_what_changes_nothing_is_no_new_version(one, other):
    assert code_hash(one) == code_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x): return x + 1", "def f(x): return x + 2"),
        ("def f(x): return x + 1", "def f(x): return x + 1.0"),
        ("def f(x): return x.a", "def f(x): return x.b"),
        ("def f(x, y=1): return x", "def f(x, y=2): return x"),
        ("def f(x, *, y=1): return x", "def f(x, *, y=2): return x"),
        ("def g(x): return 1\ndef f(x): return g(x)", "def g(x): return 2\ndef f(x): return g(x)"),
        ("class A:\n    n = 1\ndef f(x): return A.n", "class A:\n    n = 2\ndef f(x): return A.n"),
        (
            "class A:\n    def m(s): return 1\ndef f(x): return A",
            "class A:\n    def m(s): return 2\ndef f(x): return A",
        ),
        ("class A: pass\nclass B(A): pass\ndef f(x): return B", "class A: pass\nclass B: pass\ndef f(x): return B, A"),
        ("def f(x): return x in {1, 2}", "def f(x): return x in {1, 3}"),
        ("import json as m\ndef f(x): return m", "import math as m\ndef f(x): return m"),
        ("def f(x): return g", "def g(): pass\ndef f(x): return g"),
        (
            "def f(x):\n    try: return 1\n    except KeyError: return 2",
            "def f(x):\n    try: return 1\n    except ValueError: return 2",
        ),
        (
            "def make(n):\n    def g(): return 1\n    return lambda x: g()\nf = make(1)",
            "def make(n):\n    def g(): return 2\n    return lambda x: g()\nf = make(1)",
        ),
        (
            "from functools import lru_cache\n@lru_cache(1)\ndef f(x): return x",
            "from functools import lru_cache\n@lru_cache(2)\ndef f(x): return x",
        ),
        (
            "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1\ndef f(x): return A()",
            "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 2\ndef f(x): return A()",
        ),
    ],
)
def test_what_changes_the_code_is_a_new_version(one, other):
    assert code_hash(one) != code_hash(other)


# ── captured values


def test_a_changed_global_changes_the_captures_and_not_the_code():
    namespace = cell("K = 1\ndef f(x): return x + K")
    before = describe(namespace["f"])
    namespace["K"] = 2
    after = describe(namespace["f"])
    assert (after.code_hash, after.code) == (before.code_hash, before.code)
    assert after.captures_hash != before.captures_hash


def test_a_container_takes_new_values_without_loading_the_code_again():
    namespace = cell("""
        K = 1
        LOADED = []
        class A:
            def m(self): return K
        def f(x):
            LOADED.append(1)
            return x + K + A().m(), len(LOADED)
    """)
    before = describe(namespace["f"])
    namespace["K"] = 5
    after = describe(namespace["f"])
    calls = in_a_container((before, HERE, 10), (after, HERE, 10), (before, HERE, 10))
    assert calls == [(12, 1), (20, 2), (12, 3)]


def test_the_function_stays_the_same_object():
    namespace = cell("K = 1\ndef f(x): return x + K")
    loader = load_code(describe(namespace["f"]).code)
    first = loader.function(describe(namespace["f"]).captures, HERE)
    namespace["K"] = 5
    assert loader.function(describe(namespace["f"]).captures, HERE) is first


def test_changed_closure_values_are_seen():
    namespace = cell("""
        def make():
            k = 1
            def f(x): return x + k
            def set(n):
                nonlocal k
                k = n
            return f, set
        f, set = make()
    """)
    loader = load_code(describe(namespace["f"]).code)
    assert loader.function(describe(namespace["f"]).captures, HERE)(1) == 2
    namespace["set"](10)
    assert loader.function(describe(namespace["f"]).captures, HERE)(1) == 11


@pytest.mark.parametrize("change", ["K.append(1)", "K[0]['a'] = 2", "K[0]['b'] = [1]"])
def test_a_small_value_that_changed_inside_is_seen(change):
    namespace = cell("K = [{'a': 1}]\ndef f(x): return repr(K)")
    before = describe(namespace["f"])
    exec(change, namespace)
    after = describe(namespace["f"])
    assert after.captures_hash != before.captures_hash
    assert there(after)(0) == namespace["f"](0)


def test_a_large_array_that_changed_in_place_is_seen():
    np = pytest.importorskip("numpy")
    namespace = cell("def f(x): return float(K.sum())", K=np.zeros(10_000))
    before = describe(namespace["f"])
    assert describe(namespace["f"]) is before
    namespace["K"][:] = 1.0
    assert there(describe(namespace["f"]))(0) == 10_000.0


def test_a_column_added_to_a_large_frame_is_seen():
    pd = pytest.importorskip("pandas")
    namespace = cell("def f(x): return list(K.columns)", K=pd.DataFrame({"a": range(10_000)}))
    describe(namespace["f"])
    namespace["K"]["b"] = 1.0
    assert there(describe(namespace["f"]))(0) == ["a", "b"]


def test_an_unchanged_function_is_not_described_again():
    namespace = cell("K = [1, 2]\ndef g(x): return x\ndef f(x): return g(x) + len(K)")
    assert describe(namespace["f"]) is describe(namespace["f"])


def test_a_changed_helper_is_seen_at_the_next_call():
    namespace = cell("def g(x): return 1\ndef f(x): return g(x)")
    before = describe(namespace["f"])
    exec("def g(x): return 2", namespace)
    after = describe(namespace["f"])
    assert after.code_hash != before.code_hash
    assert there(after)(0) == 2


def test_a_changed_method_or_attribute_of_a_class_is_seen():
    namespace = cell("class A:\n    n = 1\ndef f(x): return A.n")
    before = describe(namespace["f"])
    namespace["A"].n = 2
    assert describe(namespace["f"]).code_hash != before.code_hash


def test_a_value_that_becomes_a_function_is_code_from_then_on():
    namespace = cell("g = 3\ndef f(x): return g")
    before = describe(namespace["f"])
    exec("def g(): pass", namespace)
    after = describe(namespace["f"])
    assert after.code_hash != before.code_hash
    assert after.capture_sizes == {}


def test_two_names_of_one_object_are_one_object_over_there():
    namespace = cell("A = [1]\nB = A\ndef f(x):\n    A.append(x)\n    return B")
    assert there(describe(namespace["f"]))(2) == [1, 2]


def test_an_unchanged_value_keeps_its_state_in_the_container_when_another_changes():
    namespace = cell("SEEN = []\nK = 1\ndef f(x):\n    SEEN.append(x)\n    return len(SEEN) * K")
    loader = load_code(describe(namespace["f"]).code)
    loader.function(describe(namespace["f"]).captures, HERE)(0)
    namespace["K"] = 10
    assert loader.function(describe(namespace["f"]).captures, HERE)(0) == 20


CACHED = """
    import functools
    CALLS = []
    K = 1
    OTHER = 1
    @functools.lru_cache
    def load():
        CALLS.append(1)
        return K
    def f(x): return load(), len(CALLS), OTHER
"""


def test_a_cache_lives_from_call_to_call_and_forgets_what_was_computed_from_a_changed_value():
    namespace = cell(CACHED)
    loader = load_code(describe(namespace["f"]).code)

    def run() -> Any:
        return loader.function(describe(namespace["f"]).captures, HERE)(0)

    assert (run(), run()) == ((1, 1, 1), (1, 1, 1))
    namespace["OTHER"] = 2
    assert run() == (1, 1, 2)
    namespace["K"] = 5
    assert run() == (5, 2, 2)


def test_a_result_of_a_notebooks_class_comes_back_as_the_class_of_today():
    source = "class Score:\n    def __init__(self, x): self.x = x\ndef f(x): return Score(x)"
    first = cell(source)
    found = describe(first["f"])
    assert type(in_a_container((found, HERE, 1))[0]) is first["Score"]
    again = cell("# run again\n" + source)
    describe(again["f"])
    assert type(in_a_container((found, HERE, 1))[0]) is again["Score"]


def test_a_once_value_survives_a_new_version_of_its_caller():
    loading = "@once\ndef load(): return object()\n"
    old = there(describe(cell(loading + "def f(x): return load()", once=once)["f"]))
    new = there(describe(cell(loading + "def f(x): return load(), x", once=once)["f"]))
    other = there(describe(cell("@once\ndef load(): return [object()]\ndef f(x): return load()", once=once)["f"]))
    first = old(0)
    assert new(0)[0] is first
    assert other(0) is not first


def test_a_captured_value_that_cannot_be_pickled_is_named():
    namespace = cell("def f(x): return LOCKS", LOCKS={"one": threading.Lock()})
    with pytest.raises(SerializationError, match=r"the captured LOCKS\['one'\]: _thread.lock"):
        describe(namespace["f"])


def test_large_captures_warn_with_names_and_sizes_once():
    namespace = cell("def f(x): return BIG, small", BIG=b"x" * 300_000, small=1)
    with pytest.warns(UserWarning, match=r"BIG \(293 KiB\)"):
        describe(namespace["f"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        describe(namespace["f"])


def test_captures_beyond_the_limit_are_refused_with_names_and_sizes():
    namespace = cell("def f(x): return BIG", BIG=bytes(65 * 2**20))
    with pytest.raises(InvalidError, match=r"BIG \(65.0 MiB\).*64 MiB"):
        describe(namespace["f"])


def test_sizes_are_known_by_name():
    sizes = describe(cell("K = [1, 2]\nN = 5\ndef f(x): return K, N")["f"]).capture_sizes
    assert set(sizes) == {"K", "N"}
    assert all(size > 0 for size in sizes.values())


# ── references to farcall Functions


class Far:
    """Stands for `farcall.Function`: it says its name, and cannot be pickled by anyone else."""

    def __init__(self, name: str) -> None:
        self.__farcall_function__ = name
        self.bindings: Mapping[str, str] = {}

    __farcall_function__: str = ""

    def __reduce__(self) -> Any:
        raise TypeError("goes by name")


@pytest.mark.parametrize(
    "source",
    [
        "def f(x): return step",
        "def make(g):\n    return lambda x: g\nf = make(step)",
        "class A:\n    s = step\ndef f(x): return A.s",
        "TABLE = {'a': [step]}\ndef f(x): return TABLE['a'][0]",
        "def f(x, s=step): return s",
    ],
)
def test_a_function_named_in_a_global_a_closure_an_attribute_or_a_value_travels_by_name(source):
    step = Far("app/step")
    found = describe(cell(source, step=step)["f"])
    assert found.references == {"app/step": step}
    assert in_a_container((found, {"app/step": "fv-1"}, 0)) == [("app/step", {"app/step": "fv-1"})]


def test_another_object_of_the_same_name_is_the_same_version():
    one, other = (describe(cell("def f(x): return step", step=Far("app/step"))["f"]) for _ in range(2))
    assert one.code_hash == other.code_hash
    assert describe(cell("def f(x): return step", step=Far("app/other"))["f"]).code_hash != one.code_hash


def test_a_function_that_calls_itself_remotely_is_no_cycle():
    namespace = cell("def f(n): return f")
    raw = namespace["f"]
    namespace["f"] = Far("app/f")
    found = describe(raw)
    assert set(found.references) == {"app/f"}
    assert in_a_container((found, {}, 1)) == [("app/f", {})]


def test_bindings_are_those_of_the_call_that_runs_now():
    found = describe(cell("def f(x): return step", step=Far("app/step"))["f"])
    ran = in_a_container((found, {"app/step": "fv-1"}, 0), (found, {"app/step": "fv-2"}, 0))
    assert [bindings["app/step"] for _, bindings in ran] == ["fv-1", "fv-2"]


# ── where code stands


def test_a_traceback_shows_todays_lines_though_the_code_was_loaded_from_an_older_cell():
    body = "def f(x):\n    return 1 / x\n"
    edited = "# new\n\n" + body.replace("return", "# why\n    return")
    loader = load_code(describe(cell(body, file="<old>")["f"]).code)
    now = describe(cell(edited, file="<new>")["f"])
    with pytest.raises(ZeroDivisionError) as raised:
        loader.function(now.captures, HERE)(0)
    last = raised.traceback[-1]
    assert (str(raised.tb.tb_next.tb_frame.f_code.co_filename), last.lineno + 1) == ("<new>", 5)


def test_the_text_of_cells_travels_by_file_name():
    from farcall.values.traceback_ import put_sources

    put_sources({"/tmp/ipykernel_1/5.py": "def f(x): return x\n"})
    assert describe(cell("def f(x): return x", file="/tmp/ipykernel_1/5.py")["f"]).sources == {
        "/tmp/ipykernel_1/5.py": "def f(x): return x\n"
    }


# ── the rest of what a version says


def test_installed_packages_are_named_for_the_zygote():
    source = "import numpy as np, json\ndef f(x):\n    import pandas.io\n    return np.ones(x), json"
    assert describe(cell(source)["f"]).imports == ("numpy", "pandas.io")


def test_the_exceptions_of_a_retry_policy_travel_with_the_code():
    namespace = cell("class Flaky(Exception): pass\ndef f(x): raise Flaky")
    found = describe(namespace["f"], retry_on=(namespace["Flaky"], KeyError))
    listed = load_code(found.code).retry_on
    assert [cls.__name__ for cls in listed or ()] == ["Flaky", "KeyError"]
    assert load_code(describe(namespace["f"]).code).retry_on is None


def test_a_function_id_depends_on_code_spec_and_environment():
    spec = Options.of({}).spec("app", "f")
    first = version.function_id("code", spec, "en-1")
    assert first == version.function_id("code", Options.of({}).spec("app", "f"), "en-1")
    others = (
        ("code2", spec, "en-1"),
        ("code", Options.of({"gpu": "T4"}).spec("app", "f"), "en-1"),
        ("code", spec, "en-2"),
    )
    assert len({first, *(version.function_id(*one) for one in others)}) == 4
    assert first.startswith("fv-")
    assert len(first) == 35


def test_code_of_another_format_is_refused():
    with pytest.raises(DeserializationError, match="format 99"):
        load_code(pickle.dumps((99, (), b"")))


def test_a_class_body_inside_a_function_sees_the_globals_it_names():
    namespace = cell("LIMIT = 7\ndef f(x):\n    class A:\n        limit = LIMIT\n    return A.limit + x")
    assert there(describe(namespace["f"]))(1) == 8


def test_describing_leaves_a_function_as_others_expect_it():
    import cloudpickle

    function = cell("K = 1\ndef f(x): return x + K")["f"]
    describe(function)
    assert cloudpickle.loads(cloudpickle.dumps(function))(1) == 2


# ── local modules


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A folder on sys.path, as the one a notebook lies in."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    finder = modules._finder
    yield tmp_path
    for name in set(sys.modules) - known:
        sys.modules.pop(name)
    finder.sources.clear()
    if finder in sys.meta_path:
        sys.meta_path.remove(finder)


def test_a_module_beside_the_notebook_is_part_of_the_version(beside):
    (beside / "prices.py").write_text("def price(x): return x * 2\n")
    namespace = cell("import prices\ndef f(x): return prices.price(x)")
    before = describe(namespace["f"])
    assert describe(namespace["f"]) is before
    (beside / "prices.py").write_text("def price(x): return x * 300\n")
    after = describe(namespace["f"])
    assert after.code_hash != before.code_hash
    assert there(after)(1) == 300


def test_a_function_of_a_module_uses_that_modules_own_globals(beside):
    (beside / "counting.py").write_text(
        "SEEN = []\ndef note(x): SEEN.append(x)\ndef f(x):\n    note(x)\n    return len(SEEN)\n"
    )
    import counting  # type: ignore[import-not-found]

    wrapped = counting.f
    counting.f = functools.partial(wrapped)  # as a decorator does: the name in the module is another object
    found = describe(wrapped)
    assert found.capture_sizes == {}
    assert there(found)(1) == 1


def test_a_dynamic_module_travels_by_value():
    dynamic = types.ModuleType("made_up")
    exec("def g(x): return x + 5", dynamic.__dict__)
    assert there(describe(cell("def f(x): return m.g(x)", m=dynamic)["f"]))(1) == 6
