"""Arrays over a connection: the same 100 MB to and from a `farcall serve` over TLS on loopback, stored with fsync.

Goal: ≥ 3 × Ray Client, whose published 0.15 GB/s stand for it here: ≥ 0.45 GB/s.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from farcall.client import place
from farcall.client.session import Session
from test.python.support.home import Home

from . import arrays
from .promise import Benchmark, Effort, Goal

_TLS = Path(__file__).parents[1] / "support" / "tls"
_RAY_CLIENT = 0.15


def benchmark(effort: Effort) -> Benchmark:
    stack = ExitStack()
    try:
        stack.enter_context(_connected())
        ours = arrays.ours(arrays.MEGABYTES[effort], "arrays by TLS")
    except BaseException:
        stack.close()
        raise
    return Benchmark(arrays.promises("arrays by TLS", Goal(3 * _RAY_CLIENT)), {"farcall": ours}, stack.close)


@contextmanager
def _connected() -> Iterator[None]:
    """A served gateway in a home of its own, and this process's session with it."""
    with tempfile.TemporaryDirectory(prefix="fc-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "farcall.cli", "serve", "--home", folder, "--port", "0"]
        command += ["--tls-cert", str(_TLS / "cert.pem"), "--tls-key", str(_TLS / "key.pem")]
        variables = {**os.environ, "FARCALL_HOME": folder}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) as serving:
            try:
                assert serving.stdout is not None, "it was asked for"
                url = serving.stdout.readline().split()[-1]
                token = (Path(folder) / "token").read_text().strip()
                tls = ssl.create_default_context(cafile=_TLS / "cert.pem")
                with _using(place.Place(url, token, tls=tls)):
                    yield
            finally:
                serving.terminate()
                serving.wait(30)
                Home(Path(folder)).end()


@contextmanager
def _using(there: place.Place) -> Iterator[None]:
    _leave()
    before = place.choose(there)
    try:
        yield
    finally:
        _leave()
        place.choose(before)


def _leave() -> None:
    session = Session.existing()
    if session is not None:
        session.close()
