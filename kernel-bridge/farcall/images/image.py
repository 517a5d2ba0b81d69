"""`Image`: what a function's containers find beside Python, as a recipe. Nothing is built until its function runs.

Every method gives a new image. The gateway's host builds it with uv, once for each recipe, and keeps it: see
host/image_build.py. The local files in one: files.py.
"""

from __future__ import annotations

import platform
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from ..errors import InvalidError, compose
from ..wire.images import named
from ..wire.messages import ImageRecipe, ImageStep
from .files import Files, Ignore, of_dir, of_file, of_modules
from .imports import importing
from .requirements import extra_options, from_pyproject, from_requirements, minor_of, packages_of, texts, variables_of

__all__ = ["Image"]

_NO_SYSTEM = "an image here is a Python environment on the gateway's host, not a system of its own"


def _refuses(name: str, why: str, do: str) -> Any:
    """A method of upstream's that cannot be meant here: it says why, and what to do instead."""

    def refused(*_: Any, **__: Any) -> NoReturn:
        raise InvalidError(compose(f"Image.{name} is not possible: {why}", do=do))

    refused.__name__ = name
    refused.__doc__ = f"Not possible here, an ``InvalidError``: {why}. {do}."
    return staticmethod(refused)


@dataclass(frozen=True, slots=True)
class Image:
    """An isolated Python environment for a function's containers: ``@app.function(image=Image.debian_slim()…)``.

    Start with :meth:`debian_slim`, then add to it. Containers work in the image's own folder, where the files that were
    added are; the packages of the notebook's environment are not there. Builds run on the gateway's host, as its user.
    """

    _python: str = ""
    _steps: tuple[ImageStep | Files, ...] = ()
    _variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    _workdir: str = ""
    _salt: str = ""

    # ── where it begins

    @staticmethod
    def debian_slim(python_version: str | None = None, force_build: bool = False) -> Image:
        """An environment with nothing but Python, made by uv. No Debian image is pulled: the host's system is used.

        Args:
            python_version: such as "3.12"; None: the notebook's. Another minor version than the notebook's cannot run
                its functions: their first call raises ``VersionError``.
            force_build: build it anew every time this line runs.
        """
        return Image(_python=minor_of(python_version), _salt=_salt(force_build))

    # ── packages

    def pip_install(
        self,
        *packages: str | Sequence[Any],
        find_links: str | None = None,
        index_url: str | None = None,
        extra_index_url: str | None = None,
        pre: bool = False,
        extra_options: str = "",
        force_build: bool = False,
    ) -> Image:
        """Install packages, such as ``pip_install("torch", "numpy>=2")``; strings or nested lists of them.

        uv resolves and installs them. The versions that the first build finds stay until the recipe changes. Indexes
        are the host's, as pip is configured there.

        Args:
            find_links, index_url, extra_index_url, pre: as pip has them.
            extra_options: further options, which ``uv pip compile`` and ``uv pip install`` both take.
            force_build: resolve and build anew every time this line runs.

        Raises:
            InvalidError: at once, for what is no requirement.
        """
        step = ImageStep(
            do="install",
            lines=packages_of("pip_install", packages),
            index=_url("index_url", index_url),
            indexes=tuple(_url("extra_index_url", extra_index_url).split()),
            find_links=tuple(_url("find_links", find_links).split()),
            pre=bool(pre),
            options=_options(extra_options),
        )
        return self._then(step, force_build) if step.lines else self

    def uv_pip_install(
        self,
        *packages: str | Sequence[Any],
        requirements: Sequence[str] | None = None,
        find_links: str | None = None,
        index_url: str | None = None,
        extra_index_url: str | None = None,
        pre: bool = False,
        extra_options: str = "",
        uv_version: str | None = None,
        force_build: bool = False,
    ) -> Image:
        """:meth:`pip_install`, which uv does as well; and from files of requirements. ``uv_version`` is ignored."""
        image = self
        for path in texts("requirements", requirements or ()):
            image = image.pip_install_from_requirements(path, force_build=force_build)
        return image.pip_install(
            *packages,
            find_links=find_links,
            index_url=index_url,
            extra_index_url=extra_index_url,
            pre=pre,
            extra_options=extra_options,
            force_build=force_build,
        )

    def pip_install_from_requirements(
        self,
        requirements_txt: str | Path,
        find_links: str | None = None,
        *,
        index_url: str | None = None,
        extra_index_url: str | None = None,
        pre: bool = False,
        extra_options: str = "",
        force_build: bool = False,
    ) -> Image:
        """Install what a file of requirements here names; it is read now, files that it includes as well."""
        told = from_requirements(Path(requirements_txt))
        step = ImageStep(
            do="install",
            lines=tuple(told.lines),
            index=_url("index_url", index_url) or told.index,
            indexes=(*_url("extra_index_url", extra_index_url).split(), *told.indexes),
            find_links=(*_url("find_links", find_links).split(), *told.find_links),
            pre=bool(pre) or told.pre,
            options=_options(extra_options),
        )
        return self._then(step, force_build) if step.lines else self

    def pip_install_from_pyproject(
        self, pyproject_toml: str | Path, optional_dependencies: Sequence[str] = (), **options: Any
    ) -> Image:
        """Install the dependencies that a ``pyproject.toml`` here names, and those of some extras. It is read now."""
        groups = texts("optional_dependencies", optional_dependencies)
        return self.pip_install(list(from_pyproject(Path(pyproject_toml), groups)), **options)

    # ── commands and surroundings

    def run_commands(self, *commands: str | Sequence[Any], force_build: bool = False) -> Image:
        """Run shell commands while it is built: in its folder, with its environment active, on the gateway's host.

        One that fails fails the build. A gateway that isolates its containers runs none.
        """
        lines = texts("run_commands", commands)
        return self._then(ImageStep(do="run", lines=lines), force_build) if lines else self

    def env(self, variables: Mapping[str, str]) -> Image:
        """Variables of the environment of its containers, and of the commands that build it."""
        return replace(self, _variables={**self._variables, **variables_of(variables)})

    def workdir(self, path: str | Path) -> Image:
        """Where containers work and commands run: a folder in the image's own, or an absolute one of the host."""
        text = str(path)
        if not text or ".." in Path(text).parts or "\0" in text:
            raise InvalidError(
                compose("workdir takes a folder", got=repr(text), takes="a path within the image, or an absolute one")
            )
        return replace(self, _workdir=text)

    # ── files

    def add_local_file(self, local_path: str | Path, remote_path: str | None = None, *, copy: bool = False) -> Image:
        """A file from here, at ``remote_path`` in the folder where containers work (None, or ending in /: its name).

        ``copy`` is taken for upstream's sake: files are there from this step on in any case. A changed file is a new
        image, which takes the packages from uv's cache.
        """
        return self._then(of_file(Path(local_path), remote_path))

    def add_local_dir(
        self,
        local_path: str | Path,
        remote_path: str | None = None,
        *,
        copy: bool = False,
        ignore: Ignore = (),
    ) -> Image:
        """A folder from here with all below it, as ``remote_path``. See :meth:`add_local_file`.

        Args:
            ignore: patterns as in .dockerignore (``"*.csv"``, ``"data/**"``, ``"!data/keep.txt"``), or a function that
                takes a path relative to the folder and says whether to leave it out.
        """
        return self._then(of_dir(Path(local_path), remote_path, ignore))

    def add_local_python_source(self, *modules: str, copy: bool = False, ignore: Ignore = ()) -> Image:
        """Modules and packages that are imported here, so that they can be imported there.

        Local modules that a function uses travel by themselves; this is for those that are imported in other ways.
        """
        return self._then(of_modules(texts("add_local_python_source", modules), ignore))

    # ── using it

    def pipe(self, make: Callable[..., Image], *args: Any, **kwargs: Any) -> Image:
        """``make(image, …)``, in a chain."""
        return make(self, *args, **kwargs)

    @contextmanager
    def imports(self) -> Iterator[None]:
        """For imports of packages that only the image has: ``with image.imports(): import torch``.

        Here a missing module is stood in for, so that functions may name it; using it here raises ``ImportError``. In a
        container of this image imports are plain, and fail as they do.
        """
        with importing(lambda: self.recipe().image_id):
            yield

    def recipe(self) -> ImageRecipe:
        """What it is made of, now, under its content hash. Looks whether local files have changed.

        Raises:
            InvalidError: a local file is gone, or they are too large.
        """
        steps = tuple(step.step() if isinstance(step, Files) else step for step in self._steps)
        python = self._python or ".".join(platform.python_version_tuple()[:2])
        return named(
            ImageRecipe(
                image_id="",
                python=python,
                steps=steps,
                variables=dict(self._variables) or None,
                workdir=self._workdir,
                salt=self._salt,
            )
        )

    def archives(self) -> dict[str, bytes]:
        """The local files in it, by the digests that :meth:`recipe` names: a tar file for each step."""
        return dict(step.archive() for step in self._steps if isinstance(step, Files))

    def __repr__(self) -> str:
        done = [step.shown if isinstance(step, Files) else f"{step.do} {' '.join(step.lines)}" for step in self._steps]
        return f"<farcall.Image Python {self._python or 'as here'}{''.join(f', {one}' for one in done)}>"

    def _then(self, step: ImageStep | Files, force_build: bool = False) -> Image:
        return replace(self, _steps=(*self._steps, step), _salt=_salt(force_build) or self._salt)

    # ── what upstream has, and a Python environment has not

    apt_install = _refuses(
        "apt_install",
        f"{_NO_SYSTEM}, so it has no system packages",
        "Install it on the host, or a package of the index that brings it along (pip_install)",
    )
    from_registry = _refuses(
        "from_registry",
        f"{_NO_SYSTEM}, and pulls none from a registry",
        "Use Image.debian_slim(…).pip_install(…)",
    )
    from_dockerfile = _refuses(
        "from_dockerfile",
        f"{_NO_SYSTEM}, and no Dockerfile makes one",
        "Use Image.debian_slim(…) with pip_install, run_commands and add_local_file",
    )
    dockerfile_commands = _refuses(
        "dockerfile_commands",
        f"{_NO_SYSTEM}, and no Dockerfile makes one",
        "Use run_commands for RUN, env for ENV, workdir for WORKDIR, add_local_file for COPY",
    )
    micromamba = _refuses(
        "micromamba",
        "images are made by uv, from packages of a Python index",
        "Use Image.debian_slim(…).pip_install(…)",
    )
    conda_install = _refuses(
        "conda_install", "images are made by uv, from packages of a Python index", "Use pip_install(…)"
    )
    micromamba_install = _refuses(
        "micromamba_install", "images are made by uv, from packages of a Python index", "Use pip_install(…)"
    )
    uv_sync = _refuses(
        "uv_sync", "an image is no project", "Use pip_install_from_pyproject(…), or export a file of requirements"
    )
    poetry_install_from_file = _refuses(
        "poetry_install_from_file", "images are made by uv", "Export a file of requirements with poetry"
    )
    entrypoint = _refuses("entrypoint", "containers here run functions only", "Do it in the function")
    cmd = _refuses("cmd", "containers here run functions only", "Do it in the function")
    shell = _refuses("shell", "commands are run by /bin/sh", 'Write run_commands("bash -c …")')
    run_function = _refuses(
        "run_function",
        "an image is built before any function can run in it",
        "Write run_commands('python -c …'), or load in a @farcall.once function",
    )


def _salt(force_build: bool) -> str:
    return secrets.token_hex(8) if force_build else ""


def _url(name: str, value: str | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        raise InvalidError(compose(f"{name}= is wrong", got=repr(value), takes="a URL or a path, or None"))
    return value.strip()


def _options(value: str) -> tuple[str, ...]:
    return extra_options(value)
