"""`npm run soak -- --minutes 60 --seed 1`: a hundred clients, 64 containers, mixed work, and wounds at random.

Every result is checked; memory, descriptors and disk are sampled. It ends with p50 and p99 of each kind of work and one
line of verdict; exit code 1 when an answer was wrong, a client broke, or something grew.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from statistics import median
from typing import Any

from test.bench.processes import told_pid
from test.python.support.home import running_home

from . import work
from .crew import Crew, Post, Told
from .holdings import Holdings
from .wounds import Wounds

_MOST_MINUTES = 24 * 60
#: After the last minute: a call that began then may still take as long as a stopped container (20 s) and its retry.
_PATIENCE_S = 300.0


def main() -> int:
    given = _arguments()
    print(f"soak: {given.clients} clients, {work.CONTAINERS} containers, {given.minutes:g} min, seed {given.seed}")
    with running_home() as home:
        work.double.remote(1)
        settings = {"seconds": given.minutes * 60, "seed": given.seed, "kinds": given.kinds}
        crew = Crew("test.load.soak:one_client", given.clients, settings)
        holdings = Holdings(home.folder, crew.pids, minutes=given.minutes, disk_limit=given.disk)
        wounds = Wounds(home.folder, given.seed) if given.wounds else None
        holdings.start()
        if wounds is not None:
            wounds.start()
        try:
            tally = _Tally.of(crew, given.minutes)
        finally:
            if wounds is not None:
                wounds.end()
            holdings.end()
            crew.close()
        assert told_pid("gateway.json", home.folder), "the gateway is there at the end"
    return _verdict(tally, holdings, wounds)


def one_client(number: int, settings: dict[str, Any], post: Post) -> None:
    """The job of each client: one piece of work after the other, until the time is over."""
    dice = random.Random(f"{settings['seed']} {number}")
    post.wait_for_all()
    deadline = time.monotonic() + settings["seconds"]
    while time.monotonic() < deadline:
        kind = work.choose(dice, settings["kinds"])
        began = time.monotonic()
        told: Told = {"client": number, "kind": kind.__name__}
        try:
            told["inputs"] = kind(dice)
        except Exception as error:
            told["wrong"] = f"{type(error).__name__}: {error}"[:500]
        post.say({**told, "seconds": time.monotonic() - began})
        time.sleep(dice.random() * 0.2)


class _Tally:
    """What the clients said."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.inputs = 0
        self.wrong: list[str] = []

    @classmethod
    def of(cls, crew: Crew, minutes: float) -> _Tally:
        tally = cls()
        try:
            for told in crew.told(minutes * 60 + _PATIENCE_S):
                tally.take(told)
        except (TimeoutError, RuntimeError) as error:
            tally.wrong.append(f"{error} ({_PATIENCE_S:.0f} s after the last minute)")
        return tally

    def take(self, told: Told) -> None:
        if "broken" in told or "wrong" in told:
            what = told.get("wrong") or told.get("broken")
            self.wrong.append(f"client {told['client']}, {told.get('kind', 'at all')}: {what}")
            return
        self.seconds[told["kind"]].append(told["seconds"])
        self.inputs += told["inputs"]

    def words(self) -> list[str]:
        lines = []
        for kind, seconds in sorted(self.seconds.items()):
            seconds.sort()
            p50, p99 = median(seconds) * 1000, seconds[int(len(seconds) * 0.99)] * 1000
            lines.append(f"{kind:<24} {len(seconds):>7,} times, p50 {p50:>9,.1f} ms, p99 {p99:>9,.1f} ms")
        return lines


def _verdict(tally: _Tally, holdings: Holdings, wounds: Wounds | None) -> int:
    hurt = wounds.done if wounds is not None else Counter[str]()
    print("\n".join([*tally.words(), *holdings.words()]))
    if not holdings.tells_growth:
        print("too short a run to tell growth from warming up: only limits were judged")
    print(f"wounds: {', '.join(f'{count} × {wound}' for wound, count in hurt.most_common()) or 'none'}")
    complaints = holdings.complaints()
    for line in [*tally.wrong[:20], *complaints]:
        print(f"  {line}")
    done = sum(map(len, tally.seconds.values()))
    is_well = done > 0 and not tally.wrong and not complaints
    said = "WELL" if is_well else "NOT WELL"
    print(f"{said}: {done:,} pieces of work, {tally.inputs:,} inputs, {len(tally.wrong)} wrong, {len(complaints)} grew")
    return 0 if is_well else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run soak --", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--wounds", type=int, choices=(0, 1), default=1, help="0: hurt nothing")
    parser.add_argument("--disk", type=float, default=12_000, help="MB that the home may take")
    names = [kind.__name__ for kind in work.KINDS]
    parser.add_argument(
        "--kinds", nargs="+", choices=names, default=names, help="only this work, to narrow things down"
    )
    given = parser.parse_args()
    if not 0 < given.minutes <= _MOST_MINUTES or not 1 <= given.clients <= 200:
        parser.error(f"--minutes takes up to {_MOST_MINUTES}, --clients from 1 to 200")
    return given


if __name__ == "__main__":
    sys.exit(main())
