"""Running again what did not succeed: with the function that its name means now, with the same shared arguments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.home import Home

import farcall
from farcall import errors
from farcall.results import Results

pytestmark = pytest.mark.usefixtures("home")


def score_cell(app: farcall.App, *, is_fixed: bool) -> Any:
    """What running the cell again does: another function of the same name."""
    if is_fixed:

        @app.function
        def score(x: int, plus: int = 0) -> int:
            return 10 * x + plus
    else:

        @app.function  # type: ignore[no-redef]
        def score(x: int, plus: int = 0) -> int:
            if x == 2:
                raise ValueError("not yet")
            return x + plus

    return score


def test_resume_runs_the_rest_with_the_function_as_it_is_now() -> None:
    app = farcall.App("resuming")
    results = score_cell(app, is_fixed=False).map(range(4)).wait()
    assert results.counts.failed == 1
    score_cell(app, is_fixed=True)
    assert list(results.resume()) == [0, 1, 20, 3]
    assert list(results.retry_failed()) == [0, 1, 20, 3]


def test_a_variant_is_resumed_with_its_options_on_the_newest_function() -> None:
    app = farcall.App("resuming-variants")
    results = score_cell(app, is_fixed=False).with_options(timeout=77).map(range(4)).wait()
    score_cell(app, is_fixed=True)
    again = results.resume()
    assert list(again) == [0, 1, 20, 3]
    assert again._function is not None
    assert again._function.options.timeout == 77


def test_the_default_app_is_looked_at_too() -> None:
    results = score_cell(farcall.apps.app.default_app(), is_fixed=False).map(range(4)).wait()
    score_cell(farcall.apps.app.default_app(), is_fixed=True)
    assert list(results.resume()) == [0, 1, 20, 3]


def test_a_call_found_by_its_id_is_resumed_by_name() -> None:
    app = farcall.App("by-id")
    call_id = score_cell(app, is_fixed=False).map(range(4)).start().call.object_id
    farcall.FunctionCall.from_id(call_id).results().wait()
    score_cell(app, is_fixed=True)
    assert list(farcall.FunctionCall.from_id(call_id).results().resume()) == [0, 1, 20, 3]


def test_what_every_input_shares_is_given_again() -> None:
    app = farcall.App("shared")
    results = score_cell(app, is_fixed=False).map(range(4), kwargs={"plus": 100}).wait()
    again = Results.of_call(results.call, score_cell(app, is_fixed=True), kwargs={"plus": 200}).resume()
    assert list(again) == [100, 101, 220, 103]
    assert list(results.resume()) == [100, 101, 120, 103]


def test_where_nothing_defines_the_function_the_version_that_ran_the_map_runs_its_rest(
    home: Home, tmp_path: Path
) -> None:
    app, offset = farcall.App("elsewhere"), 10

    @app.function
    def waits_for(folder: str, x: int, plus: int) -> int:
        if x == 2 and not (Path(folder) / "go").exists():
            raise ValueError(x)
        return offset * x + plus

    items = [(str(tmp_path), x) for x in range(4)]
    call_id = waits_for.starmap(items, kwargs={"plus": 1}).wait().call.object_id
    (tmp_path / "go").touch()
    script = f"import farcall; print(list(farcall.FunctionCall.from_id({call_id!r}).results().resume()))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("[1, 11, 21, 31]\n", "")


def test_results_of_a_generator_call_found_by_its_id_are_flat() -> None:
    @farcall.function
    def spell(word: str) -> Any:
        yield from word

    call_id = spell.map(["ab", "c"]).start().call.object_id
    assert list(farcall.FunctionCall.from_id(call_id).results()) == ["a", "b", "c"]


def test_an_unfinished_results_cannot_be_resumed_from_nowhere() -> None:
    with pytest.raises(errors.NotFoundError):
        farcall.FunctionCall.from_id(f"fc-ZZZZZZ{'0' * 26}").results().resume()
