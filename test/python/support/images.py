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
