"""The builder alone, as the supervisor runs it: who comes second waits, what was killed is not there."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.waiting import PATIENCE_S, is_gone, until

from farcall import Image
from farcall.host import indexes
from farcall.host.building import Failed
from farcall.host.image_build import Build, Order, lay_out, requirements
from farcall.host.image_folder import ImageFolder
from farcall.wire.images import bare_id, named
from farcall.wire.messages import ImageRecipe, ImageStep

SLIM = Image.debian_slim()


class Builder:
    """One builder's process."""

    def __init__(self, root: Path, recipe: ImageRecipe, **variables: str) -> None:
        order = {
            "recipe": msgspec.to_builtins(recipe),
            "root": str(root),
            "sent": str(root / "sent"),
            "isolated": False,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "farcall.host.image_build"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **variables},
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def said(self) -> list[dict[str, Any]]:
        """All it says, once it has ended."""
        assert self.process.stdout is not None
        lines = self.process.stdout.read().splitlines()
        self.process.wait(PATIENCE_S)
        return [json.loads(line) for line in lines]

    def failed(self) -> dict[str, str]:
        told: dict[str, str] = self.said()[-1]["failed"]
        return told


def test_a_killed_build_leaves_nothing_and_of_two_builders_one_waits_for_the_other(tmp_path: Path) -> None:
    began, open_, count = tmp_path / "began", tmp_path / "open", tmp_path / "count"
    command = f"echo x >> {count}; echo $$ > {began}; while ! test -e {open_}; do sleep 0.1; done"
    recipe = SLIM.run_commands(command).recipe()
    folder = ImageFolder(tmp_path / "images", tmp_path)
    first = Builder(folder.root, recipe)
    until(began.exists)
    os.killpg(first.process.pid, signal.SIGKILL)
    first.said()
    assert folder.ready(recipe.image_id) is None
    began.unlink()
    two = [Builder(folder.root, recipe) for _ in range(2)]
    until(began.exists)
    open_.touch()
    said = [builder.said() for builder in two]
    assert said[0][-1] == said[1][-1] == {"built": folder.ready(recipe.image_id)}
    assert count.read_text().count("x") == 2, "the killed one, and one of the two"
    assert {"says": "waiting for another build of it"} in [*said[0], *said[1]]


def test_a_build_ends_with_whoever_asked_for_it(tmp_path: Path) -> None:
    began = tmp_path / "began"
    recipe = SLIM.run_commands(f"echo $$ > {began}.part; mv {began}.part {began}; sleep 1000").recipe()
    builder = Builder(tmp_path / "images", recipe)
    until(began.exists)
    assert builder.process.stdin is not None
    builder.process.stdin.close()
    builder.said()
    until(lambda: is_gone(int(began.read_text())), "its command runs on")


def failed(root: Path, recipe: ImageRecipe, *, isolated: bool = False) -> Failed:
    """How a build fails that comes to no program."""
    with pytest.raises(Failed) as raised:
        Build(Order(recipe, root / "images", root / "sent", isolated)).run()
    return raised.value


def test_a_recipe_under_another_name_is_refused(tmp_path: Path) -> None:
    recipe = SLIM.pip_install("humanize").recipe()
    forged = msgspec.structs.replace(recipe, image_id=SLIM.pip_install("cowsay").recipe().image_id)
    assert "is not the name of this recipe" in failed(tmp_path, forged).detail
    outside = ImageRecipe(image_id="im-../../etc", python="3.11")
    assert failed(tmp_path, outside).stage == "refused"
    option = named(ImageRecipe(image_id="", python="3.11", steps=(ImageStep(do="install", lines=("-r /etc/passwd",)),)))
    assert "no option" in failed(tmp_path, option).detail
    assert not (tmp_path / "images").exists()


@pytest.mark.parametrize(
    "image",
    [
        SLIM.run_commands("true"),
        SLIM.pip_install("a", extra_options="--target /"),
        SLIM.pip_install("/root/x"),
        SLIM.pip_install("a @ file:///root/x"),
        SLIM.pip_install("a @ git+https://x/y"),
        SLIM.pip_install("a", find_links="/root"),
    ],
    ids=["command", "options", "path", "file", "git", "links"],
)
def test_where_containers_are_isolated_nothing_that_was_sent_runs_or_is_read_outside(
    tmp_path: Path, image: Image
) -> None:
    refused = failed(tmp_path, image.recipe(), isolated=True)
    assert refused.stage == "refused"
    assert "from wheels only" in refused.detail


def test_without_uv_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARCALL_UV", "/no/such/uv")
    assert failed(tmp_path, SLIM.recipe()).detail == "FARCALL_UV names '/no/such/uv', which cannot be run"
    monkeypatch.delenv("FARCALL_UV")
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = failed(tmp_path, SLIM.recipe())
    assert missing.stage == "uv"
    assert "pip install 'farcall[images]'" in missing.detail


def test_files_are_laid_out_whole_and_within_the_image_or_not_at_all(tmp_path: Path) -> None:
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("../outside"))
        (tmp_path / "tar").write_bytes(buffer.getvalue())
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    with pytest.raises(Failed, match="no file within the image"):
        lay_out(tmp_path / "tar", digest, tmp_path / "files")
    with pytest.raises(Failed, match="arrived damaged"):
        lay_out(tmp_path / "tar", "0" * 64, tmp_path / "files")
    assert not (tmp_path / "outside").exists()


def test_a_python_that_cannot_be_had_is_said(tmp_path: Path) -> None:
    recipe = ImageRecipe(image_id=bare_id("3.99"), python="3.99")
    told = Builder(tmp_path, recipe, UV_PYTHON_DOWNLOADS="never").failed()
    assert told["stage"] == "python"
    assert told["detail"].startswith("this host has no Python 3.99, and uv cannot fetch one")


def test_uv_looks_where_pip_does() -> None:
    said = (
        ":env:.cert='/c.pem'\nglobal.index-url='https://i/simple'\nglobal.extra-index-url='https://j https://k'\n"
        "global.find-links='/a\\n/b'\ninstall.index-url='https://l/simple'\nglobal.color='x'\nnonsense\n"
    )
    assert indexes.read_settings(said) == {
        "cert": "/c.pem",
        "index-url": "https://l/simple",
        "extra-index-url": "https://j https://k",
        "find-links": "/a\n/b",
    }


def test_what_is_set_for_uv_itself_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        indexes,
        "pip_settings",
        lambda: {"index-url": "https://i", "extra-index-url": "https://j\nhttps://k", "find-links": "/a /b"},
    )
    found = indexes.uv_variables({"UV_INDEX_URL": "https://mine", "HOME": "/h"})
    assert found == {
        "UV_INDEX_URL": "https://mine",
        "HOME": "/h",
        "UV_INDEX": "https://j https://k",
        "UV_FIND_LINKS": "/a,/b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_what_containers_need_is_what_farcall_requires() -> None:
    assert {one.partition(">")[0] for one in requirements()} == {"cloudpickle", "msgspec", "narwhals"}
