"""`farcall serve`: become a gateway that other machines reach."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .. import __version__
from ..client import embedded
from .common import Commands

#: Options that the gateway takes as they are: name → help.
_PASSED = {
    "tls_cert": "certificate file (PEM)",
    "tls_key": "key file (PEM)",
    "gpus": "what this machine has, such as A100:2,T4:1 (default: ask nvidia-smi)",
    "region": "where this machine is: functions with region= run only where theirs is (default: nowhere)",
    "cloud": "whose machine this is, for functions with cloud=, such as onprem (default: nobody's)",
    "uids": "users for containers, with --isolation uid (default: 60600-61099)",
    "keep_days": "delete calls that ended so many days ago (default: 7)",
    "keep_bytes": "delete the oldest payloads beyond this, such as 50GiB (default: 10GiB)",
    "keep_images": "delete images that are not in use, least recently used first, beyond this (default: 20GiB)",
    "allow_host": "a further name that this gateway is addressed by; may be given again",
    "allow_origin": "an Origin of browser pages that may come in, letter by letter; may be given again",
    "limit": "NAME=NUMBER: unproven, handshake, header, frame, connections or messages; may be given again",
    "log_level": "debug, info, warn or error (default: info)",
}


def add(commands: Commands) -> None:
    """Make the command known."""
    serve = commands.add_parser("serve", help="run a gateway that other machines reach")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (beyond loopback TLS is required)")
    serve.add_argument("--port", type=int, default=8765, help="0: any free one")
    serve.add_argument("--insecure", action="store_true", help="listen beyond loopback without TLS")
    serve.add_argument(
        "--isolation",
        choices=("auto", "uid", "bwrap", "none"),
        default="auto",
        help="keep containers out of the gateway's folder: as users of their own (as root), or with bubblewrap",
    )
    for option, says in _PASSED.items():
        repeated = {"action": "append"} if says.endswith("again") else {}
        serve.add_argument(f"--{option.replace('_', '-')}", help=says, **repeated)
    serve.set_defaults(run=run)


def run(asked: argparse.Namespace) -> int:
    """Its ready line is turned into words, then this process waits for it."""
    home = embedded.home_folder()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = embedded.command(home, "--host", asked.host, "--port", str(asked.port))
    command += ["--durability", "power", "--reconnect-window", "600"]
    for option in ("isolation", *_PASSED):
        given = getattr(asked, option) or []
        for value in given if isinstance(given, list) else [given]:
            command += [f"--{option.replace('_', '-')}", value]
    if asked.insecure:
        command.append("--insecure")
    return embedded.run_in_foreground(command, lambda ready: _say_ready(ready, home))


def _say_ready(ready: str, home: Path) -> None:
    url = json.loads(ready)["url"]
    print(f"farcall {__version__} serves at {url}")
    print(f"its token is in {home / 'token'}")
    print(f"on the other machine: FARCALL_URL={url} FARCALL_TOKEN=<the token>", flush=True)
