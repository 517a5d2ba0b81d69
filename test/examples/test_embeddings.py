"""examples/embeddings.ipynb from the first cell to the last, its image built from nothing: `npm run examples`.

It downloads torch, so it is not a part of `npm test`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import papermill

from test.python.support.home import running_home

ROOT = Path(__file__).parents[2]


def test_titles_are_embedded_in_an_image_and_neighbours_are_what_they_should_be(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    executed = tmp_path / "executed.ipynb"
    source = tmp_path / "examples" / "embeddings.ipynb"
    with running_home():
        papermill.execute_notebook(str(source), str(executed), cwd=str(source.parent), progress_bar=False)
    cells = {cell["id"]: cell for cell in json.loads(executed.read_text())["cells"]}
    assert said(cells["stacked"]) == "(3176, 384)"
    assert "Star Trek: Nemesis" in said(cells["near"])
    assert any("image/png" in output.get("data", {}) for output in cells["plot"]["outputs"])


def said(cell: dict) -> str:
    """The plain text of a cell's value."""
    return "".join(cell["outputs"][-1]["data"]["text/plain"])
