"""Functions in images on a gateway that keeps its containers apart: users of their own, or bubblewrap if it works."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.images import SLIM, greeting, look, moo, one, spoil, where, which

from farcall.errors import ImageBuildError
from farcall.host import isolation
from test.security.isolated import Served, readable_python, serving


@pytest.fixture(scope="module", params=["uid", "bwrap"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each way to keep containers apart."""
    return str(request.param)


@pytest.fixture(scope="module")
def served(kind: str) -> Iterator[Served]:
    """A gateway that isolates its containers in that way."""
    folder = Path(tempfile.mkdtemp(prefix="fc-py-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with serving("--isolation", kind, python=_python(kind, folder)) as running:
            yield running
        shutil.rmtree(images_of(running), ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def images_of(served: Served) -> Path:
    """Where its images are."""
    digest = hashlib.sha256(os.fsencode(served.home)).hexdigest()[:8]
    return Path("/var/tmp") / f"farcall-{os.getuid()}-{digest}-images"


def _python(kind: str, folder: Path) -> str:
    """The interpreter of the gateway's host; skips, and says why, where containers cannot be isolated so."""
    if kind == "uid":
        found = readable_python(folder / "venv") if os.geteuid() == 0 else None
        return found or pytest.skip("users of their own need root, and an interpreter that every user can run")
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as lobby:
        Path(lobby, "door").mkdir()
        try:
            isolation._try_bubblewrap(Path(home), Path(lobby))
        except isolation.Impossible as why:
            pytest.skip(f"bubblewrap does not work here: {why}")
    return sys.executable


@pytest.fixture(autouse=True)
def _used(served: Served) -> None:
    """All of this is on that gateway."""


def test_a_function_finds_what_its_image_has_outside_of_the_gateways_folder(served: Served) -> None:
    assert "moo" in moo.remote("moo")
    prefix, _, has_pytest = which.remote("pytest")
    assert Path(prefix).is_relative_to(images_of(served))
    assert not Path(prefix).is_relative_to(served.home)
    assert not has_pytest
    assert which.remote("farcall")[2]


def test_its_containers_are_nobodys_who_could_change_the_image(kind: str) -> None:
    prefix, user = where.remote()
    assert (user == os.getuid()) is (kind == "bwrap")
    found = spoil.remote(prefix)
    assert "WRITTEN" not in found.values(), found
    assert "moo" in moo.remote("moo")


def test_files_and_variables_of_an_image_are_there_for_that_user_too(tmp_path: Path) -> None:
    assert look.with_options(image=greeting(tmp_path, "said.txt")).remote()[:3] == ("hello", "hello", "hi")


def test_what_would_run_as_the_gateways_user_while_it_is_built_is_refused_with_the_reason(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for image in (SLIM.run_commands(f"touch {mark}"), SLIM.pip_install("./here"), SLIM.pip_install("git+https://x/y")):
        with pytest.raises(
            ImageBuildError, match="this gateway isolates its containers, and builds images from wheels"
        ):
            one.with_options(image=image).remote()
    assert not mark.exists()
