"""api.md §5: what failures look like to the caller, blocking and through `.aio`. Rows that older tests show:

| row | test |
|---|---|
| the tree of errors, pickling, messages | test/python/test_errors.py |
| unpicklable arguments and results, path to them | test/python/test_bad_input.py, test/python/values/ |
| unreadable arguments fail alone | test/python/test_bad_input.py |
| versions, tokens, protocols | test/python/test_bad_input.py, test/python/client |
| retry_on | test/python/test_retries.py |
| each delay, what uses a retry and what does not | test/runtime/core/retry.test.ts |
| lost containers, poison inputs, memory | test/faults |
| source lines, carets, one frame of ours | test/python/values/test_traceback.py, test_function.py |
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from support.waiting import until

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


class Refused(Exception):
    """With a constructor that pickling does not know how to call."""

    def __init__(self, code: int, *, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


@farcall.function
def divide(x: int) -> float:
    try:
        return 1 / x
    except ZeroDivisionError as error:
        raise LookupError("nothing to divide by") from error


def test_the_cause_the_notes_and_the_lines_of_the_function_come_along() -> None:
    for run in (lambda: divide.remote(0), lambda: asyncio.run(divide.remote.aio(0))):
        with pytest.raises(LookupError) as raised:
            run()
        error = raised.value
        assert isinstance(error.__cause__, ZeroDivisionError)
        assert any("input 0 of call fc-" in note for note in error.__notes__)
        text = "".join(traceback.format_exception(error))
        assert "return 1 / x" in text
        assert 'raise LookupError("nothing to divide by") from error' in text


def test_an_exception_whose_constructor_wants_more_than_its_message_comes_as_itself() -> None:
    @farcall.function
    def refuses() -> None:
        raise Refused(7, why="closed")

    with pytest.raises(Refused, match="7: closed") as raised:
        refuses.remote()
    assert raised.value.code == 7


def test_an_exception_whose_class_is_only_there_is_an_execution_error_with_its_traceback() -> None:
    @farcall.function
    def raises() -> None:
        import sys
        import types

        sys.modules["only_there"] = module = types.ModuleType("only_there")
        exec("class Odd(Exception): pass", module.__dict__)
        raise module.Odd("nobody knows me")

    with pytest.raises(errors.ExecutionError, match="nobody knows me") as raised:
        raises.remote()
    assert 'raise module.Odd("nobody knows me")' in "".join(traceback.format_exception(raised.value))


def test_what_the_exception_of_a_map_says_names_its_input() -> None:
    results = divide.map([1, 0], return_exceptions=True)
    error = list(results)[1]
    assert any(f"input 1 of call {results.call.object_id}" in note for note in error.__notes__)


def test_leaving_the_program_is_a_failure_of_that_input_alone() -> None:
    @farcall.function(max_containers=1)
    def leaves(x: int) -> int:
        if x == 1:
            raise SystemExit(3)
        return os.getpid()

    before, error, after = leaves.map(range(3), return_exceptions=True)
    assert before == after
    assert isinstance(error, BaseException)
    assert "3" in str(error)


def test_the_container_lives_on_after_a_failure() -> None:
    @farcall.function(max_containers=1)
    def fails(x: int) -> int:
        if x:
            raise ValueError(x)
        return os.getpid()

    first = fails.remote(0)
    with pytest.raises(ValueError, match="1"):
        fails.remote(1)
    assert fails.remote(0) == first


def test_a_variable_that_is_set_here_and_not_there_names_the_secret_to_give(monkeypatch: Any) -> None:
    @farcall.function
    def needs_it() -> str:
        os.environ.pop("FARCALL_TEST_ONLY_HERE", None)
        return os.environ["FARCALL_TEST_ONLY_HERE"]

    monkeypatch.setenv("FARCALL_TEST_ONLY_HERE", "1")
    with pytest.raises(KeyError) as raised:
        needs_it.remote()
    assert any('from_local_environ(["FARCALL_TEST_ONLY_HERE"])' in note for note in raised.value.__notes__)
    monkeypatch.delenv("FARCALL_TEST_ONLY_HERE")
    with pytest.raises(KeyError) as raised:
        needs_it.remote()
    assert not any("Secret" in note for note in raised.value.__notes__)


def test_a_missing_key_of_another_mapping_gets_no_such_hint(monkeypatch: Any) -> None:
    @farcall.function
    def looks_up() -> str:
        return {"a": "b"}["HOME"]

    with pytest.raises(KeyError) as raised:
        looks_up.remote()
    assert not any("Secret" in note for note in raised.value.__notes__)


def test_a_relative_import_of_a_script_and_a_gpu_without_a_kernel_get_a_hint_each() -> None:
    @farcall.function
    def imports() -> None:
        exec("from . import sibling", {"__name__": "alone", "__package__": ""})

    with pytest.raises(ImportError) as raised:
        imports.remote()
    assert any("as part of its package" in note for note in raised.value.__notes__)
    cuda = farcall.exc_with_hints(RuntimeError("CUDA error: no kernel image is available for execution on the device"))
    assert any("does not support this GPU" in note for note in cuda.__notes__)


def test_a_hint_is_given_once_and_other_exceptions_are_left_alone() -> None:
    error = ImportError("attempted relative import with no known parent package")
    assert farcall.exc_with_hints(farcall.exc_with_hints(error)) is error
    assert len(error.__notes__) == 1
    assert not hasattr(farcall.exc_with_hints(ValueError("x")), "__notes__")


def test_a_module_that_the_container_lacks_is_named() -> None:
    @farcall.function
    def imports() -> None:
        import no_such_module_anywhere  # type: ignore[import-not-found]  # noqa: F401

    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        imports.remote()


def test_a_timeout_counts_one_attempt_and_fails_that_input_only() -> None:
    @farcall.function(timeout=1, max_containers=1)
    def slow(x: int) -> int:
        if x:
            time.sleep(60)
        return x

    with pytest.raises(errors.FunctionTimeoutError) as raised:
        slow.remote(1)
    assert isinstance(raised.value, errors.TimeoutError)
    assert not isinstance(raised.value, TimeoutError)
    assert slow.remote(0) == 0


def test_a_cancelled_input_hears_an_input_cancellation_that_except_exception_does_not_catch(tmp_path: Path) -> None:
    @farcall.function
    def cleans_up(folder: str) -> None:
        (Path(folder) / "began").touch()
        try:
            try:
                time.sleep(60)
            except Exception:
                (Path(folder) / "swallowed").touch()
        except farcall.errors.InputCancellation:
            (Path(folder) / "cleaned").touch()
            raise

    call = cleans_up.spawn(str(tmp_path))
    until((tmp_path / "began").exists)
    call.cancel()
    with pytest.raises(errors.RemoteError):
        call.get(timeout=60)
    until((tmp_path / "cleaned").exists)
    assert not (tmp_path / "swallowed").exists()


# ── retries


def quick(retries: int) -> farcall.Retries:
    return farcall.Retries(max_retries=retries, initial_delay=0.0)


@farcall.function(max_containers=1)
def tried(tries: str, succeeds: int) -> int:
    """Holds its first attempt; fails until it has begun so often."""
    import os

    with open(tries, "a") as file:
        file.write(f"{os.getpid()}\n")
    count = len(Path(tries).read_text().splitlines())
    while count == 1 and not Path(tries + "-go").exists():
        time.sleep(0.01)
    if count < succeeds:
        raise ValueError(f"attempt {count}")
    return count


@pytest.mark.parametrize("retries", [0, 2])
def test_the_attempts_are_one_and_the_retries(tmp_path: Path, retries: int) -> None:
    tries = tmp_path / "tries"
    (tmp_path / "tries-go").touch()
    call = tried.with_options(retries=quick(retries)).spawn(str(tries), 99)
    with pytest.raises(ValueError, match=f"attempt {retries + 1}"):
        call.get()
    assert len(tries.read_text().splitlines()) == retries + 1
    assert list(call.results().details()["attempts"]) == [retries + 1]


@pytest.mark.parametrize("retries", [0, 1])
def test_a_lost_container_uses_up_no_retry_and_is_an_attempt(tmp_path: Path, retries: int) -> None:
    tries = tmp_path / "tries"
    call = tried.with_options(retries=quick(retries)).spawn(str(tries), retries + 2)
    until(lambda: tries.exists() and tries.read_text().endswith("\n"))
    os.kill(int(tries.read_text()), signal.SIGKILL)
    assert call.get() == retries + 2
    assert list(call.results().details()["attempts"]) == [retries + 2]


def test_no_delay_is_longer_than_max_delay() -> None:
    @farcall.function(retries=farcall.Retries(max_retries=3, backoff_coefficient=10, initial_delay=1, max_delay=1))
    def fails() -> None:
        raise ValueError("again")

    with pytest.raises(ValueError, match="again"):  # the delays were 111 s without their limit
        fails.spawn().get(timeout=60)


def test_cancelled_is_never_retried_whatever_the_function_makes_of_it(tmp_path: Path) -> None:
    @farcall.function(max_containers=1, retries=quick(5))
    def stubborn(folder: str, last: bool) -> None:
        with open(f"{folder}/tries", "a") as file:
            file.write("." if not last else "!")
        try:
            while not last:
                time.sleep(0.01)
        except BaseException:
            raise ValueError("failed, not cancelled") from None

    call = stubborn.spawn(str(tmp_path), False)
    until(lambda: (tmp_path / "tries").exists())
    call.cancel()
    with pytest.raises(errors.RemoteError, match="cancelled"):
        call.get()
    stubborn.remote(str(tmp_path), True)  # in the only container, after whatever would have been retried
    assert (tmp_path / "tries").read_text() == ".!"


def test_a_function_that_returns_a_generator_without_yielding_itself_says_so() -> None:
    @farcall.function
    def forgot() -> Any:
        return (x for x in range(3))

    with pytest.raises(errors.Error, match="generator"):
        forgot.remote()
