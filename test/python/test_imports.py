"""Who may import whom, inside the package (ARCHITECTURE.md): the arrows that no compiler checks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "kernel-bridge" / "farcall"

#: The rooms of the client, lowest first; each may import what is before it. The API is every module at the top.
FLOORS = ("wire", "common", "code", "values", "versions", "frames", "client", "calls", "api", "notebook", "cli")
#: room → rooms it may not import.
WALLS = {
    **{room: {*FLOORS[level + 1 :], "host", "container"} for level, room in enumerate(FLOORS)},
    "host": {*FLOORS[1:], "container"},
    "container": {"notebook", "host"},
}
#: Modules at the top that say things to everybody (errors, options' values), and import nothing above the wire.
COMMON = {
    "errors",
    "retries",
    "manner",
    "options",
    "context",
    "once",
    "presenter",
    "terminal",
    "tracing",
    "__version__",
}
#: The doors in those walls, each with its reason.
DOORS = {
    ("host", "farcall.client.embedded"): "a supervisor restarts the embedded gateway under the same lock as a client",
    ("host", "farcall.container"): "a zygote becomes the container it forks",
}


def room_of(module: str) -> str:
    parts = module.split(".")
    if len(parts) > 1 and parts[1] in WALLS:
        return parts[1]
    return "common" if len(parts) > 1 and parts[1] in COMMON else "api"


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "labextension" not in path.parts]


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs: what stands under `if TYPE_CHECKING` names types, and imports nothing."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from executed(node)


def imported_by(path: Path) -> Iterator[str]:
    package = ("farcall", *path.relative_to(PACKAGE).parent.parts)
    for node in executed(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    room = room_of(".".join(("farcall", *path.relative_to(PACKAGE).with_suffix("").parts)))
    for target in imported_by(path):
        if not target.startswith("farcall"):
            continue
        through_a_door = any(room == door and target.startswith(module) for door, module in DOORS)
        assert through_a_door or room_of(target) not in WALLS[room] or target == "farcall.__version__", target
