"""The example notebook without JupyterLab: as papermill and nbconvert run it, from the first cell to the last."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import papermill
import pytest

ROOT = Path(__file__).parents[3]
MIME = "application/vnd.farcall.view.v1+json"


@pytest.mark.usefixtures("home")
def test_papermill_runs_the_example_and_its_outcome_is_saved(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    executed = tmp_path / "executed.ipynb"
    source = tmp_path / "examples" / "movies.ipynb"
    papermill.execute_notebook(str(source), str(executed), cwd=str(source.parent), progress_bar=False)
    cells = {cell["id"]: cell for cell in json.loads(executed.read_text())["cells"]}
    first, again = snapshot(cells["map"]), snapshot(cells["mend"])
    assert first["inputs"] == 3_201
    assert first["counts"]["succeeded"] + first["counts"]["failed"] == 3_201
    assert again["inputs"] == first["counts"]["failed"], "only the failed rows run again"
    assert again["counts"]["succeeded"] > 0, "and with the function as it is after the edit"
    assert "score_earned" in "".join(cells["results"]["outputs"][0]["data"]["text/plain"])


def snapshot(cell: dict) -> dict:
    """The saved state of the one card of a cell."""
    (bundle,) = [output["data"][MIME] for output in cell["outputs"] if MIME in output.get("data", {})]
    return bundle["snapshot"]
