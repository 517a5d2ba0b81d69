"""Functions in images, against a real gateway: built once, by uv; told about while it lasts; cleared when unused."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.home import Home
from support.images import COWS, SLIM, greeting, look, moo, one, stay, which
from support.kernel import running_kernel
from support.waiting import PATIENCE_S, is_gone, until

from farcall import Image
from farcall.client.session import Session
from farcall.errors import ImageBuildError
from farcall.host.image_folder import ImageFolder
from farcall.wire.messages import Progress, StoreExpire, StoreExpired


def built(home: Home, image: Image) -> int:
    """How often the host began to build it."""
    log = (home.folder / "logs" / "supervisor.log").read_text()
    return log.count(f'building {image.recipe().image_id}"')


def gate(tmp_path: Path) -> tuple[Image, Path, Path]:
    """An image whose build says where it is, and goes on when it may; the files that tell, and that let it."""
    began, open_ = tmp_path / "began", tmp_path / "open"
    command = f"echo standing at the gate; echo $$ > {began}; while ! test -e {open_}; do sleep 0.1; done"
    return SLIM.run_commands(command), began, open_


def test_a_function_finds_what_its_image_has_and_not_what_the_notebook_has(home: Home) -> None:
    first = which.spawn("pytest")
    assert "moo" in moo.remote("moo")
    prefix, folder, has_pytest = first.get(timeout=PATIENCE_S)
    assert Path(prefix).is_relative_to(home.folder / "images")
    assert Path(folder).parent == Path(prefix).parent
    assert not has_pytest
    assert which.remote("farcall")[2], "processes that a function starts find farcall as well"
    assert built(home, COWS) == 1, "two functions with one image build it once"


def test_steps_files_variables_and_folders_are_there(home: Home, tmp_path: Path) -> None:
    image = greeting(tmp_path, "words.txt").run_commands(
        "echo $GREETING from $(pwd) > said.txt", "python -c 'import cowsay' && pip --version >> said.txt"
    )

    words, said, greeted, active = look.with_options(image=image).remote()
    assert (words, greeted) == ("hello", "hi")
    assert said.startswith("hi from ")
    assert said.splitlines()[0].endswith("/files/work")
    assert str(active) in said.splitlines()[1], "pip is the image's own"


def test_a_failing_build_reaches_everyone_who_waits_and_is_tried_again(home: Home, tmp_path: Path) -> None:
    repaired = tmp_path / "repaired"
    command = f"echo looking for it; sleep 0.5; test -e {repaired}"
    function = one.with_options(image=SLIM.run_commands(command))
    calls = [function.spawn() for _ in range(3)]
    for call in calls:
        with pytest.raises(ImageBuildError) as failed:
            call.get(timeout=PATIENCE_S)
        assert f"test -e {repaired} ended with code 1" in str(failed.value)
        assert "looking for it" in str(failed.value), "with its last lines"
    repaired.touch()
    assert function.spawn().get(timeout=PATIENCE_S) == 1


def test_a_package_that_is_not_there_fails_the_build_with_what_uv_says(home: Home) -> None:
    function = one.with_options(image=SLIM.pip_install("farcall-has-no-such-package==9"))
    with pytest.raises(ImageBuildError, match="farcall-has-no-such-package"):
        function.remote()


def test_who_waits_is_told_what_the_build_does(home: Home, tmp_path: Path) -> None:
    image, _, open_ = gate(tmp_path)
    call = one.with_options(image=image).spawn()
    heard: list[str] = []

    def hear(progress: Progress) -> None:
        heard.append(progress.waiting)

    leave = Session.current().watch(call.object_id, hear)
    until(lambda: any("standing at the gate" in text for text in heard), f"only {heard}")
    assert all(text.startswith("building an image") for text in heard if text)
    open_.touch()
    assert call.get(timeout=PATIENCE_S) == 1
    leave()


def test_cancelling_ends_a_build_that_nobody_else_waits_for(home: Home, tmp_path: Path) -> None:
    image, began, _ = gate(tmp_path)
    call = one.with_options(image=image).spawn()
    until(lambda: began.exists() and began.read_text().strip(), "the build did not begin")
    call.cancel()
    until(lambda: is_gone(int(began.read_text())), "its command runs on")
    assert ImageFolder(home.folder / "images", home.folder).ready(image.recipe().image_id) is None


def test_a_cell_shows_the_build(tmp_path: Path) -> None:
    image, _, open_ = gate(tmp_path)
    command = image.recipe().steps[0].lines[0]
    code = f"""
import farcall
@farcall.function(image=farcall.Image.debian_slim().run_commands({command!r}))
def f(x): return x + 1
f.map([1, 2])
"""

    def shows(message: dict[str, object]) -> bool:
        return "standing at the gate" in str(message["content"]) and "building an image" in str(message["content"])

    with running_kernel(tmp_path) as kernel:
        running = kernel.start(code)
        kernel.until(shows, timeout=PATIENCE_S)
        open_.touch()
        ran = kernel.finish(running, timeout=PATIENCE_S)
        assert not ran.error, ran.traceback


def test_a_terminal_shows_the_build_in_one_line(home: Home, tmp_path: Path) -> None:
    image, _, open_ = gate(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(
        "import farcall\n"
        f"image = farcall.Image.debian_slim().run_commands({image.recipe().steps[0].lines[0]!r})\n"
        "@farcall.function(image=image)\ndef f(x): return x + 1\nprint(f.remote(1))\n"
    )
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=theirs) as running:
        os.close(theirs)
        drawn = b""
        deadline = time.monotonic() + PATIENCE_S
        while b"standing at the gate" not in drawn and time.monotonic() < deadline:
            if select.select([ours], [], [], 1.0)[0]:
                drawn += os.read(ours, 4096)
        open_.touch()
        assert running.stdout is not None
        assert running.stdout.read().strip() == b"2"
    os.close(ours)
    assert b"waiting: building an image: running echo standing" in drawn


def test_images_go_when_nobody_used_them_and_never_while_in_use(home: Home, tmp_path: Path) -> None:
    image = SLIM.env({"FOR": "clearing"})
    folder = ImageFolder(home.folder / "images", home.folder)
    open_ = tmp_path / "open"
    id = image.recipe().image_id

    function = stay.with_options(image=image, scaledown_window=0.2)
    call = function.spawn(str(tmp_path / "began"), str(open_))
    until(lambda: (tmp_path / "began").exists(), "it did not begin")
    assert id not in expire().images
    assert folder.ready(id) is not None
    open_.touch()
    assert call.get(timeout=PATIENCE_S)
    pins = folder.pins(id).read_text()
    until(lambda: id in expire(pretend=True).images, "it stays in use")
    assert folder.ready(id) is not None, "pretending clears nothing"
    assert id in expire().images
    assert folder.ready(id) is None
    assert function.remote(str(tmp_path / "began"), str(open_)), "it is built again"
    assert folder.pins(id).read_text() == pins


def expire(*, pretend: bool = False) -> StoreExpired:
    return Session.current().ask(StoreExpire(request=0, seconds=0.0, pretend=pretend), StoreExpired, timeout=None)
