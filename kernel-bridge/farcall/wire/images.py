"""The name of an image: the content hash of its recipe. Clients name what they send, hosts check what they build.

Two recipes with the same name are the same image, on whatever host: so nobody can put another one in its place.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from .messages import ImageRecipe

#: What no name or path within an image may be longer than.
LONGEST = 4096
_ID = re.compile(r"im-([0-9a-f]{32}|bare-3\.\d{1,2})")
_MINOR = re.compile(r"3\.\d{1,2}")


def image_id(recipe: ImageRecipe) -> str:
    """`im-` and 32 hex digits, of everything but the name that it has."""
    named = msgspec.structs.replace(recipe, image_id="")
    return "im-" + hashlib.sha256(msgspec.json.encode(named, order="deterministic")).hexdigest()[:32]


def named(recipe: ImageRecipe) -> ImageRecipe:
    """The recipe under its own name."""
    return msgspec.structs.replace(recipe, image_id=image_id(recipe))


def bare_id(minor: str) -> str:
    """The name of the image that is an interpreter and what containers need, nothing else."""
    return f"im-bare-{minor}"


def fault(recipe: ImageRecipe) -> str:
    """Why a recipe is none, in words; empty when it is one."""
    if not _ID.fullmatch(recipe.image_id) or not _MINOR.fullmatch(recipe.python):
        return f"{recipe.image_id!r} for Python {recipe.python!r} is no image"
    is_bare = recipe == ImageRecipe(image_id=bare_id(recipe.python), python=recipe.python)
    if not is_bare and recipe.image_id != image_id(recipe):
        return f"{recipe.image_id} is not the name of this recipe"
    for step in recipe.steps:
        for line in (*step.lines, *step.options, *step.indexes, *step.find_links, step.index):
            if "\0" in line or len(line) > LONGEST * 4:
                return f"a step has a line that cannot be: {line[:80]!r}"
            if step.do == "install" and ("\n" in line or "\r" in line):
                return f"a requirement is one line: {line[:80]!r}"
        if step.do == "install" and any(
            line.lstrip().startswith(("-", "#")) or not line.strip() for line in step.lines
        ):
            return "a requirement is no option"
        if step.do == "add" and not re.fullmatch(r"[0-9a-f]{64}", step.digest):
            return f"{step.digest[:80]!r} is no digest"
    return ""
