"""Two scripts written for Modal, one today and one in 2022, run by python with only their import changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("home")
SCRIPTS = Path(__file__).parents[2] / "scripts"

TODAY = """
local 9 remote 16
named 32
async function 2
nested 14
map [0, 1, 4, 9, 16]
kwargs [1, 8, 27]
two iterators [8, 9]
starmap [8, 9]
unordered [0, 1, 4, 9, 16]
for_each None
exceptions ['ValueError', 'ValueError']
generator [0, 1, 2]
spawn 49 1
by id 49
gather [1, 8]
poll not yet
timeout after one attempt
retried 3
raised not 3
autoscaler 2 30.0
stats 0
options 25
web None
class 12 18
class map [6, 12]
dict 42 default
queue [0, 1, 2]
done
"""

OF_2022 = """
called 9
generator [0, 1, 2]
map [0, 1, 4, 9]
generator map [0, 0, 1, 1, 2]
starmap [(1, 2), (3, 4)]
for_each None
submit 25
submit of a generator None
gather [1, 4]
enqueue None
nested 17
graph parent SUCCESS ['square']
handle True 4 None
outside None
done
"""


def run(*command: str) -> tuple[str, str]:
    ran = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip(), ran.stderr


def test_a_script_for_modal_of_today_runs_and_says_nothing_else() -> None:
    printed, beside = run(str(SCRIPTS / "modal_today.py"))
    assert printed == TODAY.strip()
    assert beside == ""


def test_the_same_script_runs_by_its_local_entrypoint() -> None:
    printed, _ = run("-m", "farcall.cli", "run", str(SCRIPTS / "modal_today.py"))
    assert printed.splitlines()[-1] == "done"


def test_a_script_for_modal_of_2022_runs_with_one_warning_for_enqueue() -> None:
    printed, beside = run(str(SCRIPTS / "modal_2022.py"))
    assert printed == OF_2022.strip()
    assert beside.count("Warning") == 1
    assert "enqueue is deprecated" in beside
