"""An Image is a recipe: immutable, checked at once, and named by what it is made of. Nothing is built here."""

from __future__ import annotations

import io
import os
import pickle
import platform
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import farcall
from farcall import Image
from farcall.calls import environment
from farcall.errors import InvalidError, VersionError
from farcall.wire.images import fault
from farcall.wire.messages import ImageStep

HERE = ".".join(platform.python_version_tuple()[:2])
SLIM = Image.debian_slim()


def named(image: Image) -> str:
    return image.recipe().image_id


def names_in(image: Image) -> dict[str, int]:
    """The files in it: name → mode."""
    found: dict[str, int] = {}
    for content in image.archives().values():
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            found.update({member.name: member.mode for member in tar})
    return found


def test_every_method_gives_a_new_image() -> None:
    before = named(SLIM)
    for changed in (SLIM.pip_install("a"), SLIM.env({"A": "b"}), SLIM.workdir("w"), SLIM.run_commands("true")):
        assert named(changed) != before
    assert named(SLIM) == before
    assert SLIM.pip_install() is SLIM


def test_the_same_recipe_has_the_same_name_in_every_process_and_after_pickling() -> None:
    image = SLIM.pip_install("b>=1", ["a", ["c"]]).env({"X": "1", "Y": "2"})
    assert image.recipe().steps == (ImageStep(do="install", lines=("b>=1", "a", "c")),)
    assert named(image) == named(SLIM.pip_install("b>=1", "a", "c").env({"Y": "2"}).env({"X": "1"}))
    assert named(pickle.loads(pickle.dumps(image))) == named(image)
    assert fault(image.recipe()) == ""


def test_the_order_of_steps_matters() -> None:
    assert named(SLIM.pip_install("a").run_commands("true")) != named(SLIM.run_commands("true").pip_install("a"))


def test_a_forced_build_is_another_image_every_time() -> None:
    assert named(SLIM.pip_install("a", force_build=True)) != named(SLIM.pip_install("a", force_build=True))
    forced = SLIM.pip_install("a", force_build=True)
    assert named(forced) == named(forced)


def test_options_of_pip_are_part_of_the_step() -> None:
    (step,) = (
        SLIM.pip_install(
            "a",
            index_url="https://i/simple",
            extra_index_url="https://j https://k",
            pre=True,
            extra_options="--no-build 'a b'",
        )
        .recipe()
        .steps
    )
    assert step.index == "https://i/simple"
    assert step.indexes == ("https://j", "https://k")
    assert step.pre
    assert step.options == ("--no-build", "a b")


def wrong(*arguments: Any, says: str) -> Any:
    return pytest.param(*arguments, says, id=says[:40])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        wrong(lambda: SLIM.pip_install(1), says="1 (int)"),
        wrong(lambda: SLIM.pip_install(["a", {"b"}]), says="(set)"),
        wrong(lambda: SLIM.pip_install("-r x.txt"), says="-r x.txt"),
        wrong(lambda: SLIM.pip_install("a\nb"), says="requirements such as"),
        wrong(lambda: SLIM.pip_install(""), says="requirements such as"),
        wrong(lambda: SLIM.pip_install("a", index_url=""), says="index_url="),
        wrong(lambda: SLIM.pip_install("a", extra_options="'"), says="extra_options="),
        wrong(lambda: SLIM.pip_install("a", extra_options=None), says="extra_options="),
        wrong(lambda: SLIM.uv_pip_install(3), says="3 (int)"),
        wrong(lambda: SLIM.run_commands(b"ls"), says="b'ls'"),
        wrong(lambda: SLIM.env({"a b": "c"}), says="env['a b']"),
        wrong(lambda: SLIM.env({"A": 1}), says="env['A']"),
        wrong(lambda: SLIM.env(["A"]), says="takes variables"),
        wrong(lambda: SLIM.workdir("../x"), says="workdir"),
        wrong(lambda: SLIM.workdir(""), says="workdir"),
        wrong(lambda: Image.debian_slim("2.7"), says="python_version="),
        wrong(lambda: Image.debian_slim("3.9"), says="older than 3.10"),
        wrong(lambda: Image.debian_slim(3.12), says="python_version="),
        wrong(lambda: SLIM.add_local_file("/no/such/file"), says="no file here"),
        wrong(lambda: SLIM.add_local_file("/usr"), says="use add_local_dir"),
        wrong(lambda: SLIM.add_local_dir("/no/such/folder"), says="no folder here"),
        wrong(lambda: SLIM.add_local_file(__file__, "/root/x.py"), says="no root of its own"),
        wrong(lambda: SLIM.add_local_file(__file__, "../x.py"), says="no path within the image"),
        wrong(lambda: SLIM.add_local_dir(Path(__file__).parent, "x", ignore=3), says="ignore="),
        wrong(lambda: SLIM.add_local_python_source("no_such_module_here"), says="no module"),
        wrong(lambda: SLIM.add_local_python_source(), says="needs names"),
        wrong(lambda: SLIM.add_local_python_source("a.b"), says="top-level"),
        wrong(lambda: SLIM.pip_install_from_requirements("/no/such.txt"), says="cannot be read"),
        wrong(lambda: farcall.App(image="numpy"), says="a farcall.Image"),
        wrong(lambda: farcall.App().function(image=Image), says="a farcall.Image"),
        wrong(lambda: farcall.App().function(lambda: 1).with_options(image=["numpy"]), says="a farcall.Image"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(make: Callable[[], object], says: str) -> None:
    with pytest.raises(InvalidError) as refused:
        make()
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "name",
    ["apt_install", "from_registry", "from_dockerfile", "dockerfile_commands", "micromamba", "conda_install"],
)
def test_what_only_a_system_could_do_says_why_and_what_to_do_instead(name: str) -> None:
    with pytest.raises(InvalidError, match=f"Image.{name} is not possible: .*\\. (Use|Install) "):
        getattr(SLIM, name)("anything")
    with pytest.raises(InvalidError):
        getattr(Image, name)("anything", context_dir=".")


def test_a_file_of_requirements_is_read_with_those_it_includes(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("b==2  # why\n--extra-index-url https://x\n")
    (tmp_path / "all.txt").write_text("a==1 \\\n    --hash=sha256:00\n\n-r base.txt\n--pre\n-i https://y\n")
    (step,) = SLIM.pip_install_from_requirements(tmp_path / "all.txt").recipe().steps
    assert step == ImageStep(do="install", lines=("a==1", "b==2"), index="https://y", indexes=("https://x",), pre=True)
    assert SLIM.uv_pip_install(requirements=[str(tmp_path / "all.txt")]).recipe().steps == (step,)
    (tmp_path / "all.txt").write_text("-e .\n")
    with pytest.raises(InvalidError, match="line 1: an image does not take the option -e"):
        SLIM.pip_install_from_requirements(tmp_path / "all.txt")
    (tmp_path / "all.txt").write_text("-r all.txt\n")
    with pytest.raises(InvalidError, match="includes itself"):
        SLIM.pip_install_from_requirements(tmp_path / "all.txt")


def test_a_project_gives_its_dependencies_and_extras(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\ndependencies = ["a>1"]\n[project.optional-dependencies]\nplot = ["b"]\n')
    (step,) = SLIM.pip_install_from_pyproject(project, ["plot"]).recipe().steps
    assert step.lines == ("a>1", "b")
    with pytest.raises(InvalidError, match="those it has: plot"):
        SLIM.pip_install_from_pyproject(project, ["nothing"])


def test_a_changed_file_is_another_image_and_a_touched_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("1")
    image = SLIM.add_local_file(file)
    before = named(image)
    os.utime(file, (1, 1))
    assert named(image) == before
    file.write_text("2")
    assert named(image) != before
    assert list(image.archives()) == [image.recipe().steps[0].digest]
    file.unlink()
    with pytest.raises(InvalidError, match="is gone"):
        named(image)


def test_folders_travel_without_what_is_ignored(tmp_path: Path) -> None:
    for name in ("a.py", "b.csv", "deep/c.csv", "deep/keep.csv", "cache/x/y.bin", "run.sh"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "run.sh").chmod(0o755)
    image = SLIM.add_local_dir(tmp_path, "work", ignore=["**/*.csv", "cache", "!deep/keep.csv"])
    assert names_in(image) == {"work/a.py": 0o644, "work/deep/keep.csv": 0o644, "work/run.sh": 0o755}
    chosen = SLIM.add_local_dir(tmp_path, "work", ignore=lambda path: path.suffix != ".py")
    assert list(names_in(chosen)) == ["work/a.py"]
    assert list(names_in(SLIM.add_local_file(tmp_path / "a.py", "lib/"))) == ["lib/a.py"]


def test_python_sources_are_found_as_an_import_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fcpack/__init__.py", "fcpack/sub/one.py", "fcpack/data.bin", "fcsingle.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    image = SLIM.add_local_python_source("fcpack", "fcsingle")
    assert set(names_in(image)) == {"fcpack/__init__.py", "fcpack/sub/one.py", "fcsingle.py"}


def test_another_minor_version_cannot_run_code_of_this_one() -> None:
    other = "3.10" if HERE != "3.10" else "3.11"
    image = Image.debian_slim(f"{other}.4")
    assert image.recipe().python == other
    with pytest.raises(VersionError, match=f"the image has Python {other}, this process runs Python {HERE}"):
        environment.describe(image)
    assert environment.describe(Image.debian_slim(HERE)).image is not None


def test_a_function_with_an_image_has_an_environment_of_its_own_and_the_same_one_each_time() -> None:
    plain = environment.describe()
    one = environment.describe(SLIM.pip_install("a"))
    assert one.environment_id != plain.environment_id
    assert one is environment.describe(SLIM.pip_install("a"))
    assert environment.describe(SLIM.pip_install("b")).environment_id != one.environment_id


def test_an_app_gives_its_image_to_functions_that_name_none() -> None:
    app = farcall.App(image=SLIM)
    other = SLIM.pip_install("a")

    @app.function
    def f() -> None: ...

    assert f.options.image == SLIM
    assert f.with_options(image=other).options.image == other
    assert f.with_options(image=None).options.image is None


def test_absent_modules_are_stood_in_for_and_only_within_the_block() -> None:
    with SLIM.imports():
        import fc_absent
        import fc_absent.below.deep
        from fc_absent import thing
        from fc_absent.below import other as renamed
    with pytest.raises(ImportError, match="fc_absent is not installed here: it is in the image"):
        _ = fc_absent.anything
    with pytest.raises(ImportError, match=r"fc_absent\.thing is not installed here"):
        thing()
    assert renamed.__reduce__()[1] == ("fc_absent.below", "other")
    assert fc_absent.__reduce__()[1] == ("fc_absent", ("fc_absent.below", "fc_absent.below.deep"))
    with pytest.raises(ImportError):
        import fc_absent


def test_a_module_that_is_here_is_imported_as_ever() -> None:
    with SLIM.imports():
        import json as here
    assert here.dumps([1]) == "[1]"


def test_another_error_of_an_import_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fc_broken.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(UserWarning, match="ZeroDivisionError"), SLIM.imports():
        import fc_broken  # noqa: F401
