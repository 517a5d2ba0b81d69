"""Notebooks that nobody looks at: nbclient runs them (so papermill and nbconvert do), and what is saved is right."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from support.kernel import MIME, stop_gateway

CELLS = [
    "import farcall",
    "@farcall.function\ndef twice(x):\n    print('seen', x)\n"
    "    if x == 3: raise ValueError('private')\n    return 2 * x",
    "results = twice.map(range(6), return_exceptions=True)\nresults",
    "results.call.status()",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("FARCALL_HOME", str(tmp_path / "home"))
    yield tmp_path
    stop_gateway(tmp_path / "home")


def test_a_notebook_run_by_nbclient_saves_the_last_state_of_its_map(home: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = NotebookClient(notebook, kernel_name=os.environ.get("FARCALL_TEST_KERNEL", "python3"), timeout=60)
    client.execute(cwd=str(home))
    nbformat.validate(notebook)
    cards = [output for cell in notebook.cells for output in cell.outputs if output.output_type == "display_data"]
    assert len(cards) == 1
    snapshot = cards[0].data[MIME]["snapshot"]
    assert (snapshot["state"], snapshot["counts"]["succeeded"], snapshot["counts"]["failed"]) == ("done", 5, 1)
    assert "1 × ValueError at Cell In[2], line 4" in cards[0].data["text/html"]
    assert "private" not in json.dumps([cell.outputs for cell in notebook.cells])
    printed = "".join(o.text for cell in notebook.cells for o in cell.outputs if o.output_type == "stream")
    assert sorted(printed.split("\n")) == ["", *(f"seen {x}" for x in range(6))]
