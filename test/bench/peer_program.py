"""Runs in the peers' environment, one process a turn: `peer_program.py Ray latency '{"calls": 300}'`.

Its figures are JSON lines. Knows nothing of farcall.
A peer is a start, one call and a map; what is measured with them is the same for all.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any, Protocol

WORKERS = 2


class Peer(Protocol):
    """One tool, as a person would use it."""

    def start(self, workers: int) -> None: ...

    def call(self, function: Callable[[Any], Any], value: Any) -> Any: ...

    def map(self, function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]: ...

    def close(self) -> None: ...


class Ray:
    def start(self, workers: int) -> None:
        import ray  # type: ignore[import-not-found, unused-ignore]

        self._ray = ray
        self._remote: dict[Any, Any] = {}
        ray.init(num_cpus=workers, include_dashboard=False, logging_level="ERROR", log_to_driver=False)

    def call(self, function: Callable[[Any], Any], value: Any) -> Any:
        return self._ray.get(self._of(function).remote(value))

    def map(self, function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
        remote = self._of(function)
        return list(self._ray.get([remote.remote(value) for value in values]))

    def close(self) -> None:
        self._ray.shutdown()

    def _of(self, function: Callable[[Any], Any]) -> Any:
        return self._remote.setdefault(function, self._ray.remote(function))


class Dask:
    def start(self, workers: int) -> None:
        from distributed import Client, LocalCluster  # type: ignore[import-not-found, unused-ignore]

        self._cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        self._client = Client(self._cluster)

    def call(self, function: Callable[[Any], Any], value: Any) -> Any:
        return self._client.submit(function, value, pure=False).result()

    def map(self, function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
        return list(self._client.gather(self._client.map(function, list(values), pure=False)))

    def close(self) -> None:
        self._client.close()
        self._cluster.close()


class Ipyparallel:
    def start(self, workers: int) -> None:
        import ipyparallel  # type: ignore[import-not-found, unused-ignore]

        self._cluster = ipyparallel.Cluster(n=workers, log_level=40)
        self._client = self._cluster.start_and_connect_sync(activate=False)
        self._view = self._client.load_balanced_view()

    def call(self, function: Callable[[Any], Any], value: Any) -> Any:
        return self._view.apply_sync(function, value)

    def map(self, function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
        return list(self._view.map_sync(function, values))

    def close(self) -> None:
        self._client.close()
        self._cluster.stop_cluster_sync()


class Joblib:
    """Its own automatic batching, with its processes kept warm."""

    def start(self, workers: int) -> None:
        from joblib import Parallel, delayed  # type: ignore[import-untyped, import-not-found, unused-ignore]

        self._parallel, self._delayed = Parallel(n_jobs=workers), delayed

    def call(self, function: Callable[[Any], Any], value: Any) -> Any:
        return self.map(function, [value])[0]

    def map(self, function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
        return list(self._parallel(self._delayed(function)(value) for value in values))

    def close(self) -> None:
        from joblib.externals import loky  # type: ignore[import-untyped, import-not-found, unused-ignore]

        loky.get_reusable_executor().shutdown(wait=True)


PEERS: dict[str, type[Peer]] = {"Ray": Ray, "Dask": Dask, "ipyparallel": Ipyparallel, "joblib": Joblib}


def echo(number: Any) -> Any:
    return number


def say(figure: str, value: float) -> None:
    print(json.dumps({"figure": figure, "value": value}), flush=True)


def latency(peer: Peer, calls: float) -> None:
    for _ in range(20):
        peer.call(echo, 1)
    times = []
    for _ in range(int(calls)):
        began = perf_counter()
        peer.call(echo, 1)
        times.append((perf_counter() - began) * 1000)
    times.sort()
    say("call latency, p50", times[len(times) // 2])
    say("call latency, p99", times[int(len(times) * 0.99)])


def tiny(peer: Peer, inputs: float) -> None:
    count = int(inputs)
    peer.map(echo, range(200))
    began = perf_counter()
    values = peer.map(echo, range(count))
    say("tiny inputs", count / (perf_counter() - began))
    assert values == list(range(count)), "the results are wrong"


def fanout(peer: Peer, inputs: float, seconds: float, containers: float) -> None:
    def nap(number: int) -> int:
        import time  # ipyparallel sends a function without the globals of its module

        time.sleep(seconds)
        return number

    peer.map(nap, range(int(containers) * 4))
    began = perf_counter()
    peer.map(nap, range(int(inputs)))
    say("fan-out efficiency", inputs * seconds / containers / (perf_counter() - began))


def arrays(peer: Peer, megabytes: float) -> None:
    import numpy

    array = numpy.ones(int(megabytes) * 125_000)

    def take(given: Any) -> float:
        return float(given[::512].sum())

    def make(_: int) -> Any:
        import numpy

        return numpy.ones(int(megabytes) * 125_000)

    for function, value, name in ((take, array, "argument"), (make, 0, "result")):
        peer.call(function, value)
        began = perf_counter()
        peer.call(function, value)
        say(f"arrays, {name}", megabytes / 1000 / (perf_counter() - began))


MEASURES: dict[str, Callable[..., None]] = {"latency": latency, "tiny": tiny, "fanout": fanout, "arrays": arrays}


def main() -> None:
    name, what, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    began = perf_counter()
    peer = PEERS[name]()
    peer.start(int(settings.get("containers", WORKERS)))
    try:
        if what == "first_call":
            peer.call(echo, 1)
            say("first call, from nothing", (perf_counter() - began) * 1000)
        else:
            MEASURES[what](peer, **settings)
    finally:
        peer.close()


if __name__ == "__main__":
    main()
