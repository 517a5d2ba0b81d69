"""Values as MIME bundles."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import pytest

from farcall.container.preview import bundle_of
from farcall.values import serialize


def shown(value: Any) -> dict[str, str]:
    return bundle_of(serialize.dumps(value), "result")


def test_plain_values_are_shown_as_python_shows_them() -> None:
    assert shown(1.5) == {"text/plain": "1.5"}
    assert shown({"b": 1, "a": 2}) == {"text/plain": "{'b': 1, 'a': 2}"}


def given(function: Callable[..., Any] | None, *args: Any, **kwargs: Any) -> dict[str, str]:
    return bundle_of(serialize.dumps((args, kwargs)), "arguments", function)


def score(title: str, budget: float = 1.0, *more: int, k: object = None) -> None: ...


def test_arguments_stand_one_a_line_by_their_parameters_names() -> None:
    assert given(score, "Duel in the Sun", 6e6) == {"text/plain": "title = 'Duel in the Sun'\nbudget = 6000000.0"}
    assert given(score, "x", 1.0, 7, k=None) == {"text/plain": "title = 'x'\nbudget = 1.0\n7\nk = None"}


def test_a_value_of_several_lines_begins_below_its_name() -> None:
    text = given(score, ["word" * 9] * 9)["text/plain"]
    assert text.startswith("title =\n['word")


def test_arguments_of_a_function_without_a_signature_stand_for_themselves() -> None:
    assert given(None, 5) == {"text/plain": "5"}
    assert given(dict.fromkeys, 5, k=1)["text/plain"].endswith("5\nk = 1")
    assert given(None) == {"text/plain": "(no arguments)"}


def test_a_single_frame_brings_its_table_as_an_argument_too() -> None:
    pandas = pytest.importorskip("pandas")
    bundle = given(score, pandas.DataFrame({"a": [1, 2]}))
    assert "<table" in bundle["text/html"]
    assert bundle["text/plain"].startswith("title =\n   a")


def test_text_is_capped() -> None:
    text = shown("x" * 100_000)["text/plain"]
    assert len(text) < 17_000
    assert text.endswith("more characters")


def test_a_frame_brings_its_table() -> None:
    pandas = pytest.importorskip("pandas")
    assert "<table" in shown(pandas.DataFrame({"a": [1, 2]}))["text/html"]


def test_a_figure_brings_its_picture() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.subplots().plot([1, 2, 3])
    assert base64.b64decode(shown(figure)["image/png"]).startswith(b"\x89PNG")


class Slow:
    def __repr__(self) -> str:
        while True:
            try:
                time.sleep(60)
            except Exception:
                pass


class Broken:
    def __repr__(self) -> str:
        raise ValueError("no words")


def test_a_value_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farcall.container.preview._SECONDS", 0.05)
    assert "takes longer than" in shown(Slow())["text/plain"]


def test_a_value_that_cannot_be_shown_says_why() -> None:
    assert shown(Broken()) == {"text/plain": "(cannot be shown: ValueError: no words)"}
    assert "cannot unpickle" in bundle_of(b"\x80\x05cno_such_module\nX\n.", "result")["text/plain"]
