"""Another process of the same person, with the same gateway: what it prints, or how it fails."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

_PATIENCE_S = 120


def elsewhere(code: str, folder: Path) -> str:
    """Run code as a script of a folder, to its end; what it printed. It must not fail."""
    script = folder / f"script_{abs(hash(code)) % 10**8}.py"
    script.write_text(textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=_PATIENCE_S, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
