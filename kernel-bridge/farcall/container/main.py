"""The first code of a container's process: reads its configuration from stdin, then runs the loop.

Called by the zygote after a fork, or by a fresh interpreter. Configuration never travels in argv or the environment.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import sys
from typing import Any

from ..wire.control_page import ContainerPage
from .loop import Loop


def main() -> int:
    """Run a container until it leaves; the exit code."""
    config = _read_config()
    sys.argv[:] = ["farcall-container"]
    if config["path"]:  # none: the gateway's own interpreter, with the path it comes with
        sys.path[:] = config["path"]
    _enter_folder(config["cwd"])
    log = logging.getLogger("farcall")
    if log.level != logging.WARNING:  # a zygote's is; and setting it clears what every logger has cached
        log.setLevel(logging.WARNING)
    page = ContainerPage(config["page"])
    loop = Loop(config["id"], config["url"], config["token"], window=float(config["window"]), page=page)
    code = loop.run()
    _say_goodbye()
    return code


def _read_config() -> dict[str, Any]:
    with open(0, "rb", closefd=False) as stdin:
        config: dict[str, Any] = json.loads(stdin.readline())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return config


def _enter_folder(folder: str) -> None:
    try:
        os.chdir(folder)
    except OSError:
        os.chdir("/")  # the caller's folder is not on this host, or gone


def _say_goodbye() -> None:
    """What user code registered for the end; then out, without waiting for threads it left running."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
