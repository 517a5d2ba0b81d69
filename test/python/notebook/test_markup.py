"""The static HTML and the saved bundle of a card: inert, small, and without the user's values."""

from __future__ import annotations

import html.parser
import json
from typing import Any

import msgspec
import pytest

from farcall.notebook import markup, words
from farcall.notebook.calls import Followed
from farcall.notebook.cards import Card
from farcall.notebook.views import MIME, CountsView, FailureView, LiveCall

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "\x1b]52;c;ZXZpbA==\x07",
    "a\r\nb\x00c",
    "é" * 10_000,
]


def view(**changed: Any) -> LiveCall:
    fields: dict[str, Any] = {
        "call_id": "fc-" + "0" * 32, "kind": "map", "name": "embed", "state": "sealed", "inputs": 1000, "sealed": True,
        "attached": True, "counts": CountsView(queued=585, running=3, succeeded=409, failed=3), "rate": 34.2,
        "containers": 3, "hardware": "3 × A100", "waiting": "", "failures": (), "created_at": 1000.0,
        "started_at": 1000.5, "ended_at": 0.0, "cells": "s" * 1000, "cell": 1,
    }  # fmt: skip
    return LiveCall(**(fields | changed))


def failure(**changed: Any) -> FailureView:
    fields: dict[str, Any] = {
        "kind": "KeyError",
        "message": "'secret price'",
        "where": "Cell In[4], line 4",
        "count": 37,
        "examples": (1, 2, 3),
    }
    return FailureView(**(fields | changed))


class Tags(html.parser.HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_kinds_places_and_reasons_are_inert(text: str) -> None:
    hostile = view(name=text, hardware=text, waiting=text, failures=(failure(kind=text, where=text),))
    shown = markup.card([hostile], hint=True, now=1012.3)
    for tag, attributes in Tags(shown).found:
        assert tag in {"div", "b", "progress", "table", "tr", "th", "td"}
        assert {name for name, _ in attributes} <= {"style", "max", "value"}
    assert all(character.isprintable() for character in shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_several_hostile_calls_are_inert_too(text: str) -> None:
    shown = markup.card([view(name=text, kind="remote")] * 50, hint=True)
    assert {tag for tag, _ in Tags(shown).found} <= {"div", "table", "tr", "th", "td"}
    assert len(shown) <= markup.LIMIT


def test_the_html_is_at_most_4_kb_whatever_is_in_it() -> None:
    worst = "&<>\"'" * 100
    groups = tuple(failure(kind=worst, where=worst) for _ in range(100))
    assert len(markup.card([view(name=worst, hardware=worst, waiting=worst, failures=groups)], hint=True)) <= 4_000


def test_the_html_is_readable_without_css() -> None:
    shown = markup.card([view(failures=(failure(),), waiting="2 of 2 A100 busy")], hint=False, now=1012.3)
    assert "<b>embed.map</b> · running · 412/1,000 · 34/s · 12.3 s · 3 × A100" in shown
    assert '<progress max="1000" value="412">412/1,000 done</progress>' in shown
    assert "37 × KeyError at Cell In[4], line 4 (input 1, 2, 3)" in shown
    assert "2 of 2 A100 busy" in shown


def test_a_call_of_unknown_length_has_a_bar_without_a_value() -> None:
    shown = markup.card([view(sealed=False)], hint=False)
    assert "<progress></progress>" in shown
    assert "412 so far" in shown


def test_the_saved_bundle_holds_no_message_of_an_exception_and_no_grid() -> None:
    bundle = Card("map", [Followed(view(failures=(failure(),)))]).bundle(hint=False)
    assert "secret price" not in json.dumps(bundle)
    snapshot = bundle[MIME]["snapshot"]
    assert "cells" not in snapshot
    assert snapshot["failures"][0]["message"] == ""
    assert snapshot["counts"]["succeeded"] == 409


def test_the_saved_bundle_stays_small() -> None:
    groups = tuple(failure(kind="K" * 5000, where="w" * 5000) for _ in range(1000))
    bundle = Card("map", [Followed(view(name="n" * 9999, failures=groups))]).bundle(hint=True)
    assert len(json.dumps(bundle)) < 20_000


def test_the_bundle_has_the_three_forms_of_an_output() -> None:
    bundle = Card("map", [Followed(view())]).bundle(hint=False)
    assert set(bundle) == {MIME, "text/html", "text/plain"}
    assert "\n" not in bundle["text/plain"]
    assert bundle[MIME]["v"] == 1
    assert "state" not in bundle[MIME], "nbclient reads a top-level `state` as a widget's"
    json.dumps(bundle)


def test_several_calls_share_a_card() -> None:
    first, second = Followed(view(kind="remote", name="a")), Followed(view(kind="remote", name="b"))
    card = Card("call", [first])
    card.add(second)
    card.add(second)
    bundle = card.bundle(hint=False)
    assert [call["name"] for call in bundle[MIME]["calls"]] == ["b"]
    assert bundle["text/plain"].endswith("and 1 more")


def test_a_card_of_many_calls_keeps_its_first_and_those_that_run() -> None:
    first = Followed(view(kind="remote", name="first", state="done"))
    card = Card("call", [first])
    running = [Followed(view(kind="remote", name=str(number))) for number in range(99)]
    for call in running:
        assert card.make_room()
        card.add(call)
    assert not card.make_room(), "all that could leave run"
    running[7].take(view(kind="remote", name="7", state="done"))
    assert card.make_room()
    card.add(Followed(view(kind="remote", name="new")))
    assert [call.view.name for call in card.calls] == ["first", *(str(n) for n in range(99) if n != 7), "new"]


def test_a_final_state_is_never_taken_back() -> None:
    followed = Followed(view())
    followed.take(view(state="cancelled"))
    followed.take(view(state="sealed"))
    assert followed.view.state == "cancelled"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (12.34, "12.3 s"),
        (59.96, "1 m 0 s"),
        (200, "3 m 20 s"),
        (3600, "1 h 0 m"),
        (7500, "2 h 5 m"),
        (-1, "0.0 s"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (1023, "1023 B"), (1.2 * 2**30, "1.2 GiB"), (2**40 * 3, "3.0 TiB"), (1536, "1.5 KiB")],
)
def test_sizes(count: float, said: str) -> None:
    assert words.size(count) == said


def test_large_numbers_have_commas() -> None:
    assert words.number(1234567) == "1,234,567"


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"state": "done", "counts": CountsView(succeeded=3)}, "succeeded"),
        ({"state": "done", "counts": CountsView(succeeded=3, failed=1)}, "done"),
        ({"state": "failed"}, "failed"),
        ({"state": "incomplete"}, "incomplete"),
        ({"counts": CountsView(queued=3, retrying=1)}, "retrying"),
        ({"counts": CountsView(queued=3), "containers": 0}, "starting"),
        ({"counts": CountsView(queued=3), "waiting": "2 of 2 busy"}, "queued"),
    ],
)
def test_every_state_has_one_word(changed: dict[str, Any], word: str) -> None:
    assert words.state(view(**changed)) == word


def test_a_snapshot_is_written_at_1_s_10_s_and_then_every_minute_with_an_extension(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert rhythm(monkeypatch, attached=True, until=200) == [1, 10, 70, 130, 190]


def test_a_snapshot_is_written_every_second_without_an_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rhythm(monkeypatch, attached=False, until=5) == [1, 2, 3, 4, 5]


def test_a_new_state_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    followed = Followed(view())
    card = Card("map", [followed])
    card.put(lambda bundle, display_id: None, attached=True)
    followed.take(view(state="done"))
    assert card.due(attached=True) - card._written_at < 0.2
    assert not card.is_over
    card.put(lambda bundle, display_id: None, attached=True)
    assert card.is_over


def rhythm(monkeypatch: pytest.MonkeyPatch, *, attached: bool, until: float) -> list[int]:
    """The times at which a card that does not change is written."""
    now = 0.0
    monkeypatch.setattr("farcall.notebook.cards.time.monotonic", lambda: now)
    card = Card("map", [Followed(view())])
    card.put(lambda bundle, display_id: None, attached=attached)
    written = []
    while (due := card.due(attached=attached)) <= until:
        now = due
        card.put(lambda bundle, display_id: None, attached=attached)
        written.append(round(now))
    return written


def test_the_contract_of_the_bundle_is_the_one_in_typescript() -> None:
    assert set(msgspec.to_builtins(view())) == {
        "call_id", "kind", "name", "state", "inputs", "sealed", "attached", "counts", "rate", "containers", "hardware",
        "waiting", "failures", "created_at", "started_at", "ended_at", "cells", "cell", "labels", "related",
    }  # fmt: skip
