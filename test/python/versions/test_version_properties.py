"""What a version is, over code that nobody wrote: it depends on what the code does, and on all of that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from farcall.versions.version import describe

NAMES = st.sampled_from(["a", "b", "total", "größe", "_hidden"])
CONSTANTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 300)
    | st.floats(allow_nan=False, width=16)
    | st.text("aé\n'\"", max_size=3)
    | st.binary(max_size=2)
    | st.complex_numbers(allow_nan=False, allow_infinity=False, max_magnitude=3),
    lambda inner: st.tuples(inner) | st.tuples(inner, inner),
    max_leaves=4,
)
SETS = st.frozensets(st.text("abc", min_size=1, max_size=3), min_size=2, max_size=6)


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """Statements of a function of one argument `x`."""
    made = []
    for _ in range(draw(st.integers(1, 5))):
        name, constant, words = draw(NAMES), draw(CONSTANTS), draw(SETS)
        made.append(
            draw(
                st.sampled_from(
                    [
                        f"{name} = [{constant!r}, x]",
                        f"if x in {set(words)!r}: return {constant!r}",
                        f"{name} = lambda y: (y, {constant!r}, x)",
                        f"for {name} in range(3): x = ({name}, {constant!r})",
                        f"{name} = {{key: {constant!r} for key in helper(x)}}",
                        f"try: x.{name}()\nexcept AttributeError: pass",
                    ]
                )
            )
        )
    return [line for statement in made for line in statement.split("\n")]


def cell_of(body: list[str], *, helper: object = 1) -> str:
    inner = "\n".join(f"    {line}" for line in body)
    return f"def helper(y): return [y, {helper!r}]\ndef f(x):\n{inner}\n    return x\n"


def code_hash(source: str, file: str = "<cell>") -> str:
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    exec(compile(source, file, "exec"), namespace)
    return describe(namespace["f"]).code_hash


@settings(deadline=None)
@given(lines(), st.integers(0, 40), st.text("ab/.", min_size=1, max_size=8))
def test_where_the_code_stands_does_not_matter(body: list[str], shift: int, file: str) -> None:
    source = cell_of(body)
    commented = "\n".join(line if line.endswith("\\") else f"{line}  # as before" for line in source.split("\n"))
    assert code_hash("\n" * shift + source, file) == code_hash(source) == code_hash(commented)


@settings(deadline=None)
@given(lines(), CONSTANTS, CONSTANTS)
def test_any_other_constant_is_another_version(body: list[str], one: object, other: object) -> None:
    assume(repr(one) != repr(other))
    assert code_hash(cell_of([f"a = {one!r}", *body])) != code_hash(cell_of([f"a = {other!r}", *body]))
    assert code_hash(cell_of(["helper(1)", *body], helper=one)) != code_hash(
        cell_of(["helper(1)", *body], helper=other)
    )


@settings(deadline=None)
@given(lines(), st.integers(0, 5))
def test_one_statement_more_is_another_version(body: list[str], at: int) -> None:
    added = [*body, "x = [x]"] if at >= 3 else ["x = [x]", *body]
    assert code_hash(cell_of(added)) != code_hash(cell_of(body))


HASHES = textwrap.dedent("""
    import json, sys
    from farcall.versions.version import describe
    found = []
    for source in json.load(sys.stdin):
        namespace = {"__name__": "__main__"}
        exec(compile(source, "<cell>", "exec"), namespace)
        found.append(describe(namespace["f"]).code_hash)
    print(json.dumps(found))
""")


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.lists(lines(), min_size=3, max_size=8))
def test_other_processes_with_other_hash_seeds_agree(bodies: list[list[str]]) -> None:
    sources = json.dumps([cell_of(body) for body in bodies])
    found = [
        subprocess.run(
            [sys.executable, "-c", HASHES],
            input=sources,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert found[0] == found[1]
