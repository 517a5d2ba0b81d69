"""Completions in a magic's line."""

from __future__ import annotations

import pytest

from farcall.notebook.completion import matches
from farcall.options import NAMES


@pytest.mark.parametrize(
    ("line", "word", "found"),
    [
        ("%%function g", "g", ["gpu="]),
        ('%%function gpu="A100", re', "re", ["region=", "retries="]),
        ("%%remote cp", "cp", ["cpu="]),
        ("%farcall c", "c", ["connect", "calls", "cancel", "containers"]),
        ("%%function gpu=", "", []),
        ("%%function secrets=[a, ", "", []),
        ("gpu", "", []),
    ],
)
def test_the_line_up_to_the_cursor_decides(line: str, word: str, found: list[str]) -> None:
    assert matches(line) == (word, found)


def test_an_option_that_is_given_is_not_offered_again() -> None:
    assert "gpu=" not in matches('%%function gpu="A100", ')[1]
    assert len(matches("%%function ")[1]) == len(NAMES)
