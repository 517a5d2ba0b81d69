"""`farcall dict` and `farcall queue`: what they say to people, and what to scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from farcall import Dict, Queue, cli

pytestmark = pytest.mark.usefixtures("home")
Said = Callable[..., str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def run(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert cli.main(arguments) == code, capsys.readouterr()
        read = capsys.readouterr()
        return read.out + read.err

    return run


def test_a_dict_is_listed_shown_and_deleted(said: Said) -> None:
    Dict.from_name("cli-d", create_if_missing=True).update({"k": [1, 2], 7: "x" * 500})
    assert "cli-d" in said("dict", "list")
    shown = said("dict", "show", "cli-d")
    assert "'k': [1, 2]" in shown
    assert "…" in shown
    assert "and 1 more" in said("dict", "show", "cli-d", "--limit", "1")
    listed: Any = json.loads(said("dict", "list", "--everyone", "--json"))
    assert [(one["name"], one["count"], one["person"]) for one in listed if one["name"] == "cli-d"] == [
        ("cli-d", 2, "")
    ]
    assert json.loads(said("dict", "show", "cli-d", "--json"))["entries"][0] == "'k': [1, 2]"
    assert said("dict", "delete", "cli-d") == "deleted cli-d\n"
    assert 'there is no dict named "cli-d" here' in said("dict", "delete", "cli-d", code=1)


def test_a_queue_is_shown_without_taking_anything(said: Said) -> None:
    q = Queue.from_name("cli-q", create_if_missing=True)
    q.put_many([(1, 2), "two"], partition="p")
    assert said("queue", "show", "cli-q", "--partition", "p") == "(1, 2)\n'two'\n"
    assert "nothing is in it" in said("queue", "show", "cli-q")
    assert q.len(total=True) == 2
    assert "cli-q" in said("queue", "list")
    assert said("queue", "delete", q.object_id) == f"deleted {q.object_id}\n"
    assert "no queue has a name here" in said("queue", "list", "--environment", "elsewhere")
