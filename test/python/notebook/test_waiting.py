"""Why a call waits, in the words of the notebook that shows it."""

from __future__ import annotations

import os

from farcall.client import place
from farcall.notebook.views import as_seen_here


def sentence(pid: int) -> str:
    return f"no GPU A100 is free; held by f; also used by a notebook's kernel (pid {pid}, 12,000 MiB)"


def test_this_notebooks_own_kernel_is_called_that() -> None:
    assert as_seen_here(sentence(os.getpid())).endswith("also used by this notebook's own kernel (12,000 MiB)")
    assert as_seen_here(sentence(1)) == sentence(1)
    assert as_seen_here("starting a container") == "starting a container"


def test_on_another_machine_the_same_number_is_somebody_else() -> None:
    earlier = place.choose(place.Place("ws://elsewhere:8765", "token"))
    try:
        assert as_seen_here(sentence(os.getpid())) == sentence(os.getpid())
    finally:
        place.choose(earlier)
