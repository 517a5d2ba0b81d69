"""`farcall run`, `deploy` and `app`: scripts from the command line, what they print, and what they refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.home import Home

_PATIENCE_S = 120
SCRIPT = '''
import datetime
import farcall

app = farcall.App("cinema")

@app.function
def double(x: int) -> int:
    return 2 * x

@app.function
def count(n: int = 2):
    yield from range(n)

@app.function(schedule=farcall.Cron("0 9 * * mon-fri", timezone="Europe/Rome"))
def report() -> None: ...

@app.local_entrypoint()
def main(x: int, day: datetime.datetime, loud: bool = False):
    """Doubles a number."""
    print("doubled", double.remote(x), day.year, loud)
'''

pytestmark = pytest.mark.usefixtures("home")


class Command:
    """Runs `farcall` in a folder, as a process of its own: scripts are imported once there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "farcall.cli", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            env=dict(os.environ),
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    def script(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return name


@pytest.fixture(scope="module")
def farcall(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Command:
    command = Command(tmp_path_factory.mktemp("scripts"))
    command.script("cinema.py", SCRIPT)
    return command


def test_the_only_entrypoint_runs_with_the_arguments_of_its_line(farcall: Command) -> None:
    assert farcall("run", "cinema.py", "--x", "4", "--day", "2026-01-31", "--loud").strip() == "doubled 8 2026 True"


def test_help_names_the_arguments(farcall: Command) -> None:
    said = farcall("run", "cinema.py::main", "--help")
    assert "Doubles a number." in said
    assert all(word in said for word in ("--x INTEGER", "--day DATE", "--no-loud"))


def test_a_function_that_is_named_runs_far_away_and_prints_its_value(farcall: Command) -> None:
    assert farcall("run", "cinema.py::double", "--x", "5").strip() == "10"
    assert farcall("run", "cinema.py::app.count", "--n", "3").split() == ["0", "1", "2"]


def test_the_only_function_runs_without_an_entrypoint(farcall: Command) -> None:
    farcall.script(
        "alone.py", "import farcall\n@farcall.function\ndef where() -> bool:\n    return farcall.is_local()\n"
    )
    assert farcall("run", "alone.py").strip() == "False"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["cinema.py", "--y", "3"], 2, "it takes --x, --day, --loud"),
        (["cinema.py", "--x", "four", "--day", "2026-01-31"], 2, "'four' is no integer"),
        (["cinema.py", "--x", "4", "--day", "today"], 2, "write 2026-01-31"),
        (["cinema.py"], 2, "--x"),
        (["cinema.py::doubel"], 1, 'Did you mean "double"?'),
        (["cinma.py"], 1, 'Did you mean "cinema.py"?'),
        (["empty.py"], 1, "no local entrypoint or function"),
        (["two.py"], 1, "Say which: two.py::"),
        (["notes.txt"], 1, "Python file"),
    ],
)
def test_what_cannot_run_says_what_can(farcall: Command, arguments: list[str], code: int, says: str) -> None:
    farcall.script("empty.py", "x = 1\n")
    farcall.script("notes.txt", "x = 1\n")
    one = "@farcall.function\ndef {}(): ...\n"
    farcall.script("two.py", "import farcall\n" + one.format("one") + one.format("other"))
    assert says in farcall("run", *arguments, code=code)


def test_an_app_is_deployed_listed_and_stopped(farcall: Command) -> None:
    said = farcall("deploy", "cinema.py")
    assert "deployed cinema: 3 functions" in said
    assert "0 9 * * mon-fri Europe/Rome, next " in said
    other = json.loads(farcall("deploy", "cinema.py::app", "--name", "theatre", "--json"))
    assert (other["app"], [one["name"] for one in other["functions"]]) == ("theatre", ["double", "count", "report"])
    listed = {app["app"]: app["state"] for app in json.loads(farcall("app", "list", "--json"))}
    assert listed.items() >= {"cinema": "deployed", "theatre": "deployed"}.items()
    assert "theatre" in farcall("app", "list")
    assert 'Did you mean "theatre"?' in farcall("app", "stop", "theater", code=1)
    assert "stopped theatre: 0 calls cancelled" in farcall("app", "stop", "theatre")
    assert "theatre" not in farcall("app", "list")
    farcall("app", "stop", "cinema")


def test_what_has_no_name_is_not_deployed(farcall: Command) -> None:
    farcall.script("nameless.py", "import farcall\n@farcall.function\ndef one(): ...\n")
    assert "--name" in farcall("deploy", "nameless.py", code=1)
    assert "there is no file" in farcall("deploy", "none.py", code=1)
