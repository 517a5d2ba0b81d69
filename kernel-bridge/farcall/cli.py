"""The command `farcall`: serve, status, stop, calls, doctor. Words for people, exit codes for scripts."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import __version__, errors
from .client import embedded
from .client.place import Place, choose, default_place
from .client.session import Session
from .wire.messages import CallList, CallListing, RuntimeAsk, RuntimeState, RuntimeStop

_STOP_S = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parsed = _parser().parse_args(arguments)
    if getattr(parsed, "home", None):
        os.environ["FARCALL_HOME"] = str(Path(parsed.home).expanduser().absolute())
    try:
        code: int = parsed.run(parsed)
    except (errors.Error, embedded.StartError) as error:
        print(f"farcall: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="farcall", description="Notebook cells as functions that run on far machines."
    )
    parser.add_argument("--version", action="version", version=f"farcall {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser("serve", help="run a gateway that other machines reach")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (beyond loopback TLS is required)")
    serve.add_argument("--port", type=int, default=8765, help="0: any free one")
    serve.add_argument("--tls-cert", help="certificate file (PEM)")
    serve.add_argument("--tls-key", help="key file (PEM)")
    serve.add_argument("--insecure", action="store_true", help="listen beyond loopback without TLS")
    serve.add_argument("--gpus", help="what this machine has, such as A100:2,T4:1 (default: ask nvidia-smi)")
    serve.set_defaults(run=_serve)
    for name, run, says in (
        ("status", _status, "where the gateway is, and what runs in it"),
        ("stop", _stop, "end this machine's gateway and its containers"),
        ("calls", _calls, "the newest calls"),
        ("doctor", _doctor, "check this installation"),
    ):
        commands.add_parser(name, help=says).set_defaults(run=run)
    for command in commands.choices.values():
        command.add_argument("--home", help="folder of the gateway (default: $FARCALL_HOME)")
    return parser


def _serve(asked: argparse.Namespace) -> int:
    """Become the gateway: its ready line is turned into words, then this process waits for it."""
    home = embedded.home_folder()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [embedded.node(), str(embedded.bundle()), "--home", str(home), "--python", sys.executable]
    command += ["--host", asked.host, "--port", str(asked.port), "--durability", "power", "--reconnect-window", "600"]
    for option in ("tls_cert", "tls_key", "gpus"):
        if getattr(asked, option):
            command += [f"--{option.replace('_', '-')}", getattr(asked, option)]
    if asked.insecure:
        command.append("--insecure")
    return embedded.run_in_foreground(command, lambda ready: _say_ready(ready, home))


def _say_ready(ready: str, home: Path) -> None:
    url = json.loads(ready)["url"]
    print(f"farcall {__version__} serves at {url}")
    print(f"its token is in {home / 'token'}")
    print(f"on the other machine: FARCALL_URL={url} FARCALL_TOKEN=<the token>", flush=True)


def _status(_: argparse.Namespace) -> int:
    if not _is_running():
        print(f"no gateway runs for {default_place().name}; the first call starts one")
        return 3
    state = _session().ask(RuntimeAsk(request=0), RuntimeState)
    up = time.time() - state.started_at
    print(f"gateway     farcall {state.version}, pid {state.pid}, up {up:,.0f} s, at {Session.current().url}")
    print(f"host        {state.cpus} CPUs, {state.memory:,} MiB, Python {state.python}")
    gpus = ", ".join(f"{gpu.name}{' (busy)' if gpu.container_id else ''}" for gpu in state.gpus)
    print(f"GPUs        {gpus or 'none'}")
    print(f"clients     {state.clients}, open calls {state.calls_open}, containers {len(state.containers)}")
    for one in state.containers:
        print(f"  {one.container_id}  {one.state:<9} {one.function}  {one.inputs:,} inputs  pid {one.pid}")
    return 0


def _stop(_: argparse.Namespace) -> int:
    found = embedded.find()
    if found is None:
        print("no gateway runs here")
        return 0
    choose(Place(*found))
    session = Session.current()
    session.notify(RuntimeStop(keep=False))
    until = time.monotonic() + _STOP_S
    while embedded.find() is not None and time.monotonic() < until:
        time.sleep(0.05)
    if embedded.find() is not None:
        print(f"the gateway did not stop in {_STOP_S:.0f} s", file=sys.stderr)
        return 1
    print("stopped")
    return 0


def _calls(_: argparse.Namespace) -> int:
    if not _is_running():
        print("no gateway runs here")
        return 3
    listing = _session().ask(CallList(request=0, limit=20), CallListing)
    for call in listing.calls:
        counts = call.counts
        done = counts.succeeded + counts.failed + counts.cancelled + counts.timed_out
        name = f"{call.app}.{call.name}" if call.app else call.name
        failed = f", {counts.failed + counts.timed_out:,} failed" if counts.failed + counts.timed_out else ""
        print(f"{call.call_id}  {call.state:<10} {name}  {done:,}/{call.inputs:,}{failed}  {call.origin}")
    return 0


def _doctor(_: argparse.Namespace) -> int:
    """One line a check; exit code 1 when something is missing."""
    checks: tuple[tuple[str, Callable[[], object]], ...] = (
        ("Python", lambda: f"{platform.python_version()} at {sys.executable}"),
        ("Node", _node),
        ("gateway program", embedded.bundle),
        ("gateway", _reach),
        ("isolation", _isolation),
    )
    failed = 0
    for name, check in checks:
        try:
            print(f"ok    {name}: {check()}")
        except (errors.Error, embedded.StartError, OSError) as error:
            failed += 1
            print(f"FAIL  {name}: {error}")
    return 1 if failed else 0


def _node() -> str:
    program = embedded.node()
    version = embedded.node_version(program)
    if version is None:
        raise embedded.StartError(f"{program} does not run")
    return f"{'.'.join(map(str, version))} at {program}"


def _reach() -> str:
    began = time.monotonic()
    state = _session().ask(RuntimeAsk(request=0), RuntimeState)
    took = (time.monotonic() - began) * 1000
    return f"farcall {state.version}, Python {state.python}, at {Session.current().url}, answers in {took:.0f} ms"


def _isolation() -> str:
    return "none: containers run as you, with your files; run only code you trust"


def _is_running() -> bool:
    return not default_place().is_embedded or embedded.find() is not None


def _session() -> Session:
    return Session.current()


if __name__ == "__main__":
    sys.exit(main())
