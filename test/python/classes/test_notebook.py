"""A class in the cells of a real kernel: versions, captured values, and lines of the cell in tracebacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.kernel import Kernel, running_kernel

CELL = """
import dataclasses, os

LIMIT = {"b", "a", "c"}
app = farcall.App("cells")

@dataclasses.dataclass
class Answer:
    text: str
    size: int

class Base:
    size: int = farcall.parameter(default=2)
    SEEN = {"x": (1, 2), "y": {3, 4, 5}}

    @farcall.enter()
    def load(self):
        self.loaded = sorted(LIMIT)

    def grown(self, text):
        return text * self.size

@app.cls()
class Model(Base):
    @farcall.enter()
    def more(self):
        super().load()
        self.pid = os.getpid()

    @farcall.method()
    def run(self, text):
        return Answer(self.grown(text) + Model.__name__, self.pid)

    @farcall.method()
    def fail(self, text):
        wrong = text + 1
        return wrong
"""


def plain(traceback: str) -> str:
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", traceback)


@pytest.fixture(scope="module", autouse=True)
def defined(kernel: Kernel) -> None:
    assert kernel.run(CELL).error == ""


def test_an_unchanged_cell_keeps_its_version_and_its_containers(kernel: Kernel) -> None:
    kernel.run("first = Model().run.remote('a')")
    before = kernel.run("Model.version").value
    assert kernel.run(CELL).error == ""
    assert kernel.run("Model.version").value == before
    assert (
        kernel.run("again = Model().run.remote('a'); (again.text, again.size == first.size)").value
        == "('aaModel', True)"
    )


def test_another_kernel_gives_the_same_version(kernel: Kernel, tmp_path: Path) -> None:
    with running_kernel(tmp_path, PYTHONHASHSEED="7") as other:
        other.run("import farcall")
        assert other.run(CELL).error == ""
        assert other.run("Model.version").value == kernel.run("Model.version").value


def test_a_changed_method_or_base_is_a_new_version_at_the_next_call(kernel: Kernel) -> None:
    versions = {kernel.run("Model.version").value}
    for change in (("text * self.size", "text * self.size + '.'"), ("text + 1", "text + 2"), ("(1, 2)", "(1, 3)")):
        assert kernel.run(CELL.replace(*change)).error == ""
        versions.add(kernel.run("Model.version").value)
    assert len(versions) == 4
    kernel.run(CELL.replace("text * self.size", "text * self.size + '.'"))
    assert kernel.run("Model().run.remote('a').text").value == "'aa.Model'"
    kernel.run(CELL)


def test_containers_of_the_old_version_leave_at_once(kernel: Kernel) -> None:
    kernel.run("old = Model(size=5).run.remote('a').size")
    kernel.run(CELL.replace("text + 1", "text + 3"))
    gone = """
import time
Model(size=5).run.remote('a')
until = time.monotonic() + 60
while os.path.exists(f'/proc/{old}') and time.monotonic() < until:
    time.sleep(0.05)
os.path.exists(f'/proc/{old}')
"""
    assert kernel.run(gone).value == "False"
    kernel.run(CELL)


def test_a_value_that_enter_sees_makes_a_new_version(kernel: Kernel) -> None:
    before = kernel.run("Model.version").value
    assert kernel.run("LIMIT = {'c', 'a', 'b'}; Model.version").value == before
    assert kernel.run("LIMIT = {'d'}; Model.version").value != before
    assert kernel.run("LIMIT = {'c', 'a', 'b'}; Model.version").value == before


def test_a_traceback_shows_the_cells_line(kernel: Kernel) -> None:
    ran = kernel.run("Model().fail.remote('x')")
    assert ran.error.startswith("TypeError")
    assert "wrong = text + 1" in plain(ran.traceback)


def test_a_failing_enter_shows_the_cells_line(kernel: Kernel) -> None:
    ran = kernel.run(CELL.replace("self.pid = os.getpid()", "self.pid = missing.pid") + "\nModel().run.remote('x')")
    assert ran.error.startswith("NameError")
    assert "self.pid = missing.pid" in plain(ran.traceback)
    kernel.run(CELL)


def test_a_map_of_a_method_has_a_card_with_its_name(kernel: Kernel) -> None:
    ran = kernel.run("results = Model().run.map(['a', 'b']); list(results)")
    assert "Model.run" in str(ran.last_bundle())


def test_a_method_and_a_class_show_themselves(kernel: Kernel) -> None:
    assert "Model" in kernel.run("Model").value
    assert "size=3" in kernel.run("Model(size=3)").value
    assert kernel.run("Model().run").error == ""


def test_a_function_of_another_cell_cannot_be_called_before_the_first_input(kernel: Kernel) -> None:
    cell = """
@app.function
def weights(size): return [1] * size

@app.cls()
class Early:
    @farcall.enter()
    def load(self): self.weights = weights(3)
    @farcall.method()
    def size(self): return len(self.weights)

try:
    Early().size.remote()
except farcall.errors.InvalidError as error:
    print(error)
"""
    said = kernel.run("app = farcall.App('early')\n" + cell).text
    assert said.startswith("@farcall.enter() Early.load cannot call early/weights: a call belongs to an input")
