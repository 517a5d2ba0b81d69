"""Secrets in what containers say: the values go, every length stays."""

from __future__ import annotations

import pickle

import msgspec
import pytest

from farcall.wire.redaction import Redaction

HIDING = Redaction(["hunter2-horse", "hunter2-horse-battery", "ünïcode-secret", "short"])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("key=hunter2-horse!", "key=*************!"),
        ("hunter2-horse-battery", "*" * 21),
        ("nothing here", "nothing here"),
        ("a short word stays", "a short word stays"),
    ],
)
def test_values_become_asterisks(said: str, shown: str) -> None:
    assert HIDING.hide_text(said) == shown


def test_what_is_pickled_or_packed_can_still_be_read() -> None:
    error = ValueError("401 for hunter2-horse-battery", {"key": "ünïcode-secret"})
    read = pickle.loads(HIDING.hide(pickle.dumps(error)))
    assert read.args == (f"401 for {'*' * 21}", {"key": "*" * len("ünïcode-secret".encode())})
    packed = HIDING.hide(msgspec.msgpack.encode({"message": "hunter2-horse", "left": 1}))
    assert msgspec.msgpack.decode(packed) == {"message": "*" * 13, "left": 1}


def test_the_beginning_of_a_value_at_the_end_waits_for_the_rest() -> None:
    assert HIDING.whole(b"key=hunter2-h") == len(b"key=")
    assert HIDING.whole(b"key=hun") == len(b"key=hun"), "too little to tell"
    assert HIDING.whole(b"done\n") == 5


def test_only_the_named_variables_are_hidden_and_nothing_to_hide_costs_nothing() -> None:
    variables = {"PASSWORD": "hunter2-horse", "MODEL": "/data/models"}
    hiding = Redaction.of(variables, ["PASSWORD", "ABSENT"])
    assert hiding.hide_text("hunter2-horse /data/models") == "************* /data/models"
    assert not Redaction.of(variables, [])
    assert Redaction(()).hide(b"anything") == b"anything"
