"""A plain IPython terminal: the magics, the terminal's presenter, and no bridge."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def ipython(code: str, folder: Path) -> str:
    environment = os.environ | {"FARCALL_HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython")}
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, cwd=folder, check=False)
    return ran.stdout + ran.stderr


def test_importing_farcall_registers_the_magics_and_prints_nothing(tmp_path: Path) -> None:
    assert ipython("import farcall", tmp_path) == ""
    assert "the first call starts it" in ipython("import farcall\n%farcall status", tmp_path)


def test_the_terminal_keeps_its_own_presenter(tmp_path: Path) -> None:
    code = "import farcall, farcall.presenter\nprint(type(farcall.presenter.presenter()).__name__)"
    assert ipython(code, tmp_path).strip() == "Terminal"


def test_a_function_cell_works(tmp_path: Path) -> None:
    code = "import farcall\nget_ipython().run_cell('%%function\\ndef f(x): return x + 1\\nprint(f.local(1))')"
    assert "2" in ipython(code, tmp_path)
