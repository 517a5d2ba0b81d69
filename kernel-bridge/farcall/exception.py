"""`farcall.errors` under its old name."""

from __future__ import annotations

from .errors import *  # noqa: F403
from .errors import __all__ as __all__
