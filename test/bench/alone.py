"""One benchmark of ours in a process and a home of its own: a turn for each line on stdin, its figures as a JSON line.

`python -m test.bench.alone latency quick`. check.py runs two of them side by side, with different gateways.
"""

from __future__ import annotations

import importlib
import json
import sys

from test.python.support.home import running_home

from . import peers
from .promise import OURS, Benchmark


def main() -> None:
    name, effort = sys.argv[1:3]
    peers.installed = lambda: ()  # type: ignore[assignment]  # ours alone
    with running_home():
        benchmark: Benchmark = importlib.import_module(f"test.bench.{name}").benchmark(effort)
        try:
            for _ in sys.stdin:
                print(json.dumps(dict(benchmark.contenders[OURS]())), flush=True)
        finally:
            benchmark.close()


if __name__ == "__main__":
    main()
