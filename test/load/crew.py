"""A crew: a few processes with many clients each, started and read by soak.py, queued.py and the growth benchmark.

Each process is `python -m test.load.crew`: its order as a JSON line on stdin, then "go" once every client is ready;
what its clients say as JSON lines on stdout. The end of its stdin ends it early.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import Any

from .sessions import client, session_per_thread

Told = dict[str, Any]
_JOIN_S = 120.0
#: More threads than this in one process would wait for each other rather than for the gateway.
CLIENTS_EACH = 25


class Crew:
    """``clients`` clients that all run ``job``, "module:function", called as function(number, settings, post)."""

    def __init__(self, job: str, clients: int, settings: Mapping[str, Any]) -> None:
        self._told: SimpleQueue[Told | None] = SimpleQueue()
        self._unready = clients
        self.processes: list[subprocess.Popen[str]] = []
        for first in range(0, clients, CLIENTS_EACH):
            order = {"job": job, "first": first, "count": min(CLIENTS_EACH, clients - first), "settings": settings}
            self._start(order)

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    def told(self, seconds: float) -> Iterator[Told]:
        """What the clients say, as it comes, until all have ended.

        Raises when one of the processes failed, and the builtin TimeoutError when they take longer than ``seconds``.
        """
        deadline = time.monotonic() + seconds
        for _ in self.processes:
            while (told := self._next(deadline)) is not None:
                if told.get("ready"):
                    self._unready -= 1
                    self._go_when_all_are_ready()
                else:
                    yield told
        failed = [process.wait() for process in self.processes if process.wait() != 0]
        if failed:
            raise RuntimeError(
                f"{len(failed)} of {len(self.processes)} client processes failed, the first: {failed[0]}"
            )

    def close(self) -> None:
        """End those that still run. Idempotent."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
            process.wait(_JOIN_S)

    def _next(self, deadline: float) -> Told | None:
        try:
            return self._told.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            raise TimeoutError("not all clients came to their end in time") from None

    def _go_when_all_are_ready(self) -> None:
        if self._unready:
            return
        for process in self.processes:
            assert process.stdin is not None, "it was asked for"
            process.stdin.write("go\n")
            process.stdin.flush()

    def _start(self, order: Mapping[str, Any]) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "test.load.crew"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        assert process.stdin is not None, "it was asked for"
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None, "it was asked for"
        for line in process.stdout:
            self._told.put(json.loads(line))
        self._told.put(None)


class Post:
    """A client's way to whoever started the crew."""

    def __init__(self) -> None:
        self._saying = threading.Lock()  # guards stdout
        self._go = threading.Event()

    def say(self, told: Told) -> None:
        with self._saying:
            print(json.dumps(told), flush=True)

    def wait_for_all(self) -> None:
        """Until every client of the crew is here. Each client has to come, or they wait for ever."""
        self.say({"ready": True})
        self._go.wait()

    def listen(self) -> None:
        """Reads stdin without its buffer, whose lock this thread would hold while the process ends."""
        while os.read(0, 64):
            self._go.set()
        os._exit(1)  # whoever started us is gone: nobody reads what we say


def main() -> None:
    order = json.loads(_first_line())
    module, _, name = order["job"].partition(":")
    job = getattr(importlib.import_module(module), name)
    session_per_thread()
    post = Post()

    def run(number: int) -> None:
        try:
            with client():
                job(number, order["settings"], post)
        except Exception as error:
            post.say({"client": number, "broken": f"{type(error).__name__}: {error}"})

    threading.Thread(target=post.listen, daemon=True).start()
    threads = [threading.Thread(target=run, args=(order["first"] + at,)) for at in range(order["count"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1)
    return line


if __name__ == "__main__":
    main()
