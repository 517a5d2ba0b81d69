"""What a card asks for when a person looks closer: labels, times, one group of failures again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.kernel import MIME, Kernel, Ran, kernel_after

CELLS = """
import farcall
import pandas as pd

films = pd.DataFrame({"title": ["Alien", "Brazil", "Casino", "Dune"], "price": [3, None, -1, 5]})
broken = {"KeyError", "ValueError"}

@farcall.function
def charge(title, price):
    if price != price and "KeyError" in broken:
        raise KeyError("price")
    if price < 0 and "ValueError" in broken:
        raise ValueError(f"{title} costs {price}")
    return price

@farcall.function
def tiny(x):
    return x
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel_after(CELLS, tmp_path_factory.mktemp("details")) as running:
        yield running


@pytest.fixture
def kernel(shared: Kernel) -> Kernel:
    """One for most tests, with the functions and their names as at first."""
    assert shared.run(CELLS).error == ""
    return shared


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel of its own, for tests that restart it or ask what ever ran."""
    with kernel_after(CELLS, tmp_path) as running:
        yield running


def call_id(ran: Ran) -> str:
    assert ran.error == "", ran.traceback
    return str(ran.last_bundle()[MIME]["call_id"])


def seen_live(kernel: Kernel, call: str) -> dict[str, object]:
    """The call as a leased view gets it, once it is over."""
    since = len(kernel.seen)
    kernel.ask("lease", call_ids=[call])
    final = ("done", "failed", "incomplete", "cancelled")

    def is_end(event: dict[str, object]) -> bool:
        return event["event"] == "progress" and any(
            c["call_id"] == call and c["state"] in final for c in event["calls"]
        )

    event = kernel.event(is_end, since=since, timeout=60)
    return dict(next(one for one in event["calls"] if one["call_id"] == call))


def test_the_kernel_says_what_it_knows(kernel: Kernel) -> None:
    assert {"retry", "labels", "times"} <= set(kernel.hello()["knows"])


def test_labels_are_told_by_index_and_never_saved(kernel: Kernel) -> None:
    ran = kernel.run('paid = charge.map(films, label="title")\npaid')
    call = call_id(ran)
    assert kernel.ask("labels", call_id=call, indexes=[2, 0, 99]) == {"labels": ["Casino", "Alien", ""]}
    assert seen_live(kernel, call)["labels"] is True
    saved = json.dumps([m["content"] for m in ran.messages if m["header"]["msg_type"].endswith("display_data")])
    assert not [title for title in ("Alien", "Brazil", "Casino", "Dune") if title in saved]


def test_labels_stay_while_nobody_holds_the_results(kernel: Kernel) -> None:
    ran = kernel.run("import gc\nfor _ in tiny.map([1, 2], label=['one', 'two']): pass\ngc.collect(); None")
    assert kernel.ask("labels", call_id=call_id(ran), indexes=[0, 1]) == {"labels": ["one", "two"]}


def test_a_map_without_labels_has_none(kernel: Kernel) -> None:
    call = call_id(kernel.run("tiny.map([1, 2]).wait()"))
    assert kernel.ask("labels", call_id=call, indexes=[0]) == {"labels": [""]}
    assert seen_live(kernel, call)["labels"] is False


def test_too_many_indexes_at_once_are_refused(kernel: Kernel) -> None:
    call = call_id(kernel.run("tiny.map([1, 2]).wait()"))
    with pytest.raises(RuntimeError, match="does not understand"):
        kernel.ask("labels", call_id=call, indexes=list(range(257)))


def test_after_a_restart_there_are_indexes_only(fresh: Kernel) -> None:
    call = call_id(fresh.run('charge.map(films, label="title")'))
    fresh.manager.restart_kernel(now=True)
    fresh.client.wait_for_ready(timeout=60)
    assert fresh.run("import farcall").error == ""
    assert fresh.ask("labels", call_id=call, indexes=[0]) == {"labels": [""]}
    assert seen_live(fresh, call)["labels"] is False


def test_one_group_of_failures_runs_again_without_the_others(kernel: Kernel) -> None:
    ran = kernel.run('paid = charge.map(films, label="title")\npaid')
    call = call_id(ran)
    groups = {group["kind"].rpartition(".")[2]: group for group in seen_live(kernel, call)["failures"]}  # type: ignore[attr-defined]
    assert set(groups) == {"KeyError", "ValueError"}
    kernel.run("broken.clear()")
    again = kernel.ask("retry", call_id=call, index=groups["KeyError"]["examples"][0], timeout=60)["call_id"]
    ended = seen_live(kernel, again)
    assert (ended["inputs"], ended["counts"]["succeeded"]) == (1, 1)  # type: ignore[index]
    assert kernel.ask("labels", call_id=again, indexes=[0]) == {"labels": ["Brazil"]}, "labels go with their inputs"


def test_what_did_not_fail_is_not_a_group(kernel: Kernel) -> None:
    call = call_id(kernel.run("charge.map(films)"))
    with pytest.raises(RuntimeError, match=r"input 0 of fc-[0-9A-Z]+ did not fail"):
        kernel.ask("retry", call_id=call, index=0)


def test_the_times_of_a_map_are_a_few_numbers(kernel: Kernel) -> None:
    call = call_id(kernel.run("tiny.map(range(5_000)).wait()"))
    times = kernel.ask("times", call_id=call)
    assert sum(times["durations"]) == 5_000
    assert len(times["slowest"]) == 10
    assert times["slowest"][0]["state"] == "succeeded"
    assert sum(lane["inputs"] for lane in times["lanes"]) == 5_000
    assert {len(lane["busy"]) for lane in times["lanes"]} == {120}
    assert len(json.dumps(times)) < 10_000


def test_times_of_an_unknown_call_are_an_error_for_the_person(kernel: Kernel) -> None:
    kernel.run("tiny.remote(1)")
    with pytest.raises(RuntimeError, match="belongs to another gateway"):
        kernel.ask("times", call_id="fc-" + "0" * 32)


def functions(kernel: Kernel) -> dict[str, dict[str, object]]:
    found = kernel.ask("functions")["functions"]
    return {one["name"]: one for one in found}


def test_functions_are_those_of_this_kernel_with_their_containers_and_settings(fresh: Kernel) -> None:
    fresh.run("tiny.map(range(3)).wait()")
    found = functions(fresh)
    assert list(found) == ["charge", "tiny"]
    assert "scaling" not in found["charge"], "it never ran"
    assert str(found["tiny"]["version"]).startswith("fv-")
    assert found["tiny"]["scaling"]["min_containers"] == 0  # type: ignore[index]
    versions = {one["version"] for one in found["tiny"]["containers"]}  # type: ignore[attr-defined]
    assert versions == {found["tiny"]["version"]}


def test_settings_change_in_place_and_only_those_that_are_given(kernel: Kernel) -> None:
    kernel.run("tiny.map(range(3)).wait()")
    before = functions(kernel)["tiny"]["scaling"]
    app = functions(kernel)["tiny"]["app"]
    after = kernel.ask("scale", app=app, name="tiny", max_containers=3)
    assert after == {**before, "max_containers": 3}  # type: ignore[dict-item]
    assert functions(kernel)["tiny"]["scaling"] == after


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"max_containers": -1}, "max_containers"),
        ({"min_containers": 5, "max_containers": 2}, "max_containers=2 is below min_containers=5"),
        ({"scaledown_window": 0}, "seconds above 0"),
        ({"min_containers": "many"}, "does not understand"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_a_sentence(
    kernel: Kernel, settings: dict[str, object], says: str
) -> None:
    kernel.run("tiny.map(range(3)).wait()")
    app = functions(kernel)["tiny"]["app"]
    with pytest.raises(RuntimeError, match=says):
        kernel.ask("scale", app=app, name="tiny", **settings)
