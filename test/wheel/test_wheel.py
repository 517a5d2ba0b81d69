"""The wheel is all it takes: an empty environment, no Node on PATH, and a map runs in a notebook."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

NOTEBOOK = """
import sys
import nbclient, nbformat
from nbformat.v4 import new_code_cell, new_notebook

cells = [
    "import farcall\\n@farcall.function\\ndef double(n):\\n    return 2 * n",
    "results = double.map(range(50))\\nresults",
    "print(sum(results), farcall.__file__)",
]
notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    (built,) = folder.glob("farcall-*.whl")
    return built


def test_the_wheel_holds_package_gateway_and_extension(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for part in (
        "farcall/__init__.py",
        "farcall/_gateway/gateway.mjs",
        "farcall/_gateway/store-thread.mjs",
        ".data/data/share/jupyter/labextensions/farcall/package.json",
        ".data/data/share/jupyter/labextensions/farcall/install.json",
    ):
        assert any(name.endswith(part) for name in names), part
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_a_notebook_maps_in_an_empty_environment_without_node(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, str(wheel), "ipykernel", "nbclient"], check=True)
    home, executed = tmp_path / "home", tmp_path / "executed.ipynb"
    bare = {key: value for key, value in os.environ.items() if not key.startswith(("FARCALL", "VIRTUAL_ENV", "PYTHON"))}
    bare |= {"PATH": f"{environment / 'bin'}:{without_node()}", "FARCALL_HOME": str(home), "IPYTHONDIR": str(tmp_path)}
    try:
        subprocess.run([str(python), "-c", NOTEBOOK, str(executed)], env=bare, cwd=tmp_path, check=True)
        text = executed.read_text()
        assert str(sum(2 * n for n in range(50))) in text
        assert "application/vnd.farcall.view.v1+json" in text
        assert str(environment) in text, "the installed package ran, not the checkout"
    finally:
        subprocess.run([str(python), "-m", "farcall.cli", "stop"], env=bare, check=False)


def without_node() -> str:
    """A folder with links to what a shell needs, and no Node."""
    return os.pathsep.join(
        folder for folder in ("/usr/bin", "/bin", "/usr/sbin") if not (Path(folder) / "node").exists()
    )
