"""F16: a running store is copied at random moments and loses what was not synced, as when the power goes.

A library loaded before the gateway notes every fsync, so what lies behind one is known and not believed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import farcall
from farcall.client.session import Session
from farcall.wire.messages import CallAccepted, InputsAccepted, Outcomes
from test.python.support.home import ROOT
from test.python.support.waiting import until

from .conftest import Home
from .program import library, node, run_instead, shipped_program

COPIES = int(os.environ.get("FARCALL_COPIES", "100"))


class Told:
    """What the gateway said is durable: per call, inputs below a number, and positions of outcomes."""

    def __init__(self) -> None:
        self.inputs: defaultdict[str, int] = defaultdict(int)
        self.outcomes: defaultdict[str, int] = defaultdict(int)
        self.count = 0

    def note(self, message: object) -> None:
        if isinstance(message, InputsAccepted):
            self.inputs[message.call_id] = max(message.through, self.inputs[message.call_id])
        elif isinstance(message, Outcomes):
            self.outcomes[message.call_id] = max(message.seq + message.count, self.outcomes[message.call_id])
        elif not isinstance(message, CallAccepted):
            return
        self.count += 1


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gateways started from now on sync for a loss of power, and their fsyncs are noted in this file."""
    notes, noting = tmp_path / "synced", library("synced", tmp_path)
    monkeypatch.setenv("FARCALL_SYNCED", str(notes))
    run_instead(monkeypatch, tmp_path, f'LD_PRELOAD={noting} exec {node()} "$@" --durability power')
    return notes


@pytest.mark.parametrize(
    "copies", [pytest.param(25, id="25 copies"), pytest.param(COPIES, id="all copies", marks=pytest.mark.slow)]
)
def test_all_that_was_acknowledged_is_in_a_store_that_lost_its_unsynced_tails(
    home: Home, synced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    told, dice = Told(), random.Random(20261121)
    take = Session.take
    monkeypatch.setattr(
        Session, "take", lambda self, message, payload: (told.note(message), take(self, message, payload))
    )
    expected, lost = [], 0
    with working() as thread:
        for number in range(copies):
            seen = told.count + dice.randrange(1, 12)
            until(lambda seen=seen: told.count >= seen or not thread.is_alive())
            assert thread.is_alive(), "the work goes on"
            with stopped(home.pid):
                copy = copied(home.folder, tmp_path / f"copy-{number}")
                expected.append((copy, dict(told.inputs), dict(told.outcomes)))
                sizes = synced_sizes(synced, home.folder)
            lost += sum(cut(file, sizes.get(str(file.relative_to(copy)), 0), dice) for file in files(copy))
    assert lost > 0, "something was not synced yet"
    found = read([copy for copy, _, _ in expected], tmp_path)
    for (copy, inputs, outcomes), (integrity, calls) in zip(expected, found, strict=True):
        assert integrity == "ok", copy
        for call, count in inputs.items():
            assert calls[call]["inputs"][:count] == list(range(count)), (copy, call)
        for call, count in outcomes.items():
            assert len(set(calls[call]["outcomes"])) == len(calls[call]["outcomes"]) >= count, (copy, call)
        assert [call["torn"] for call in calls.values() if call["torn"]] == [], copy


def echo(text: str) -> str:
    """Small and large results."""
    number = text.split("-")[1]
    return f"<result-{number}-{'r' * (6_000 if int(number) % 5 == 0 else 20)}-result-{number}->"


@contextlib.contextmanager
def working() -> Iterator[threading.Thread]:
    """Maps and lone calls one after the other, beside the test."""
    function = farcall.App("faults").function(max_containers=2)(echo)
    texts = [f"<input-{n}-{'i' * (6_000 if n % 7 == 0 else 20)}-input-{n}->" for n in range(600)]
    enough = threading.Event()

    def work() -> None:
        while not enough.is_set():
            assert len(list(function.map(texts))) == len(texts)
            function.remote(texts[0])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        enough.set()
        thread.join(60)


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """All its threads at once, so that what is copied is one moment."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def copied(folder: Path, copy: Path) -> Path:
    copy.mkdir()
    for file in folder.glob("store*"):
        shutil.copy(file, copy)
    shutil.copytree(folder / "payloads", copy / "payloads")
    return copy


def files(copy: Path) -> list[Path]:
    return [file for file in copy.rglob("*") if file.is_file()]


def synced_sizes(notes: Path, folder: Path) -> dict[str, int]:
    """How long each file was at its last fsync."""
    lines = (line.split(" ", 1) for line in notes.read_text().splitlines())
    return {str(Path(path).relative_to(folder)): int(size) for size, path in lines if Path(path).is_relative_to(folder)}


def cut(file: Path, synced: int, dice: random.Random) -> int:
    """Take some or all of what lies behind the last fsync; how many bytes that were."""
    size = file.stat().st_size
    kept = min(size, dice.choice([synced, dice.randint(min(synced, size), size)]))
    os.truncate(file, kept)
    return size - kept


def read(copies: list[Path], folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Open every copy: what SQLite says of it, and what is in it."""
    script = folder / "read.mjs"
    bundle = ["--bundle", "--platform=node", "--target=node22", "--format=esm", "--log-level=warning"]
    alias = "--alias:@farcall/kernel-bridge/wire=./kernel-bridge/src/wire/index.ts"
    banner = "--banner:js=import { createRequire as make } from 'node:module'; const require = make(import.meta.url);"
    esbuild = [str(ROOT / "node_modules/.bin/esbuild"), "test/faults/power/read.ts", f"--outfile={script}"]
    subprocess.run([*esbuild, *bundle, alias, banner], cwd=ROOT, check=True)
    thread = shipped_program().with_name("store-thread.mjs")
    ran = subprocess.run(
        [node(), str(script), str(thread)],
        input="\n".join(map(str, copies)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return [(line["integrity"], line["calls"]) for line in lines]
