"""What a function asks for, in real containers: GPUs (declared ones), cores, memory, places; and what cannot be."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from support.home import Home, running_home

import farcall
from farcall import errors
from farcall.client import embedded

HAS = ("--gpus", "NVIDIA A100-SXM4-80GB:2,Tesla T4:1", "--region", "eu", "--cloud", "onprem")


@pytest.fixture(scope="module", autouse=True)
def gpu_home() -> Iterator[Home]:
    """A gateway of this file's own, with three GPUs that are not there, in a region of its own."""
    with running_home() as home:
        embedded.ensure(home.folder, extra=HAS)
        yield home


def visible(_: int = 0) -> list[str]:
    import os

    return [uuid for uuid in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if uuid]


app = farcall.App("resources")


def seen(**options: object) -> list[str]:
    return app.function(**{"name": "seen", "scaledown_window": 0.5, **options})(visible).remote()


# ── GPUs


def test_a_container_sees_the_gpus_it_was_given_and_no_other() -> None:
    assert seen() == []
    assert len(seen(gpu="A100")) == 1
    assert len(set(seen(gpu="a100:2"))) == 2
    assert seen(gpu="T4") == ["GPU-declared-2"]
    assert len(seen(gpu="any")) == 1


def test_the_first_choice_that_there_is() -> None:
    assert seen(gpu=["H100", "T4"]) == ["GPU-declared-2"]
    assert seen(gpu=["H100:8", None]) == []


def test_shares_of_one_gpu_are_on_the_same_one() -> None:
    held = farcall.App("shares").function(gpu="A100:0.5", scaledown_window=0.5, max_containers=4)(meet)
    values = list(held.map([(number, 2) for number in range(2)]))
    assert values[0] == values[1]
    assert len(values[0]) == 1


def meet(asked: tuple[int, int]) -> list[str]:
    """Waits until as many of it run at once, then says which GPUs it sees."""
    import os
    import time
    from pathlib import Path

    number, count = asked
    folder = Path(os.environ["FARCALL_MEETING"])
    (folder / str(number)).touch()
    until = time.monotonic() + 60
    while len(list(folder.iterdir())) < count and time.monotonic() < until:
        time.sleep(0.01)
    return os.environ["CUDA_VISIBLE_DEVICES"].split(",")


@pytest.fixture(autouse=True)
def meeting(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARCALL_MEETING", str(tmp_path_factory.mktemp("meeting")))


@pytest.mark.parametrize("gpu", ["H100", "A100:3", "A100-40GB", ["H100", "T4:2"], "T4:99"])
def test_a_gpu_that_does_not_exist_fails_at_once_and_lists_what_does(gpu: object) -> None:
    with pytest.raises(errors.ResourceExhaustedError) as raised:
        seen(gpu=gpu)
    assert "there is: 2 × NVIDIA A100-SXM4-80GB, 1 × Tesla T4" in str(raised.value)


def test_a_gpu_is_asked_for_in_one_of_these_ways() -> None:
    for wrong in ("A100:0.0", "A100:1.5", "A100:-1", "A100:0", "A100:", ":0.5", "A100:.5", "A100:0.1234", 0.5):
        with pytest.raises(errors.InvalidError, match=re.escape('"A100:0.5"')):
            seen(gpu=wrong)


# ── functions that hold a GPU and call others that need one


def test_inputs_that_call_for_gpus_all_end_since_some_are_kept_for_what_they_call() -> None:
    @app.function(gpu="A100", scaledown_window=0.5)
    def inner(x: int) -> int:
        return x + 1

    @app.function(gpu="A100", scaledown_window=0.5)
    def outer(x: int) -> int:
        return 10 * inner.remote(x)

    assert list(outer.map(range(6))) == [10 * (x + 1) for x in range(6)]


def test_a_deadlock_that_could_not_be_seen_coming_fails_one_call_with_the_reason_and_the_rest_ends() -> None:
    @app.function(gpu="A100", name="hidden", scaledown_window=0.5)
    def hidden(x: int) -> int:
        return x + 1

    @app.function(gpu="A100", scaledown_window=0.5)
    def caller(asked: tuple[int, int], called: list[object]) -> object:
        meet(asked)  # both hold one now, and each will wait for the other's
        try:
            return called[0].remote(asked[0])  # type: ignore[attr-defined]
        except errors.ResourceExhaustedError as error:
            return str(error)

    values = list(caller.map([(0, 2), (1, 2)], kwargs={"called": [hidden]}))
    told = [value for value in values if isinstance(value, str)]
    assert len(told) == 1, values
    assert "hidden needs the GPU A100, and all that would do are held by inputs of" in told[0]
    assert {1, 2} & set(values)


# ── cores and memory


def test_the_limit_of_cores_is_kept_and_libraries_have_as_many_threads() -> None:
    @app.function(cpu=(0.125, 1.0))
    def limits() -> tuple[int, bool, str]:
        from pathlib import Path

        grouped = "farcall-" in Path("/proc/self/cgroup").read_text()
        return len(os.sched_getaffinity(0)), grouped, os.environ["OMP_NUM_THREADS"]

    cores, grouped, threads = limits.remote()
    assert grouped or cores == 1
    assert threads == os.environ.get("OMP_NUM_THREADS", "1")


def test_out_of_memory_says_limit_and_peak_and_carries_them() -> None:
    @app.function(memory=(64, 300))
    def swell() -> None:
        import time

        held = []
        while True:
            held.append(bytearray(20_000_000))
            time.sleep(0.02)

    with pytest.raises(errors.OutOfMemoryError) as raised:
        swell.remote()
    error = raised.value
    assert error.limit == 300
    assert error.peak is not None
    assert error.peak > 300
    assert f"limit {error.limit} MiB, peak {error.peak} MiB" in str(error)


# ── places


def test_a_function_runs_where_it_asks_to() -> None:
    assert seen(region="eu") == []
    assert seen(region=["us", "EU"], cloud="onprem") == []


@pytest.mark.parametrize(
    ("asked", "says"), [({"region": "us"}, "the region us"), ({"region": "eu", "cloud": "aws"}, "in the cloud aws")]
)
def test_a_place_that_no_host_has_fails_at_once_and_lists_what_there_is(asked: dict[str, str], says: str) -> None:
    with pytest.raises(errors.ResourceExhaustedError) as raised:
        seen(**asked)
    assert says in str(raised.value)
    assert "there is: eu in onprem" in str(raised.value)


# ── variables, and containers that are used up


def test_env_goes_over_secrets_later_secrets_over_earlier_and_both_over_the_notebooks_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("D_ENV", "D_LATER", "D_EARLIER", "D_OWN"):
        monkeypatch.setenv(name, "notebook")
    earlier = farcall.Secret.from_dict({"D_ENV": "earlier", "D_LATER": "earlier", "D_EARLIER": "earlier"})
    later = farcall.Secret.from_dict({"D_ENV": "later", "D_LATER": "later"})

    @app.function(env={"D_ENV": "env"}, secrets=[earlier, later])
    def variables() -> list[str]:
        return [os.environ[name] for name in ("D_ENV", "D_LATER", "D_EARLIER", "D_OWN")]

    assert variables.remote() == ["env", "later", "earlier", "notebook"]
    other = variables.with_options(secrets=[farcall.Secret.from_dict({"D_LATER": "other"})])
    assert other.remote() == ["env", "other", "notebook", "notebook"], "secrets replace, env stays"


def test_a_container_leaves_after_max_inputs_and_one_for_a_single_use_after_one() -> None:
    def pid(_: int) -> int:
        import os

        return os.getpid()

    pids = list(app.function(name="some", max_inputs=2, max_containers=1)(pid).map(range(6)))
    assert sorted(pids.count(one) for one in set(pids)) == [2, 2, 2]
    single = list(app.function(name="one", single_use_containers=True, max_containers=2)(pid).map(range(4)))
    assert len(set(single)) == 4


def test_what_the_system_ended_for_memory_has_no_figures() -> None:
    error = errors.OutOfMemoryError("the system ran out of memory and ended the container")
    assert (error.limit, error.peak) == (None, None)
