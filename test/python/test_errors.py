"""The tree of exceptions is part of the API."""

from __future__ import annotations

import builtins
import inspect
import pickle

import pytest

from farcall import errors, exception
from farcall.errors import compose, nearest

TREE = {
    "Error": (
        "InvalidError",
        "NotFoundError",
        "AuthError",
        "ConnectionError",
        "VersionError",
        "ExecutionError",
        "SerializationError",
        "DeserializationError",
        "RemoteError",
        "TimeoutError",
        "ResourceExhaustedError",
        "ClientClosed",
    ),
    "RemoteError": ("ContainerLostError", "OutOfMemoryError", "PoisonInputError", "ImageBuildError"),
    "TimeoutError": ("FunctionTimeoutError", "OutputExpiredError"),
}
CLASSES = [thing for _, thing in inspect.getmembers(errors, inspect.isclass) if thing.__module__ == errors.__name__]


@pytest.mark.parametrize(("base", "name"), [(base, name) for base, names in TREE.items() for name in names])
def test_every_error_has_its_place_in_the_tree(base, name):
    assert getattr(errors, name).__bases__ == (getattr(errors, base),)


def test_there_are_no_others():
    named = {"Error", "InputCancellation", *(name for names in TREE.values() for name in names)}
    assert {cls.__name__ for cls in CLASSES} == named == set(errors.__all__)


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_survives_a_pickle_and_has_a_docstring(cls):
    again = pickle.loads(pickle.dumps(cls("why")))
    assert type(again) is cls
    assert str(again) == "why"
    assert cls.__doc__


def test_a_cancellation_passes_through_except_exception():
    assert not issubclass(errors.InputCancellation, Exception)


def test_a_result_that_expired_is_no_builtin_timeout():
    assert not issubclass(errors.OutputExpiredError, builtins.TimeoutError)


def test_the_old_module_name_gives_the_same_classes():
    assert exception.InvalidError is errors.InvalidError


def test_a_message_says_what_happened_what_was_given_what_is_possible_and_what_to_do():
    message = compose("the option cpu= is wrong", got="'many'", takes="cores", do="Write cpu=2")
    assert message == "the option cpu= is wrong, got 'many'. It takes cores. Write cpu=2."


@pytest.mark.parametrize(("name", "meant"), [("gpus", "gpu"), ("TIMEOUT", "timeout"), ("retrys", "retries")])
def test_a_misspelt_name_is_answered_with_the_nearest_one(name, meant):
    assert nearest(name, ("gpu", "timeout", "retries")) == f'Did you mean "{meant}"?'


def test_a_name_that_is_near_nothing_gets_no_suggestion():
    assert nearest("zzz", ("gpu", "timeout")) == ""
