"""The command `farcall`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.home import Home

import farcall
from farcall import cli


@farcall.function
def double(x: int) -> int:
    return 2 * x


def test_status_calls_and_stop(fresh_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 3
    assert "the first call starts one" in capsys.readouterr().out
    double.remote(1)
    assert cli.main(["status"]) == 0
    assert "double" in capsys.readouterr().out
    assert cli.main(["calls"]) == 0
    assert "done" in capsys.readouterr().out
    assert cli.main(["stop"]) == 0
    assert "stopped" in capsys.readouterr().out


def test_doctor_checks_everything(fresh_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "FAIL" not in said
    assert "Node" in said


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


def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(SystemExit):
        cli.main(["nonsense"])
