"""`farcall serve`: a gateway that other machines reach."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from support.home import Home


def test_serve_says_where_and_serves(fresh_home: Home) -> None:
    command = [sys.executable, "-m", "farcall.cli", "serve", "--port", "0", "--home", str(fresh_home.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        url = served.stdout.readline().split()[-1]
        assert url.startswith("ws://127.0.0.1:")
        token = Path(served.stdout.readline().split()[-1]).read_text().strip()
        script = "import farcall\n@farcall.function\ndef f(x): return bytes(x)\nprint(len(f.remote(700_000)))"
        variables = {**os.environ, "FARCALL_URL": url, "FARCALL_TOKEN": token}
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=variables)
        served.send_signal(signal.SIGTERM)
        assert served.wait(30) == 0
    assert ran.stdout.strip() == "700000", ran.stderr
