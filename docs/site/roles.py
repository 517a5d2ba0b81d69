"""An extension of griffe: Sphinx's roles in docstrings (:meth:`remote`, :class:`~farcall.Results`) become code."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:meth|class|func|attr|mod|exc):`~?([^`]+)`")


class Roles(griffe.Extension):
    """Reads every docstring once, before it is rendered."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Keep the last word of what a role names."""
        if obj.docstring is not None:
            obj.docstring.value = _ROLE.sub(lambda role: f"`{role[1].rpartition('.')[2]}`", obj.docstring.value)
