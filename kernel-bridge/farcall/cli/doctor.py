"""`farcall doctor`: each thing that a call needs, and what to do about what is missing. What is checked: checkup.py."""

from __future__ import annotations

import argparse

from .. import checkup
from .common import Commands, print_json, takes_json


def add(commands: Commands) -> None:
    """Make the command known."""
    command = commands.add_parser("doctor", help="check this installation; starts the gateway if none runs")
    command.set_defaults(run=_run)
    takes_json(command)


def _run(asked: argparse.Namespace) -> int:
    found = []
    for finding in checkup.findings():
        found.append(finding)
        if not asked.json:
            state = finding.state if finding.state != "fail" else "FAIL"
            print(f"{state:<5} {finding.name}: {finding.says}", flush=True)
    if asked.json:
        print_json([finding._asdict() for finding in found])
    return 1 if any(finding.state == "fail" for finding in found) else 0
