"""Environments: what an image is made of, and what a gateway and its hosts say about building it."""

from __future__ import annotations

from typing import Literal

from .record import Record, Tagged


class ImageStep(Record, frozen=True, kw_only=True):
    """One step of an image, in order. Fields that its kind does not use are absent."""

    do: Literal["install", "run", "add"]
    #: install: requirements, one each. run: commands, one each.
    lines: tuple[str, ...] = ()
    #: install: the index instead of the host's, and those beside it.
    index: str = ""
    indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    pre: bool = False
    #: install: further options for uv.
    options: tuple[str, ...] = ()
    #: add: the SHA-256 of a tar file, which is laid out in the image's folder.
    digest: str = ""


class ImageRecipe(Record, frozen=True, kw_only=True):
    """What an image is made of; its content hash is the image's id."""

    #: `im-<32 hex>`, or `im-bare-<minor>`: an interpreter of that minor and what containers need, nothing else.
    image_id: str
    #: `3.12`
    python: str
    steps: tuple[ImageStep, ...] = ()
    variables: dict[str, str] | None = None
    #: Where containers work: in the image's folder, or absolute.
    workdir: str = ""
    #: Makes it another image than one that is made of the same.
    salt: str = ""


class ImageBuild(Tagged, frozen=True, kw_only=True, tag="image.build"):
    """Gateway → supervisor. Make this image, if it is not there; again = no-op. Answered by `image.built` or
    `image.failed`.
    """

    recipe: ImageRecipe


class ImageStop(Tagged, frozen=True, kw_only=True, tag="image.stop"):
    """Gateway → supervisor. Nobody waits for it any more: its build ends. An unknown id is fine. Not answered."""

    image_id: str


class ImageProgress(Tagged, frozen=True, kw_only=True, tag="image.progress"):
    """Supervisor → gateway. What the build does now, for whoever waits."""

    image_id: str
    says: str


class ImageBuilt(Tagged, frozen=True, kw_only=True, tag="image.built"):
    """Supervisor → gateway. The image is there; with what its containers are started."""

    image_id: str
    executable: str
    cwd: str
    path: tuple[str, ...]
    #: In front of the PATH that containers have anyway.
    bin: str


class ImageFailed(Tagged, frozen=True, kw_only=True, tag="image.failed"):
    """Supervisor → gateway. It could not be made; `python`: this host has no such interpreter."""

    image_id: str
    stage: Literal["uv", "python", "refused", "resolve", "install", "run", "add"]
    detail: str


class ImagesExpire(Tagged, frozen=True, kw_only=True, tag="images.expire"):
    """Gateway → supervisor. Images go that were not used for `seconds`, and the least recently used beyond `bytes`;
    never one that is in `keep` or in use. `pretend`: nothing goes. Answered by `images.expired`.
    """

    request: int
    seconds: float
    bytes: float
    keep: tuple[str, ...]
    pretend: bool


class ImagesExpired(Tagged, frozen=True, kw_only=True, tag="images.expired"):
    """Supervisor → gateway. The images that went (`pretend`: would go), and the bytes of those that are left."""

    request: int
    images: tuple[str, ...]
    bytes: float


class PackagesAsk(Tagged, frozen=True, kw_only=True, tag="packages.ask"):
    """Client → gateway. Which of these modules do containers of an environment find? Answered by `packages.state`."""

    request: int
    environment_id: str
    #: Top-level names.
    modules: tuple[str, ...]


class PackagesState(Tagged, frozen=True, kw_only=True, tag="packages.state"):
    """Gateway → client. Those that are found → `distribution version`, or empty. `known` false: they are the client's
    own, or of an image.
    """

    request: int
    known: bool
    packages: dict[str, str]


EnvironmentMessage = (
    ImageBuild
    | ImageStop
    | ImageProgress
    | ImageBuilt
    | ImageFailed
    | ImagesExpire
    | ImagesExpired
    | PackagesAsk
    | PackagesState
)
