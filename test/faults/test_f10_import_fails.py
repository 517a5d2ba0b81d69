"""F10: a function whose module raises when the container imports it."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import farcall
from farcall import errors

from .conftest import Home

SOURCE = """
import os

def link():
    if os.environ.get("FARCALL_CONTAINER_ID"):
        with open({starts!r}, "a") as file:
            file.write("x")
        raise {error}("libfilm.so.3: cannot open shared object file")

link()

def double(number):
    return number * 2
"""


@pytest.mark.parametrize("error", ["ImportError", "RuntimeError"])
def test_its_traceback_comes_after_few_starts(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    starts, name = tmp_path / "starts", f"film_{error.lower()}"
    (tmp_path / f"{name}.py").write_text(SOURCE.format(starts=str(starts), error=error))
    monkeypatch.syspath_prepend(str(tmp_path))
    film = importlib.import_module(name)

    def doubled(number: int) -> int:
        return int(film.double(number))

    app = farcall.App("faults")
    with pytest.raises(errors.DeserializationError) as raised:
        app.function(doubled).remote(1)
    assert "libfilm.so.3: cannot open shared object file" in str(raised.value)
    assert type(raised.value.__cause__).__name__ == error
    traceback = raised.value.__cause__.__traceback__ if raised.value.__cause__ else None
    lines = []
    while traceback is not None:
        lines.append((Path(traceback.tb_frame.f_code.co_filename).name, traceback.tb_frame.f_code.co_name))
        traceback = traceback.tb_next
    assert lines[-2:] == [(f"{name}.py", "<module>"), (f"{name}.py", "link")]
    assert 1 <= len(starts.read_text()) <= 5
    assert app.function(lambda: 1).remote() == 1, "others are served"


def test_a_module_that_is_not_there_is_named(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "site-packages"  # installed ones do not travel: the container has its own, or none
    (installed / "reels").mkdir(parents=True)
    (installed / "reels" / "__init__.py").write_text("def count():\n    return 5\n")
    monkeypatch.syspath_prepend(str(installed))
    reels = importlib.import_module("reels")
    (installed / "reels" / "__init__.py").write_text("import reels_of_another_machine\n")
    results = (
        farcall.App("faults").function(lambda number: reels.count() + number).map(range(3), return_exceptions=True)
    )
    for error in results:
        assert isinstance(error, errors.DeserializationError)
        assert "reels_of_another_machine" in str(error)
