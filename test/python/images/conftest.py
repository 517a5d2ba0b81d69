"""Images are built for real, from the index that pip uses here: one gateway for all tests, and small pure packages."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
