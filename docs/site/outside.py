"""A hook of MkDocs: pages that live beside the code join the site, and links to what is not a page lead to its name.

`docs/*.md` link to files of the repository (../kernel-bridge/PROTOCOL.md); on the site those are pages of their own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
#: Page on the site → file of the repository.
PAGES = {
    "PROTOCOL.md": "kernel-bridge/PROTOCOL.md",
    "SECURITY.md": "SECURITY.md",
    "ARCHITECTURE.md": "ARCHITECTURE.md",
    "CHANGELOG.md": "CHANGELOG.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the repository's pages and the pictures that pages show."""
    for name, source in PAGES.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text()))
    for picture in (ROOT / "test/e2e/screens").glob("*.png"):
        files.append(File.generated(config, f"screens/{picture.name}", abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn links that leave `docs/` into links within the site, or into plain names."""
    here = _source_of(page.file.src_uri).parent

    def turned(link: re.Match[str]) -> str:
        picture, text, target, anchor = link[1], link[2], link[3], link[4] or ""
        if "://" in target or target.startswith("mailto:"):
            return link[0]
        path = (here / target).resolve()
        if not path.exists() or not path.is_relative_to(ROOT):
            return link[0]  # a page's own mistake: MkDocs says so
        name = _name_on_site(path.relative_to(ROOT))
        if name is None:
            return f"`{text.strip('`')}`"
        up = "../" * page.file.src_uri.count("/")
        return f"{picture}[{text}]({up}{name}{anchor})"

    return _LINK.sub(turned, markdown)


def _source_of(page: str) -> Path:
    return ROOT / PAGES.get(page, f"docs/{page}")


def _name_on_site(source: Path) -> str | None:
    for name, other in PAGES.items():
        if source.as_posix() == other:
            return name
    if source.parts[0] == "docs":
        return source.relative_to("docs").as_posix()
    if source.parent.as_posix() == "test/e2e/screens":
        return f"screens/{source.name}"
    return None
