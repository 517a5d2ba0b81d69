"""What methods of this package return, under the module's name in Modal."""

from __future__ import annotations

from .call_graph import CallGraph as CallGraph
from .call_graph import InputInfo as InputInfo
from .call_graph import InputStatus as InputStatus
