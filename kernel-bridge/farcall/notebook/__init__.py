"""farcall in the notebook: magics, cards, the bridge to JupyterLab, completions.

`import farcall` in a kernel calls :func:`activate`; ``%load_ext farcall`` does the same. Nothing of IPython is imported
before that, for containers import modules of this package too.
"""

from __future__ import annotations

from typing import Any


def activate(shell: Any) -> None:
    """Make an IPython shell know farcall. Idempotent; prints nothing, contacts nothing."""
    from .activation import activate as put_together

    put_together(shell)
