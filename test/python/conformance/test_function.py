"""api.md §2: every member of Function, blocking and through `.aio`. Rows that older tests show:

| row | test |
|---|---|
| remote: value, exception, None, large arguments; refuses generator functions | test/python/test_function.py |
| remote_gen: order, laziness, back-pressure, leaving the loop | test/python/test_generators.py |
| spawn: read again and again, in another process | test/python/test_function.py |
| submit, enqueue, spawn_map | test/python/test_spawning.py |
| map, starmap, for_each | test_map.py here, test/python/test_map.py, test_edges.py |
| map_batches | test/python/test_batches.py |
| update_autoscaler: what the core does with it | test/runtime/core/autoscaler.test.ts, apps.test.ts |
| with_options: wrong options | test/python/test_options.py, test_bad_input.py |
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.home import Home
from support.waiting import PATIENCE_S, until

import farcall
from farcall import errors
from farcall.client.session import Session
from farcall.wire.messages import RuntimeAsk, RuntimeState

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def double(x: int) -> int:
    return 2 * x


@farcall.function
def upto(count: int) -> Iterator[int]:
    yield from range(count)


@farcall.function
async def later(x: int) -> int:
    await asyncio.sleep(0)
    return x + 1


@farcall.function(max_containers=1)
def held(folder: str, x: int) -> int:
    (Path(folder) / f"began{x}").touch()
    while not (Path(folder) / "go").exists():
        time.sleep(0.01)
    return x


def test_local_runs_here_and_an_async_function_gives_its_coroutine() -> None:
    assert double.local(4) == 8
    assert list(upto.local(3)) == [0, 1, 2]
    assert asyncio.run(later.local(1)) == 2


def test_an_async_function_runs_remotely_like_any_other() -> None:
    assert later.remote(1) == 2
    assert list(later.map(range(3))) == [1, 2, 3]


def test_a_direct_call_runs_here_and_warns_once_if_it_asks_for_a_gpu() -> None:
    @farcall.function(gpu="any")
    def wide(x: int) -> int:
        return x

    with pytest.warns(UserWarning, match=r"wide.remote\(…\) runs with what it asks for"):
        assert wide(3) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert wide(4) == 4
        assert double(4) == 8


def test_remote_on_a_generator_function_names_remote_gen_and_the_other_way_round() -> None:
    with pytest.raises(errors.InvalidError, match="remote_gen"):
        upto.remote(3)
    with pytest.raises(errors.InvalidError, match=r"double.remote\("):
        double.remote_gen(3)


def test_what_it_is_is_known_without_a_call() -> None:
    assert (double.is_generator, upto.is_generator) == (False, True)
    assert double.get_raw_f()(3) == 6
    assert (double.web_url, double.get_web_url()) == (None, None)
    assert len(double.version) == 32
    assert double.object_id.startswith("fv-")


def test_a_function_handle_is_a_function() -> None:
    assert isinstance(double, farcall.FunctionHandle)
    assert farcall.FunctionHandle is farcall.Function


def test_hydrating_is_accepted_and_returns_the_function() -> None:
    @farcall.function
    def fresh(x: int) -> int:
        return x

    assert not fresh.is_hydrated
    assert fresh.hydrate() is fresh
    assert fresh.is_hydrated
    assert asyncio.run(double.hydrate.aio()) is double


def test_with_options_chains_and_the_last_value_wins() -> None:
    first = double.with_options(retries=1, max_containers=2)
    second = first.with_options(retries=3)
    assert (second.options.retries.max_retries, second.options.max_containers) == (3, 2)
    assert (first.options.retries.max_retries, double.options.retries.max_retries) == (1, 0)
    assert second.remote(4) == 8


def test_with_options_replaces_secrets_rather_than_adding_to_them() -> None:
    @farcall.function(secrets=[farcall.Secret.from_dict({"FARCALL_FIRST": "1"})])
    def seen() -> list[str]:
        import os

        return sorted(name for name in os.environ if name in ("FARCALL_FIRST", "FARCALL_SECOND"))

    other = seen.with_options(secrets=[farcall.Secret.from_dict({"FARCALL_SECOND": "2"})])
    assert (seen.remote(), other.remote()) == (["FARCALL_FIRST"], ["FARCALL_SECOND"])


def test_a_wrong_option_of_a_variant_is_said_at_once_and_harms_nothing() -> None:
    with pytest.raises(errors.InvalidError, match="max_containers"):
        double.with_options(max_containers=-1)
    assert double.remote(1) == 2


def test_the_autoscaler_is_set_in_part_and_tells_all_four_settings() -> None:
    @farcall.function(scaledown_window=20)
    def scaled(x: int) -> int:
        return x

    told = scaled.update_autoscaler(max_containers=2)
    assert told == farcall.FunctionAutoscalerSettings(
        min_containers=0, max_containers=2, buffer_containers=0, scaledown_window=20.0
    )
    told = asyncio.run(scaled.update_autoscaler.aio(scaledown_window=5))
    assert (told.max_containers, told.scaledown_window) == (2, 5.0)
    assert scaled.update_autoscaler(max_containers=0).max_containers is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        told.max_containers = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_containers": 3, "max_containers": 2},
        {"min_containers": -1},
        {"max_containers": 1.5},
        {"buffer_containers": True},
        {"scaledown_window": 0},
        {"scaledown_window": "soon"},
    ],
)
def test_a_setting_out_of_range_is_refused_before_it_is_sent(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidError, match=next(iter(wrong)).split("_", maxsplit=1)[0]):
        double.update_autoscaler(**wrong)
    with pytest.raises(errors.InvalidError):
        asyncio.run(double.update_autoscaler.aio(**wrong))
    assert double.update_autoscaler().min_containers == 0


def test_a_maximum_below_the_minimum_that_holds_is_refused_too() -> None:
    @farcall.function
    def floored(x: int) -> int:
        return x

    floored.update_autoscaler(min_containers=1, max_containers=1)
    with pytest.raises(errors.InvalidError, match="below min_containers"):
        floored.update_autoscaler(min_containers=2)
    floored.update_autoscaler(min_containers=0)


def test_settings_hold_for_newer_versions_and_variants_until_the_next_deploy() -> None:
    app = farcall.App("rescaled")

    @app.function(max_containers=5)
    def scaled(x: int) -> int:
        return x

    def most(function: Any) -> Any:
        return function.update_autoscaler().max_containers

    async def most_in_a_loop(function: Any) -> Any:
        return (await function.update_autoscaler.aio()).max_containers

    scaled.update_autoscaler(max_containers=2)

    @app.function(max_containers=5, name="scaled")
    def newer(x: int) -> int:
        return 2 * x

    variant = newer.with_options(max_containers=3)
    assert [most(function) for function in (newer, variant)] == [2, 2]
    assert asyncio.run(most_in_a_loop(newer)) == 2
    app.deploy()
    try:
        assert most(newer) == 5, "a deployment brings the settings of the options back"
        newer.update_autoscaler(max_containers=1)
        assert most(newer) == 1
    finally:
        app.stop()


def test_they_hold_across_a_restart_of_the_gateway_until_the_next_deploy(fresh_home: Home) -> None:
    app = farcall.App("lasting")

    @app.function(max_containers=5)
    def scaled(x: int) -> int:
        return x

    scaled.update_autoscaler(max_containers=2)
    scaled.update_autoscaler(scaledown_window=7)
    fresh_home.kill()
    told = scaled.update_autoscaler()
    assert (told.max_containers, told.scaledown_window) == (2, 7.0)
    app.deploy()
    fresh_home.kill()
    assert scaled.update_autoscaler().max_containers == 5


def test_another_functions_idle_containers_yield_to_waiting_work_at_once() -> None:
    cores = Session.current().ask(RuntimeAsk(request=0), RuntimeState).cpus
    first = later.with_options(cpu=cores, scaledown_window=3600)
    assert first.remote(1) == 2
    assert first.get_current_stats().num_total_runners == 1
    assert double.with_options(cpu=cores).spawn(4).get(timeout=PATIENCE_S) == 8
    assert first.get_current_stats().num_total_runners == 0


def test_keep_warm_is_the_deprecated_spelling_of_min_containers() -> None:
    @farcall.function
    def warm(x: int) -> int:
        return x

    with pytest.warns(DeprecationWarning, match="update_autoscaler"):
        warm.keep_warm(1)
    assert warm.update_autoscaler().min_containers == 1
    with pytest.warns(DeprecationWarning, match="update_autoscaler"):
        asyncio.run(warm.keep_warm.aio(0))
    assert warm.update_autoscaler().min_containers == 0


def test_stats_count_what_waits_what_runs_and_where(tmp_path: Path) -> None:
    call = held.spawn_map([str(tmp_path)] * 3, range(3))
    try:
        until(lambda: held.get_current_stats().num_running_inputs >= 1)
        stats = asyncio.run(held.get_current_stats.aio())
        assert stats.backlog + stats.num_running_inputs == 3
        assert (stats.num_total_runners, stats.num_active_runners, stats.input_headroom) == (1, 1, 0)
    finally:
        (tmp_path / "go").touch()
    assert list(call.iter()) == [0, 1, 2]
    until(lambda: held.get_current_stats().input_headroom == 1)
    assert held.get_current_stats() == farcall.FunctionStats(
        backlog=0, num_total_runners=1, num_running_inputs=0, input_headroom=1
    )


def test_a_function_that_never_ran_has_no_containers() -> None:
    @farcall.function
    def idle() -> None: ...

    assert idle.get_current_stats() == farcall.FunctionStats(0, 0, 0, 0)


def test_explain_says_in_sentences_why_there_are_as_many_containers_as_there_are() -> None:
    double.remote(1)
    told = double.explain()
    assert "double has 1 container" in told or "double has" in told
    assert "it should have" in told
    assert "max_containers" in asyncio.run(double.with_options(max_containers=1).explain.aio()) or "should" in told
    assert repr(told) == str(told)


def test_the_old_names_run_it_too() -> None:
    assert double.call(3) == 6
    assert list(upto.call(2)) == [0, 1]
    assert double.submit(3).get() == 6  # type: ignore[union-attr]
    with pytest.warns(DeprecationWarning, match="use spawn"):
        assert double.enqueue(3) is None


def test_every_way_to_run_it_has_an_async_twin() -> None:
    async def all_of_them() -> list[Any]:
        call = await double.spawn.aio(2)
        many = await double.spawn_map.aio([1, 2])
        return [
            await double.remote.aio(1),
            [item async for item in upto.remote_gen.aio(2)],
            await call.get.aio(),
            [value async for value in many.iter.aio()],
            [value async for value in double.map.aio([1, 2])],
            [value async for value in double.starmap.aio([(3,)])],
            await double.for_each.aio([1]),
            await double.call.aio(5),
            [item async for item in upto.call.aio(1)],
            await (await double.submit.aio(6)).get.aio(),  # type: ignore[union-attr]
        ]

    found = asyncio.run(all_of_them())
    assert found == [2, [0, 1], 4, [2, 4], [2, 4], [6], None, 10, [0], 12]


def test_all_of_it_works_in_a_thread_and_without_a_warning() -> None:
    async def beside_a_loop() -> list[int]:
        return [double.remote(1), *double.map([2, 3]), await asyncio.to_thread(double.remote, 4)]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(beside_a_loop()) == [2, 4, 6, 8]


def test_stats_settings_and_names_can_be_asked_inside_a_function() -> None:
    @farcall.function
    def outer() -> tuple[int, str]:
        assert double.remote(1) == 2
        return double.get_current_stats().num_running_inputs, double.explain().split()[0]

    assert outer.remote() == (0, "double")
