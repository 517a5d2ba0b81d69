"""The names that `import farcall` promises."""

from __future__ import annotations

import farcall
from farcall import errors


def test_what_code_can_ask_about_where_it_runs() -> None:
    assert farcall.current_input_id() is None
    assert farcall.current_function_call_id() is None
    assert farcall.is_local() is True
    assert farcall.exc_with_hints(error := ImportError("attempted relative import with no known parent")) is error
    assert any("as part of its package" in note for note in error.__notes__)


def test_errors_have_their_old_name_too() -> None:
    assert farcall.exception.InvalidError is farcall.errors.InvalidError is errors.InvalidError
    assert farcall.exception.InputCancellation is errors.InputCancellation
    assert farcall.Error is errors.Error


def test_every_public_name_is_there_and_listed() -> None:
    for name in farcall.__all__:
        assert getattr(farcall, name) is not None
        assert name in dir(farcall)


def test_names_that_are_submodules_too_stay_what_they_are() -> None:
    import farcall.function
    import farcall.gather
    import farcall.once

    assert callable(farcall.function)
    assert callable(farcall.gather)
    assert callable(farcall.once)
