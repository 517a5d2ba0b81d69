"""Cards, output and the bridge with a real kernel, a real gateway and real containers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.kernel import MIME, Kernel, Ran, running_kernel

CELLS = """
import asyncio, farcall, threading, time

@farcall.function
def twice(x):
    return 2 * x

@farcall.function
def slow(x):
    import time
    time.sleep(x)
    return x

@farcall.function
def drip(seconds):
    import time
    yield 0
    time.sleep(seconds)

@farcall.function
def picky(x):
    secret = f"TOP SECRET {x}"
    if x % 3 == 0:
        raise KeyError(secret)
    print("fine", x)
    return secret

@farcall.function
def gated(path):
    import os, time
    while not os.path.exists(path):
        time.sleep(0.02)
    return path
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with running_kernel(tmp_path_factory.mktemp("live"), JPY_SESSION_NAME="work/movies.ipynb") as running:
        ran = running.run(CELLS)
        assert ran.error == ""
        assert (ran.text, ran.shown) == ("", [])
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel of its own, for tests that say hello (the extension stays attached) or end it."""
    with running_kernel(tmp_path) as running:
        assert running.run(CELLS).error == ""
        yield running


def snapshot(ran: Ran) -> dict[str, object]:
    return dict(ran.last_bundle()[MIME]["snapshot"])


def call_id(ran: Ran) -> str:
    return str(ran.last_bundle()[MIME]["call_id"])


def test_a_map_is_exactly_one_output_whose_last_snapshot_is_its_end(kernel: Kernel) -> None:
    ran = kernel.run("sum(twice.map(range(500)))")
    assert ran.value == str(sum(2 * x for x in range(500)))
    assert len(ran.shown) == 1
    final = snapshot(ran)
    assert (final["state"], final["inputs"], final["sealed"], final["name"]) == ("done", 500, True, "twice")
    assert final["counts"]["succeeded"] == 500
    assert ran.last_bundle()["text/plain"].startswith("twice.map: succeeded, 500/500")


def test_nothing_a_card_saves_holds_the_users_values(kernel: Kernel) -> None:
    ran = kernel.run("kept = list(picky.map(range(12), return_exceptions=True))")
    saved = json.dumps([m["content"] for m in ran.messages if m["header"]["msg_type"].endswith("display_data")])
    assert "SECRET" not in saved
    group = snapshot(ran)["failures"][0]
    assert (group["kind"], group["message"], group["count"]) == ("KeyError", "", 4)
    assert group["where"].startswith("Cell In[")
    assert "4 × KeyError at Cell In[" in ran.last_bundle()["text/html"]


def test_what_inputs_print_is_in_the_cell_without_an_extension(kernel: Kernel) -> None:
    ran = kernel.run("kept = list(picky.map([1, 2, 4], return_exceptions=True))")
    assert sorted(ran.text.splitlines()) == ["fine 1", "fine 2", "fine 4"]
    assert kernel.run("kept = picky.remote(5)").text == "fine 5\n"


def test_results_as_a_cells_value_run_and_show_one_card(kernel: Kernel) -> None:
    ran = kernel.run("results = picky.map(range(4))\nresults")
    assert (ran.error, ran.value, len(ran.shown)) == ("", "", 1)
    assert snapshot(ran)["counts"]["failed"] == 2
    again = kernel.run("results")
    assert len(again.shown) == 1
    assert call_id(again) == call_id(ran)


def test_repr_and_completion_start_nothing(kernel: Kernel) -> None:
    ran = kernel.run("lazy = twice.map(range(5))\nprint(repr(lazy), [lazy])\nlazy.status")
    assert ran.shown == []
    assert ran.value == "'not started'"


def test_a_quick_remote_shows_nothing_and_a_slow_one_joins_one_card(kernel: Kernel) -> None:
    kernel.run("twice.remote(2)")  # its container is there now: the next one is quick
    assert kernel.run("twice.remote(2)").shown == []
    ran = kernel.run("for _ in range(2): slow.remote(1.2)")
    assert len(ran.shown) == 1
    bundle = ran.last_bundle()[MIME]
    assert (bundle["kind"], bundle["snapshot"]["name"], bundle["snapshot"]["state"]) == ("call", "slow", "done")
    assert [call["state"] for call in bundle["calls"]] == ["done"]


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        ("await slow.remote.aio(1.5)", 1),
        ("await asyncio.gather(*(slow.remote.aio(1.5) for _ in range(3)))", 3),
        ("await slow.spawn(1.5).get.aio()", 1),
        ("await farcall.gather.aio(slow.spawn(1.5), slow.spawn(1.6))", 2),
    ],
)
def test_a_slow_call_that_is_awaited_joins_the_card_of_its_cell(kernel: Kernel, cell: str, count: int) -> None:
    ran = kernel.run(cell)
    assert (ran.error, len(ran.shown)) == ("", 1)
    bundle = ran.last_bundle()[MIME]
    assert (bundle["kind"], bundle["snapshot"]["state"]) == ("call", "done")
    assert [call["state"] for call in bundle.get("calls", [])] == ["done"] * (count - 1)


def test_a_task_that_outlives_its_cell_shows_no_card_in_the_next_one(kernel: Kernel) -> None:
    kernel.run("left = asyncio.ensure_future(slow.remote.aio(1.5))")
    ran = kernel.run("await left")
    assert (ran.value, ran.shown) == ("1.5", [])


def test_a_function_call_as_a_value_shows_its_card(kernel: Kernel) -> None:
    ran = kernel.run("call = twice.spawn(21)\ncall.get()\ncall")
    assert ran.last_bundle()[MIME]["snapshot"]["kind"] == "spawn"
    assert call_id(ran) == kernel.run("print(call.object_id, end='')").text


def test_a_function_as_a_value_says_what_it_is(kernel: Kernel) -> None:
    kernel.run("weights = list(range(1000))\n@farcall.function(timeout=200)\ndef score(x): return weights[x]")
    shown = kernel.run("score").value
    assert shown.startswith("score(x)")
    assert "timeout 3 m 20 s" in shown
    assert "weights" in shown
    html = kernel.run("score").of("execute_result")[0]["content"]["data"]["text/html"]
    assert "<b>score(x)</b>" in html


def test_other_threads_show_nothing(kernel: Kernel) -> None:
    ran = kernel.run(
        "got = []\nworker = threading.Thread(target=lambda: got.extend(twice.map(range(5))))\n"
        "worker.start(); worker.join()\ngot"
    )
    assert ran.value == "[0, 2, 4, 6, 8]"
    assert ran.shown == []


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("list(slow.map([30] * 20))", r"KeyboardInterrupt: slow\.map stopped: 0 of 20 done \(fc-\w+\)"),
        ("async for _ in slow.map([30] * 20): pass", r"CancelledError: slow\.map stopped: 0 of 20 done \(fc-\w+\)"),
        ("await slow.map([30] * 20).wait.aio()", r"CancelledError: slow\.map stopped: 0 of 20 done \(fc-\w+\)"),
        ("await slow.remote.aio(30)", r"CancelledError: slow cancelled \(fc-\w+\)"),
        ("await asyncio.gather(slow.remote.aio(30), slow.remote.aio(9))", r"CancelledError: slow cancelled \(fc-\w+\)"),
        ("for _ in drip.remote_gen(30): pass", r"KeyboardInterrupt: drip cancelled \(fc-\w+\)"),
        ("async for _ in drip.remote_gen.aio(30): pass", r"CancelledError: drip cancelled \(fc-\w+\)"),
    ],
)
def test_an_interrupt_writes_the_end_and_stops_the_work_in_one_line(kernel: Kernel, cell: str, line: str) -> None:
    started = kernel.start(cell)
    card = kernel.until(lambda m: m["header"]["msg_type"] == "display_data" and m["parent_header"]["msg_id"] == started)
    running = card["content"]["transient"]["display_id"]
    kernel.until(
        lambda m: (
            m["header"]["msg_type"] == "update_display_data"
            and m["content"]["transient"]["display_id"] == running
            and m["content"]["data"][MIME]["snapshot"]["counts"]["running"] > 0
        )
    )
    kernel.manager.interrupt_kernel()
    ran = kernel.finish(started)
    assert re.fullmatch(line, ran.traceback.strip())
    final = kernel.until(
        lambda m: (
            m["header"]["msg_type"] == "update_display_data"
            and m["content"]["transient"]["display_id"] == running
            and m["content"]["data"][MIME]["snapshot"]["state"] == "cancelled"
        )
    )
    assert "cancelled" in final["content"]["data"]["text/plain"]


def test_running_a_cell_again_cancels_the_map_it_left(kernel: Kernel) -> None:
    cell = (
        "results = slow.map([0.01] + [60] * 5)\nleft = iter(results)\nnext(left)\nprint(results.call.object_id, end='')"
    )
    first = kernel.run(cell, cell_id="cell-1").text
    kernel.run("pass", cell_id="cell-2")
    kernel.run("pass", cell_id="cell-1")
    states = kernel.run(f"c = farcall.FunctionCall.from_id({first!r})\nc.results().wait()\nc.status()")
    assert "'cancelled'" in states.value


def test_a_call_knows_its_notebook_and_cell(kernel: Kernel) -> None:
    count = kernel.run("call = twice.spawn(1)").reply["content"]["execution_count"]
    listed = kernel.run("%farcall calls").text
    assert f"movies.ipynb [{count}]" in listed


def test_the_farcall_magic_shows_the_runtime(kernel: Kernel) -> None:
    assert "gateway" in kernel.run("%farcall status").text
    assert "twice" in kernel.run("%farcall calls").text
    assert "container" in kernel.run("%farcall containers").text
    doctor = kernel.run("%farcall doctor").text
    assert "FAIL" not in doctor
    kernel.run("noisy = picky.spawn(7); noisy.get()")
    assert kernel.run("%farcall logs nonsense").error != ""
    assert "cancelled fc-" in kernel.run("get_ipython().run_line_magic('farcall', f'cancel {noisy.object_id}')").text


def test_the_bridge_streams_a_leased_call_and_answers_about_its_inputs(fresh: Kernel, tmp_path: Path) -> None:
    fresh.hello()
    gate = tmp_path / "gate"
    started = fresh.start(f"kept = list(gated.map([{str(gate)!r}] * 3))")
    card = fresh.until(lambda m: m["header"]["msg_type"] == "display_data")
    call = card["content"]["data"][MIME]["call_id"]
    assert fresh.ask("lease", call_ids=[call]) is None
    live = fresh.event(lambda e: e["event"] == "progress" and e["calls"][0]["counts"]["running"] > 0)
    assert live["calls"][0]["call_id"] == call
    assert len(live["calls"][0]["cells"]) == 3
    words = ["queued", "retrying", "running", "succeeded", "cancelled"]
    assert len(fresh.ask("rows", call_id=call, states=words, first=0, limit=10)["rows"]) == 3
    rows = fresh.ask("rows", call_id=call, states=["running"], first=0, limit=10)
    assert {row["state"] for row in rows["rows"]} == {"running"}
    assert [listed["call_id"] for listed in fresh.ask("calls", limit=5)["calls"]] == [call]
    assert fresh.ask("runtime")["containers"]
    gate.touch()
    fresh.event(lambda e: e["event"] == "progress" and e["calls"][0]["state"] == "done")
    assert fresh.finish(started).error == ""
    detail = fresh.ask("input", call_id=call, index=1)
    assert detail["row"]["state"] == "succeeded"
    assert str(gate) in detail["arguments"]["text/plain"]
    assert str(gate) in detail["result"]["text/plain"]


def test_a_failed_input_is_shown_with_the_cells_own_lines(fresh: Kernel) -> None:
    call = call_id(fresh.run("kept = list(picky.map(range(4), return_exceptions=True))"))
    detail = fresh.ask("input", call_id=call, index=3)
    assert detail["row"]["state"] == "failed"
    assert "Cell In[1], line " in detail["traceback"]
    assert "raise KeyError(secret)" in detail["traceback"]
    assert "/ipykernel_" not in detail["traceback"]
    assert "TOP SECRET 3" in detail["traceback"]
    output = fresh.ask("output", call_id=call, offset=0)
    assert "fine 1" in output["text"]


def test_with_an_extension_nothing_of_a_map_is_printed(fresh: Kernel) -> None:
    fresh.hello()
    ran = fresh.run("kept = list(picky.map([1, 2], return_exceptions=True))")
    assert ran.text == ""
    assert "reload" not in ran.last_bundle()["text/html"]


def test_a_cancel_from_the_card_reaches_a_running_cell(fresh: Kernel) -> None:
    fresh.hello()
    started = fresh.start("list(slow.map([60] * 4))")
    card = fresh.until(lambda m: m["header"]["msg_type"] == "display_data")
    call = card["content"]["data"][MIME]["call_id"]
    fresh.ask("lease", call_ids=[call])
    fresh.event(lambda e: e["event"] == "progress" and e["calls"][0]["counts"]["running"] > 0)
    assert fresh.ask("cancel", call_id=call, scope="all") is None
    fresh.event(lambda e: e["event"] == "progress" and e["calls"][0]["state"] == "cancelled")
    assert fresh.finish(started).error != ""


def test_an_unknown_call_is_said_so(fresh: Kernel) -> None:
    fresh.run("twice.remote(1)")
    with pytest.raises(RuntimeError, match="fc-000000"):
        fresh.ask("lease", call_ids=["fc-" + "0" * 32])


def test_a_restarted_kernel_goes_on_with_a_leased_call(fresh: Kernel, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    call = fresh.run(f"call = gated.spawn({str(gate)!r})\nprint(call.object_id, end='')").text
    fresh.manager.restart_kernel(now=True)
    fresh.client.wait_for_ready(timeout=60)
    fresh.run("import farcall")
    assert fresh.hello()["calls"] == []
    fresh.ask("lease", call_ids=[call])
    fresh.event(lambda e: e["event"] == "progress" and e["calls"][0]["state"] == "sealed")
    gate.touch()
    done = fresh.event(lambda e: e["event"] == "progress" and e["calls"][0]["state"] == "done")
    assert done["calls"][0]["counts"]["succeeded"] == 1


def test_a_kernel_that_leaves_writes_its_cards(fresh: Kernel) -> None:
    fresh.hello()
    ran = fresh.run("going = slow.spawn(60)\ngoing")
    card = ran.shown[0]["transient"]["display_id"]
    since = len(fresh.seen)
    fresh.client.shutdown()
    fresh.until(
        lambda m: (
            m["header"]["msg_type"] == "update_display_data"
            and m["content"]["transient"]["display_id"] == card
            and m["content"]["data"][MIME]["snapshot"]["counts"]["running"]
            + m["content"]["data"][MIME]["snapshot"]["counts"]["queued"]
            == 1
        ),
        since=since,
    )


def test_a_whole_cell_runs_far_away(fresh: Kernel) -> None:
    ran = fresh.run("xs = [1, 2]\nlock = threading.Lock()")
    ran = fresh.run(
        "%%remote\nimport os, threading\nxs.append(3)\ntotal = sum(xs)\nhere = os.getpid()\nf = threading.Lock()\n"
        "total * 2"
    )
    assert ran.error == ""
    assert ran.value == "12"
    assert "sent xs · returned " in ran.text
    assert "kept far: f (cannot be pickled)" in ran.text
    assert fresh.run("import os; xs, total, here != os.getpid()").value == "([1, 2, 3], 6, True)"


def test_a_card_retries_what_failed_with_the_function_as_it_is_now(fresh: Kernel) -> None:
    fresh.hello()
    ran = fresh.run(
        "@farcall.function\ndef offset(x, by):\n    if x == 2: raise ValueError(x)\n    return x + by\n"
        "kept = offset.map(range(5), kwargs={'by': 10}, return_exceptions=True)\nkept"
    )
    assert snapshot(ran)["counts"]["failed"] == 1
    fresh.run("@farcall.function\ndef offset(x, by):\n    return x + by + 100")
    again = fresh.ask("resume", call_id=call_id(ran), which="failed")["call_id"]
    assert again != call_id(ran)
    assert fresh.run(f"farcall.FunctionCall.from_id({again!r}).get()").value == "112"


def test_without_its_function_a_map_is_resumed_with_the_version_that_ran_it(fresh: Kernel) -> None:
    fresh.hello()
    ran = fresh.run("kept = picky.map(range(3), return_exceptions=True)\nkept")
    fresh.run("del picky\nfrom farcall.apps.app import default_app\ndel default_app().functions['picky']")
    again = fresh.ask("resume", call_id=call_id(ran), which="failed")["call_id"]
    told = fresh.run(f"farcall.FunctionCall.from_id({again!r}).results().wait().counts")
    assert "failed=1" in told.value
