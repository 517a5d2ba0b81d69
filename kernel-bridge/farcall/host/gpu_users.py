"""Who uses the GPUs beside containers: what nvidia-smi lists, looked up now and then, without waiting for it.

A GPU that somebody else uses is handed out all the same; who waits for one, or finds its memory short, is told who.
The notebook's own kernel is the one that is forgotten most often.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Set
from pathlib import Path

_QUERY = (
    "nvidia-smi",
    "--query-compute-apps=gpu_uuid,pid,process_name,used_memory",
    "--format=csv,noheader,nounits",
)
_EVERY_S = 15.0
#: One that does not answer is asked no more.
_PATIENCE_S = 30.0
_NAMED = 4


class GpuUsers:
    """Asks on a timer; :meth:`news` says when the answer is another one."""

    def __init__(self) -> None:
        self._asked: subprocess.Popen[str] | None = None
        self._asked_at = 0.0
        self._ask_at = 0.0
        self._known: dict[str, str] | None = {}

    def news(self, now: float, ours: Set[int]) -> dict[str, str] | None:
        """GPU uuid → who, in words, if that has changed. ``ours``: processes of containers, which do not count."""
        if self._asked is None:
            if now >= self._ask_at:
                self._ask(now)
            return None
        if self._asked.poll() is None:
            if now - self._asked_at > _PATIENCE_S:
                self.close()
                self._ask_at = float("inf")
            return None
        answer = self._answer()
        self._ask_at = now + _EVERY_S
        if answer is None:
            return None
        found = users_of(answer, ours)
        if found == self._known:
            return None
        self._known = found
        return found

    def forget(self) -> None:
        """The gateway is another one: it has to be told again."""
        self._known = None
        self._ask_at = min(self._ask_at, 0.0)

    def close(self) -> None:
        if self._asked is not None:
            self._asked.kill()
            self._answer()

    def _ask(self, now: float) -> None:
        self._asked_at = now
        try:
            self._asked = subprocess.Popen(_QUERY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        except OSError:
            self._ask_at = float("inf")

    def _answer(self) -> str | None:
        asked, self._asked = self._asked, None
        if asked is None:
            return None
        said, _ = asked.communicate()
        return said if asked.returncode == 0 else None


def users_of(said: str, ours: Set[int]) -> dict[str, str]:
    """nvidia-smi's lines as GPU uuid → who, in words."""
    users: dict[str, list[str]] = {}
    for line in said.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != 4 or not fields[1].isdigit() or int(fields[1]) in ours:
            continue
        uuid, pid, program, memory = fields
        users.setdefault(uuid, []).append(f"{_name(pid, program)} (pid {pid}{_amount(memory)})")
    return {uuid: ", ".join(names[:_NAMED]) + (" and more" if names[_NAMED:] else "") for uuid, names in users.items()}


def _name(pid: str, program: str) -> str:
    words: list[bytes] = []
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    if any(b"ipykernel" in word for word in words):
        return "a notebook's kernel"
    return Path(program).name or "a process"


def _amount(memory: str) -> str:
    return f", {int(memory):,} MiB" if memory.isdigit() else ""
