"""The bridge, in a real kernel: answers on the control channel while a cell runs, and never breaks it."""

from __future__ import annotations

import pytest
from support.kernel import Kernel, is_event


def test_importing_farcall_prints_nothing_and_shows_nothing(kernel: Kernel) -> None:
    again = kernel.run("import importlib, farcall\nimport farcall")
    assert (again.text, again.shown, again.value, again.error) == ("", [], "", "")


def test_the_comm_is_never_opened_or_closed(kernel: Kernel) -> None:
    kernel.hello()
    assert not [m for m in kernel.seen if m["header"]["msg_type"] in ("comm_open", "comm_close")]


def test_hello_is_answered_while_a_cell_runs(kernel: Kernel) -> None:
    started = kernel.start("import time\nprint('it runs')\nfor _ in range(600):\n    time.sleep(0.1)")
    kernel.until(lambda m: m["header"]["msg_type"] == "stream" and "it runs" in m["content"]["text"])
    answer = kernel.hello()
    assert answer["calls"] == []
    kernel.manager.interrupt_kernel()
    assert kernel.finish(started).error.startswith("KeyboardInterrupt")


def test_events_are_numbered_within_one_epoch(kernel: Kernel) -> None:
    kernel.hello()
    kernel.hello()
    events = kernel.events()
    assert {event["epoch"] for event in events} == {events[0]["epoch"]}
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert all("state" not in event for event in events), "nbclient reads a top-level `state` as a widget's"


@pytest.mark.parametrize(
    "given",
    [
        {"v": 1, "id": 901, "intent": "unheard"},
        {"v": 2, "id": 901, "intent": "hello", "version": "9"},
        {"v": 1, "id": 901, "intent": "rows", "call_id": "../../etc/passwd", "states": [], "first": 0, "limit": 10},
        {"v": 1, "id": 901, "intent": "rows", "call_id": "fc-" + "0" * 32, "states": [], "first": -1, "limit": 10},
        {"v": 1, "id": 901, "intent": "lease", "call_ids": "fc-" + "0" * 32},
        {"v": 1, "id": 901, "intent": "calls", "limit": 10**9},
    ],
)
def test_a_malformed_intent_is_answered_with_an_error(kernel: Kernel, given: dict[str, object]) -> None:
    since = len(kernel.seen)
    kernel.send_raw(given)
    error = kernel.event(lambda event: event["event"] == "error", since=since)
    assert error["id"] == 901
    assert "does not understand" in error["message"]


@pytest.mark.parametrize("given", [None, 5, "text", [], {}, {"id": "x"}])
def test_nonsense_is_survived(kernel: Kernel, given: object) -> None:
    since = len(kernel.seen)
    kernel.send_raw(given)
    assert kernel.event(lambda event: event["event"] == "error", since=since)["id"] == -1
    assert kernel.hello()["event"] == "hello"


def test_intents_run_no_hooks_of_the_notebook_and_flip_no_output(kernel: Kernel) -> None:
    kernel.run(
        "import threading\nhooked = []\n"
        "get_ipython().events.register('post_execute', lambda: hooked.append(threading.current_thread().name))"
    )
    kernel.hello()
    assert set(eval(kernel.run("hooked").value)) == {"MainThread"}


def test_messages_of_other_comms_go_their_own_way(kernel: Kernel) -> None:
    kernel.run(
        "from comm import create_comm\nheard = []\n"
        "other = create_comm(target_name='other', comm_id='other', primary=False)\n"
        "get_ipython().kernel.comm_manager.register_comm(other)\n"
        "other.on_msg(lambda message: heard.append(message['content']['data']))"
    )
    kernel.send_raw({"hello": 1}, comm_id="other")
    kernel.hello()
    assert kernel.run("heard").value == "[{'hello': 1}]"


def test_activating_again_makes_no_second_bridge(kernel: Kernel) -> None:
    kernel.run(
        "%load_ext farcall\n%reload_ext farcall\nimport farcall.notebook\nfarcall.notebook.activate(get_ipython())"
    )
    since = len(kernel.seen)
    kernel.hello()
    kernel.run("pass")
    assert len([m for m in kernel.seen[since:] if is_event(m)]) == 1


def test_nothing_was_contacted_by_all_this(kernel: Kernel) -> None:
    assert kernel.run("from farcall.client.session import Session; print(Session.existing())").text == "None\n"
