"""The documentation's Python: every block of every page runs as a cell, page by page, in a real kernel.

Blocks fenced as ``python`` run; what needs another machine is fenced as ``py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.kernel import Kernel

DOCS = Path(__file__).parents[3] / "docs"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = {
    page.relative_to(DOCS).as_posix(): found
    for page in sorted(DOCS.rglob("*.md"))
    if (found := _BLOCK.findall(page.read_text()))
}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_runs(kernel: Kernel, page: str) -> None:
    for block in PAGES[page]:
        ran = kernel.run(block)
        assert ran.error == "", f"{page}:\n{block}\n{ran.traceback}"


def test_the_tutorial_and_the_concepts_are_among_them() -> None:
    assert {"index.md", "tutorial/1-first-cell.md", "concepts/maps.md"} <= set(PAGES)
