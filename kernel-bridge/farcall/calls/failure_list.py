"""`Failures`: what `Results.failures()` gives, a tuple of groups that reads well as a cell's value.

Places are as the presenter calls them: `Cell In[4], line 7` in a notebook. farcall.notebook draws it as a table.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..presenter import presenter
from ..wire.messages import FailureGroup


class Failures(tuple[FailureGroup, ...]):
    """Failed inputs by exception type and user line, the most frequent first; up to three example inputs a group."""

    __slots__ = ()

    @classmethod
    def of(cls, groups: Iterable[FailureGroup]) -> Failures:
        """Groups as the gateway knows them, at places as a person knows them."""
        place = presenter().place
        return cls(msgspec.structs.replace(group, where=place(group.where)) for group in groups)

    def __repr__(self) -> str:
        return "\n".join(map(_line, self)) or "no failures"


def error_of(group: FailureGroup) -> str:
    """``ValueError: released in the future: …``"""
    kind = group.kind.rpartition(".")[2]
    return f"{kind}: {group.message}" if group.message else kind


def examples_of(group: FailureGroup) -> str:
    """``9, 15, 16, …``: the inputs it names, and whether there are more."""
    shown = ", ".join(map(str, group.examples))
    return f"{shown}, …" if shown and group.count > len(group.examples) else shown


def _line(group: FailureGroup) -> str:
    examples = examples_of(group)
    inputs = f"input{'' if group.count == 1 else 's'} {examples}" if examples else ""
    facts = (f"{group.count:,} × {error_of(group)}", group.where, inputs)
    return " · ".join(fact for fact in facts if fact)
