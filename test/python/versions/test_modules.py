"""Modules from beside the notebook travel as source; installed ones and farcall itself do not."""

from __future__ import annotations

import gc
import importlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from farcall.errors import InvalidError
from farcall.versions import modules


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A folder on sys.path, as the one a notebook lies in."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    importlib.invalidate_caches()
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def write(folder: Path, **files: str) -> None:
    """Writes modules: `shop_in_PACKAGE` is shop/__init__.py, `shop_in_cart` is shop/cart.py."""
    for name, text in files.items():
        path = folder / (name.replace("PACKAGE", "__init__").replace("_in_", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(bundle: modules.Bundle | None) -> list[str]:
    return [] if bundle is None else [source.name for source in bundle.sources]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("json", "standard"),
        ("collections.abc", "standard"),
        ("__main__", "standard"),
        ("numpy", "third-party"),
        ("pandas.core", "third-party"),
        ("farcall.errors", "third-party"),
        ("nowhere_to_be_found", "unknown"),
    ],
)
def test_where_a_module_comes_from(name, kind):
    assert modules.kind(name) == kind


def test_installed_packages_and_farcall_itself_never_travel():
    assert modules.bundle(["numpy", "json", "farcall", "farcall.versions.version", "nowhere_to_be_found"]) is None


def test_threads_that_describe_at_once_do_not_disturb_each_other(beside):
    """CPython 3.11 counts the depth of the tree that it builds for all threads together, so they take turns."""
    lines = "\n".join(f"X{at} = [[[[{at}]], {{'a': ({at},)}}]]" for at in range(100))
    write(beside, busy=f"import json\n{lines}\n")
    threshold = gc.get_threshold()

    def let_others_in(phase: str, told: object) -> None:
        time.sleep(0)

    gc.callbacks.append(let_others_in)
    gc.set_threshold(20)
    try:
        with ThreadPoolExecutor(4) as threads:
            digests = {found.digest for found in threads.map(lambda _: modules.bundle(["busy"]), range(12)) if found}
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(let_others_in)
    assert len(digests) == 1


def test_a_single_module_travels_alone(beside):
    write(beside, prices="X = 1\n", unrelated="Y = 2\n")
    (beside / "data.csv").write_text("1,2\n")
    assert names(modules.bundle(["prices"])) == ["prices"]


def test_a_package_travels_whole_but_for_environments_hidden_folders_and_data(beside):
    write(beside, shop_in_PACKAGE="", shop_in_cart="", shop_in_tax_in_PACKAGE="", shop_in_tax_in_eu="")
    for folder in (".venv/lib", "venv", "__pycache__", ".git", "node_modules"):
        write(beside / "shop" / folder, hidden="raise RuntimeError\n")
    (beside / "shop" / "myenv").mkdir()
    (beside / "shop" / "myenv" / "pyvenv.cfg").write_text("")
    write(beside / "shop" / "myenv", inside="")
    (beside / "shop" / "rates.json").write_text("{}")
    assert names(modules.bundle(["shop.cart"])) == ["shop", "shop.cart", "shop.tax", "shop.tax.eu"]


def test_what_local_modules_import_travels_too(beside):
    write(
        beside, first="import second, json\n", second="def f():\n    from third import x\n", third="x = 1\n", fourth=""
    )
    assert names(modules.bundle(["first"])) == ["first", "second", "third"]


def test_a_module_with_a_syntax_error_still_travels(beside):
    write(beside, broken="def f(:\n")
    assert names(modules.bundle(["broken"])) == ["broken"]


def test_a_changed_file_is_another_bundle_and_an_unchanged_one_is_fresh(beside):
    write(beside, prices="X = 1\n")
    first = modules.bundle(["prices"])
    assert first is not None
    assert first.is_fresh()
    write(beside, prices="X = 2000\n")
    second = modules.bundle(["prices"])
    assert second is not None
    assert not first.is_fresh()
    assert first.digest != second.digest
    write(beside, prices="X = 1\n")
    again = modules.bundle(["prices"])
    assert again is not None
    assert again.digest == first.digest


def test_a_deleted_file_is_not_fresh(beside):
    write(beside, prices="X = 1\n")
    bundle = modules.bundle(["prices"])
    assert bundle is not None
    (beside / "prices.py").unlink()
    assert not bundle.is_fresh()


def test_a_package_that_is_too_large_is_refused_by_name(beside, monkeypatch):
    monkeypatch.setattr(modules, "_MAX_BYTES", 1_000)
    write(beside, big_in_PACKAGE="# " + "x" * 2_000 + "\n")
    with pytest.raises(InvalidError, match="'big' is too large"):
        modules.bundle(["big"])


CONTAINER = """
import pickle, sys, traceback
from farcall.versions import modules
sources, code = pickle.load(sys.stdin.buffer)
modules.install(sources)
exec(code)
"""


def in_a_container(bundle: modules.Bundle | None, code: str) -> str:
    import pickle

    assert bundle is not None
    asked = pickle.dumps((tuple(map(tuple, bundle.sources)), code))
    ran = subprocess.run([sys.executable, "-c", CONTAINER], input=asked, capture_output=True, check=False)
    return (ran.stdout + ran.stderr).decode()


def test_an_installed_bundle_can_be_imported_without_its_files(beside):
    write(
        beside,
        shop_in_PACKAGE="from .cart import total\n",
        shop_in_cart="from . import tax\ndef total(x): return x + tax.RATE\n",
        shop_in_tax="RATE = 5\n",
    )
    bundle = modules.bundle(["shop"])
    for path in sorted((beside / "shop").glob("*.py")):
        path.unlink()
    assert in_a_container(bundle, "import shop; print(shop.total(1), shop.__file__)").startswith(
        f"6 {beside}/shop/__init__.py"
    )


def test_a_namespace_package_can_be_imported(beside):
    write(beside, space_in_deep_in_inner="X = 7\n")
    bundle = modules.bundle(["space"])
    (beside / "space/deep/inner.py").unlink()
    assert in_a_container(bundle, "import space.deep.inner as m; print(m.X)") == "7\n"


def test_a_bundle_comes_before_a_module_of_that_name_on_the_path(beside):
    write(beside, prices="X = 1\n")
    bundle = modules.bundle(["prices"])
    write(beside, prices="X = 2\n")
    code = f"sys.path.insert(0, {str(beside)!r}); import prices; print(prices.X)"
    assert in_a_container(bundle, code) == "1\n"


def test_a_module_that_was_imported_before_is_replaced(beside):
    write(beside, prices="X = 2\n")
    bundle = modules.bundle(["prices"])
    code = "import types; modules.install([('prices', False, '/x', b'X = 1')]); import prices; print(prices.X)\n"
    code += "modules.install(sources); import prices; print(prices.X)"
    assert in_a_container(bundle, code) == "1\n2\n"


def test_a_traceback_shows_the_modules_own_lines(beside):
    write(beside, prices="def price(x):\n    return 1 / x  # the line\n")
    bundle = modules.bundle(["prices"])
    (beside / "prices.py").unlink()
    shown = in_a_container(bundle, "import prices\ntry: prices.price(0)\nexcept Exception: traceback.print_exc()")
    assert f'File "{beside}/prices.py", line 2, in price' in shown
    assert "# the line" in shown
