"""A keeper: the parent of containers, in one of two modes: ``fork`` (a zygote, with modules imported) or ``spawn``.

The supervisor runs it as ``executable -c BOOT mode fd`` and talks JSON lines over the socket. It has one thread and no
other socket; when the supervisor goes away, everything below it is killed. It never runs code of a notebook.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from . import birth, preload, processes

#: What a keeper's interpreter runs. Our package is found where the supervisor has it, if the environment has none.
BOOT = "import sys; sys.path.append(sys.argv.pop(1)); from farcall.host.zygote import main; main()"


class Parent:
    """Starts containers when told to, reports their ends, and lets nothing outlive the supervisor."""

    def __init__(self, mode: str, pipe: socket.socket) -> None:
        self._mode = mode
        self._pipe = pipe
        self._children: dict[int, str] = {}  # pid → container id
        self._imported: set[str] = set()
        self._leaving = False
        self._buffer = b""
        self._woken, self._wake = socket.socketpair()  # SIGCHLD ends the poll through it
        self._woken.setblocking(False)
        self._wake.setblocking(False)

    def serve(self) -> None:
        """Until the supervisor says ``leave`` and no container is left, or is gone."""
        woken, wake = self._woken, self._wake
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        processes.outlive_parent()  # the pipe tells
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        poll.register(woken, select.POLLIN)
        while not (self._leaving and not self._children):
            ready = {descriptor for descriptor, _ in poll.poll()}
            if woken.fileno() in ready:
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
            self._reap()
            if self._pipe.fileno() in ready and not self._listen():
                return

    def end(self) -> None:
        """Kill everything below this process, daemons included."""
        for pid in self._children:
            processes.kill_group(pid)
        while processes.LINUX and (left := processes.children(os.getpid())):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.wait()

    def _listen(self) -> bool:
        try:
            received = self._pipe.recv(65536)
        except ConnectionError:
            received = b""
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if message["do"] == "leave":
                self._leaving = True
            else:
                self._start(message)
        return bool(received)

    def _start(self, order: birth.Order) -> None:
        why = self._prepare(order) if self._mode == "fork" else None
        if why is not None:
            self._say(event="unsafe", id=order["id"], **why)
            return
        config, parent = birth.config_file(order), os.getpid()
        try:
            pid = os.fork()
            if pid == 0:
                self._child(order, parent, config)
        except OSError as error:
            self._say(event="failed", id=order["id"], why=f"cannot fork: {error.strerror}")
            return
        finally:
            os.close(config)
        self._children[pid] = order["id"]
        self._say(event="started", id=order["id"], pid=pid)

    def _prepare(self, order: birth.Order) -> dict[str, Any] | None:
        """Import what the function needs. Not None: which module made forking unsafe here, and why."""
        for module in order["imports"]:
            if module in self._imported:
                continue
            self._imported.add(module)
            if preload.is_installed(module):
                with preload.one_thread(), contextlib.suppress(Exception, SystemExit):
                    importlib.import_module(module)
            why = preload.unsafe()
            if why:
                return {"module": module, "why": why}
        gc.freeze()
        return None

    def _child(self, order: birth.Order, parent: int, config: int) -> None:
        """The new process. Never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            birth.settle(order, parent, config, [file.fileno() for file in (self._pipe, self._woken, self._wake)])
            if self._mode == "spawn":
                command = spawn_arguments(order)
                os.execve(command[0], command, birth.variables_of(order))
            birth.become(order)
            from farcall.container.main import main as run

            code = run()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            with contextlib.suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        """Report ended containers. What is left of a group goes first, while the dead leader still holds its number."""
        for pid, status in ended_children(self._end_group):
            container = self._children.pop(pid, None)
            if container is not None:
                self._kill_leftovers(container)
                self._say(event="exited", id=container, code=os.waitstatus_to_exitcode(status))

    def _end_group(self, pid: int) -> None:
        if pid in self._children:
            processes.kill_group(pid)

    def _kill_leftovers(self, container: str) -> None:
        """Daemons of a container have become our children; the mark in their environment tells whose they were."""
        if not processes.LINUX:
            return
        doomed = (container,) if self._children else (container, "")
        for pid in processes.children(os.getpid()):
            if pid not in self._children and processes.variable(pid, birth.MARK) in doomed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _say(self, **event: Any) -> None:
        with contextlib.suppress(ConnectionError):
            self._pipe.sendall(json.dumps(event).encode() + b"\n")


def ended_children(before: Callable[[int], None]) -> Iterator[tuple[int, int]]:
    """Reap children that have ended: number and status. ``before`` is called while the number still is the child's."""
    while True:
        try:
            if processes.LINUX:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                pid = ended.si_pid if ended is not None else 0
                if pid:
                    before(pid)
                    yield os.waitpid(pid, 0)
            else:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid:
                    before(pid)
                    yield pid, status
        except ChildProcessError:
            return
        if not pid:
            return


def spawn_arguments(order: birth.Order) -> list[str]:
    """The command line of a container that is not forked. Nothing secret: everybody may read it."""
    boot = "import sys; sys.path.append(sys.argv.pop(1)); from farcall.container.main import main; sys.exit(main())"
    wrap = order["cell"]["wrap"] if order["cell"] is not None else ()
    return [*wrap, order["executable"], "-c", boot, home_of_package()]


def home_of_package() -> str:
    """The folder that holds the package farcall."""
    return str(Path(__file__).resolve().parents[2])


def main(arguments: Sequence[str] | None = None) -> None:
    mode, descriptor, supervisor = (arguments or sys.argv)[1:4]
    processes.die_with_parent(int(supervisor))
    processes.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    parent = Parent(mode, socket.socket(fileno=int(descriptor)))
    if mode == "fork":
        preload.import_ours(json.loads(os.environ.pop("FARCALL_PATH")))
    try:
        parent.serve()
    finally:
        parent.end()
        os._exit(0)


if __name__ == "__main__":
    main()
