"""A million inputs with the view open: what the bridge says a second, and what the gateway holds meanwhile.

Goals: bridge < 200 kB/s, gateway < 300 MB. A real kernel runs the map, and this process listens as JupyterLab does. How
long a frame takes is the browser's to measure: the end-to-end tests may leave `.cache/reports/view-frame.json` with
`{"milliseconds": …}`, and its line is then filled in.
"""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from test.python.support.kernel import Kernel, is_event, running_kernel

from .processes import told_pid, watching
from .promise import Benchmark, Effort, Figures, Goal, Promise

INPUTS = {"quick": 50_000, "usual": 1_000_000, "full": 1_000_000}
_LIMIT_S = 550.0
_BRIDGE, _GATEWAY, _FRAME = "a million inputs, bridge", "a million inputs, gateway", "a view's frame"
_VIEW = Path(__file__).parents[2] / ".cache" / "reports" / "view-frame.json"
_SET_UP = """
import farcall
@farcall.function
def echo(number):
    return number
len(list(echo.map(range(1_000))))
"""


def benchmark(effort: Effort) -> Benchmark:
    stack = ExitStack()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fc-", ignore_cleanup_errors=True)))
    try:
        kernel = stack.enter_context(running_kernel(folder))
        kernel.run(_SET_UP)
        kernel.hello()
    except BaseException:
        stack.close()
        raise
    promises = (
        Promise(_BRIDGE, "kB/s", False, (Goal(200),)),
        Promise(_GATEWAY, "MB", False, (Goal(300),)),
        Promise(_FRAME, "ms", False, (Goal(4),)),
    )
    contenders = {"farcall": lambda: _turn(kernel, folder / "home", INPUTS[effort])}
    return Benchmark(promises, contenders, stack.close, most_rounds=1)


def _turn(kernel: Kernel, home: Path, inputs: int) -> Figures:
    since, began = len(kernel.seen), time.monotonic()
    with watching(told_pid("gateway.json", home)) as (gateway,):
        ran = _run_with_its_card_open(kernel, inputs)
    seconds = time.monotonic() - began
    if ran != str(inputs):
        raise RuntimeError(f"the cell gave {ran!r} instead of {inputs} results")
    said = sum(_size(message) for message in kernel.seen[since:])
    figures = {_BRIDGE: said / 1000 / seconds, _GATEWAY: gateway.peak}
    return figures | ({_FRAME: float(json.loads(_VIEW.read_text())["milliseconds"])} if _VIEW.exists() else {})


def _run_with_its_card_open(kernel: Kernel, inputs: int) -> str:
    """Run the map; as soon as its card is there, follow its call as the extension does."""
    since = len(kernel.seen)
    started = kernel.start(f"sum(1 for _ in echo.map(range({inputs})))")
    card = kernel.until(lambda message: _call_of(message) != "", since=since, timeout=60.0)
    kernel.ask("lease", call_ids=[_call_of(card)], timeout=60.0)
    return kernel.finish(started, timeout=_LIMIT_S).value


def _call_of(message: dict[str, Any]) -> str:
    """The call in a card's bundle."""
    data = message["content"].get("data", {})
    bundle = data.get("application/vnd.farcall.view.v1+json") if isinstance(data, dict) else None
    return str(bundle.get("call_id", "")) if isinstance(bundle, dict) else ""


def _size(message: dict[str, Any]) -> int:
    """Bytes of a message that reaches the browser for this card: bridge events, and the card's own updates."""
    is_card = message["header"]["msg_type"] in ("display_data", "update_display_data")
    return len(json.dumps(message["content"])) if is_card or is_event(message) else 0
