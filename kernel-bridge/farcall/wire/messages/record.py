"""What every message and every part of one is: frozen, by name, without its absent fields."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a message. Absent optional fields are not written."""


class Tagged(Record, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """A message: its tag travels as the field ``type``."""
