"""Functions that run in images. In a module of their own: what its file imports has to be in the image as well."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import time
from pathlib import Path

import farcall
from farcall import Image

SLIM = Image.debian_slim()
#: A pure Python package that nothing else here needs.
COWS = SLIM.pip_install("cowsay")

with COWS.imports():
    import cowsay


@farcall.function(image=COWS)
def moo(text: str) -> str:
    """A cow that says it."""
    return str(cowsay.get_output_string("cow", text))


@farcall.function(image=COWS)
def which(name: str) -> tuple[str, str, bool]:
    """The environment, the working folder, and whether a module can be imported."""
    return sys.prefix, str(Path.cwd()), importlib.util.find_spec(name) is not None


@farcall.function
def look() -> tuple[str, str, str, str | None]:
    """What a module, a command, and variables of the image say."""
    module = importlib.import_module("fc_module")
    return module.greet(), Path("said.txt").read_text(), os.environ["GREETING"], os.environ.get("VIRTUAL_ENV")


def greeting(folder: Path, name: str) -> Image:
    """A folder to work in with a text file of that name, a module that reads it, and a variable: what `look` wants."""
    (folder / name).write_text("hello")
    (folder / "fc_module.py").write_text(f"def greet(): return open('{name}').read()")
    return (
        COWS.env({"GREETING": "hi"})
        .add_local_file(folder / name, "work/")
        .add_local_file(folder / "fc_module.py")
        .workdir("work")
    )


@farcall.function
def one() -> int:
    """1."""
    return 1


@farcall.function
def stay(began: str, until: str) -> bool:
    """Until there is a file."""
    Path(began).touch()
    while not Path(until).exists():
        time.sleep(0.05)
    return True


@farcall.function(image=COWS)
def where() -> tuple[str, int]:
    """The environment that it runs in, and as which user."""
    return sys.prefix, os.getuid()


@farcall.function(image=COWS)
def spoil(prefix: str) -> dict[str, str]:
    """What becomes of writing into the image, and of reading the gateway's own copy of what was sent for it."""

    def trying(path: Path) -> str:
        try:
            path.write_text("spoiled")
        except OSError as error:
            return type(error).__name__
        return "WRITTEN"

    site = next(Path(prefix).glob("lib/python*/site-packages"))
    return {
        "a package": trying(site / "cowsay" / "__init__.py"),
        "a new module": trying(site / "fc_spoiled.py"),
        "beside it": trying(Path(prefix).parent / "fc_spoiled.txt"),
    }
