"""The line of a magic: Python's keyword arguments, and errors with a caret at the place."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from farcall.notebook.magic_line import parse


def test_options_are_python_keyword_arguments_of_the_users_namespace() -> None:
    line = parse("function", 'gpu=best, retries=1 + 1, secrets=[a, b], env={"k": "{x} $y"}')
    assert line.values({"best": "A100", "a": 1, "b": 2}) == {
        "gpu": "A100",
        "retries": 2,
        "secrets": [1, 2],
        "env": {"k": "{x} $y"},
    }


def test_options_may_come_from_a_dict() -> None:
    assert parse("function", "**both, cpu=2").values({"both": {"gpu": "A100"}}) == {"gpu": "A100", "cpu": 2}


def test_a_name_in_front_picks_a_function() -> None:
    assert parse("function", 'embed, gpu="A100"').name == "embed"
    assert parse("function", "embed").name == "embed"


def test_an_empty_line_is_fine() -> None:
    line = parse("function", "")
    assert (line.name, line.values({})) == (None, {})


@pytest.mark.parametrize(
    ("text", "under"),
    [
        ('gpu="A100" retries=2', '"A100"'),
        ('gpu="A100", retries=', "retries="),
        ('"A100"', '"A100"'),
        ("embed, other, gpu=1", "other"),
        ("gpu=1) or (x=2", "x=2"),
    ],
)
def test_an_error_points_at_its_place(text: str, under: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse("function", text)
    _, shown, caret = str(raised.value).split("\n")
    assert shown == f"    %%function {text}"
    column = caret.index("^")
    start = shown.index(under)
    assert start - 2 <= column <= start + len(under)


def test_what_an_expression_raises_is_the_users_to_see() -> None:
    with pytest.raises(NameError, match="nobody"):
        parse("function", "gpu=nobody").values({})
