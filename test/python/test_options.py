"""Options are checked where they are written, and say what they take."""

from __future__ import annotations

import pytest

from farcall.errors import InvalidError
from farcall.options import NAMES, Options
from farcall.retries import Retries


def test_without_options_a_function_gets_the_defaults():
    spec = Options.of({}).spec("app", "f")
    assert (spec.timeout, spec.cpu, spec.memory, spec.gpu, spec.scaledown_window) == (300.0, 0.125, 0, (), 60.0)
    assert (spec.min_containers, spec.max_containers, spec.buffer_containers, spec.max_inputs) == (0, 0, 0, 0)
    assert (spec.max_retries, spec.startup_timeout) == (0, 300.0)


@pytest.mark.parametrize(
    ("given", "ranked"),
    [
        (None, ()),
        ("A100", ("A100",)),
        ("H100:2", ("H100:2",)),
        ("any", ("any",)),
        (["H100", "A100:2", None], ("H100", "A100:2", "")),
        (("L4",), ("L4",)),
        ("A100:0.25", ("A100:0.25",)),
        (["T4:0.5", "A100:0.125", None], ("T4:0.5", "A100:0.125", "")),
    ],
)
def test_gpus_are_ranked(given, ranked):
    assert Options.of({"gpu": given}).gpu == ranked


def test_a_number_of_retries_waits_one_second_each_time():
    spec = Options.of({"retries": 3}).spec("app", "f")
    assert (spec.max_retries, spec.initial_delay, spec.backoff) == (3, 1.0, 1.0)


def test_a_retry_policy_is_taken_as_it_is():
    spec = Options.of({"retries": Retries(max_retries=2, max_delay=5.0)}).spec("app", "f")
    assert (spec.max_retries, spec.initial_delay, spec.backoff, spec.max_delay) == (2, 1.0, 2.0, 5.0)


def test_a_pair_of_cpu_is_claimed_by_its_request_and_memory_is_limited_by_its_limit():
    spec = Options.of({"cpu": (0.5, 2), "memory": (256, 1024)}).spec("app", "f")
    assert (spec.cpu, spec.cpu_limit, spec.memory, spec.memory_request) == (0.5, 2.0, 1024, 256)


def test_one_number_of_cpu_is_claimed_without_a_limit_and_one_of_memory_is_both():
    spec = Options.of({"cpu": 2, "memory": 512}).spec("app", "f")
    assert (spec.cpu, spec.cpu_limit, spec.memory, spec.memory_request) == (2.0, 0.0, 512, 0)


@pytest.mark.parametrize(
    ("given", "regions"), [(None, ()), ("eu", ("eu",)), (["eu", "us-east-1"], ("eu", "us-east-1"))]
)
def test_a_region_is_a_name_or_several(given, regions):
    options = Options.of({"region": given, "cloud": None})
    assert (options.region, options.spec("app", "f").region, options.spec("app", "f").cloud) == (regions, regions, "")


def test_no_timeout_is_no_limit_and_a_short_one_leaves_time_to_start():
    assert Options.of({"timeout": None}).spec("app", "f").timeout == 0.0
    assert Options.of({"timeout": 2}).spec("app", "f").startup_timeout == 300.0
    assert Options.of({"timeout": 900}).spec("app", "f").startup_timeout == 900.0


def test_a_single_use_container_takes_one_input():
    assert Options.of({"single_use_containers": True}).spec("app", "f").max_inputs == 1


def test_environment_variables_go_on_top_of_secrets():
    spec = Options.of({"env": {"B": "env"}}).spec("app", "f", secrets={"A": "secret", "B": "secret"})
    assert spec.secrets == {"A": "secret", "B": "env"}


def test_more_options_go_on_top_and_leave_the_first_alone():
    first = Options.of({"gpu": "A100", "timeout": 10})
    second = first.but({"timeout": 20, "gpu": None})
    assert (first.gpu, first.timeout, second.gpu, second.timeout) == (("A100",), 10.0, (), 20.0)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"gpus": "A100"}, ["'gpus'", 'Did you mean "gpu"?']),
        ({"scaledown_windw": 3}, ['Did you mean "scaledown_window"?']),
        ({"keep_warm": 1}, ["new name", "min_containers="]),
        ({"container_idle_timeout": 1}, ["scaledown_window="]),
        ({"gpu": 3}, ["gpu=", "got 3", "nvidia-smi", "ranked list"]),
        ({"gpu": ""}, ["gpu="]),
        ({"gpu": "A100:0"}, ["gpu="]),
        ({"gpu": [None]}, ["gpu="]),
        ({"gpu": ["A100", None, "T4"]}, ["gpu="]),
        ({"cpu": 0}, ["cpu=", "got 0", "cores"]),
        ({"cpu": "2"}, ["cpu=", "got '2'"]),
        ({"cpu": (2, 1)}, ["limit is below the request"]),
        ({"memory": 0.5}, ["memory=", "MiB"]),
        ({"memory": (1, 2, 3)}, ["memory="]),
        ({"memory": True}, ["memory="]),
        ({"retries": -1}, ["retries=", "got -1"]),
        ({"retries": "3"}, ["retries=", "farcall.Retries"]),
        ({"timeout": 0}, ["timeout=", "seconds"]),
        ({"timeout": float("nan")}, ["timeout="]),
        ({"min_containers": 3, "max_containers": 2}, ["max_containers=2", "min_containers=3"]),
        ({"max_containers": 0}, ["max_containers="]),
        ({"scaledown_window": 0}, ["scaledown_window="]),
        ({"buffer_containers": 1.5}, ["buffer_containers="]),
        ({"env": {"A": 1}}, ["env['A']", "text to text"]),
        ({"env": {"A=B": "1"}}, ["env["]),
        ({"secrets": [{"A": "1"}]}, ["secrets=", "farcall.Secret"]),
        ({"volumes": {"data": object()}}, ["volumes=", "absolute"]),
        ({"name": "a/b"}, ["name=", "letters"]),
        ({"single_use_containers": 1}, ["single_use_containers=", "True or False"]),
        ({"single_use_containers": True, "max_inputs": 5}, ["max_inputs=1"]),
        ({"max_inputs": 0}, ["max_inputs="]),
        ({"region": ""}, ["region=", "farcall serve --region"]),
        ({"region": []}, ["region="]),
        ({"region": ["eu", 3]}, ["region="]),
        ({"region": {"eu": 1}}, ["region="]),
        ({"cloud": 3}, ["cloud=", "farcall serve --cloud"]),
        ({"cloud": "a b"}, ["cloud="]),
        ({"gpu": "A100:0.0"}, ["gpu=", "A100:0.5"]),
        ({"gpu": "A100:1.5"}, ["gpu="]),
        ({"gpu": ["A100:0.1234"]}, ["gpu="]),
        ({"cpu": (1, float("inf"))}, ["cpu="]),
        ({"memory": (512, 256)}, ["limit is below the request"]),
    ],
)
def test_a_wrong_option_names_itself_what_it_got_and_what_it_takes(given, says):
    with pytest.raises(InvalidError) as raised:
        Options.of(given)
    for words in says:
        assert words in str(raised.value)


def test_a_secrets_values_are_never_in_a_message():
    with pytest.raises(InvalidError) as raised:
        Options.of({"secrets": ["hunter2"]})
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        {"max_retries": -1},
        {"max_retries": 1.5},
        {"max_retries": True},
        {"max_retries": 1, "initial_delay": 61},
        {"max_retries": 1, "max_delay": 0.5},
        {"max_retries": 1, "backoff_coefficient": 0.5},
    ],
)
def test_a_retry_policy_out_of_range_is_refused(given):
    with pytest.raises(InvalidError):
        Retries(**given)


def test_every_option_of_the_api_is_known():
    places = ("image", "region", "cloud", "name", "schedule", "env", "secrets", "volumes")
    claims = ("gpu", "cpu", "memory", "retries", "timeout", "startup_timeout", "max_inputs", "single_use_containers")
    scaling = ("min_containers", "max_containers", "buffer_containers", "scaledown_window")
    assert set(NAMES) == {*places, *claims, *scaling}
