"""The static HTML of a card: what GitHub, VS Code, Colab and an untrusted notebook show. At most 4 kB, no CSS needed.

Every text is escaped here, whatever it is. No scripts, styles, links or images; the sanitisers of the front ends take
those out, and a saved notebook contacts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from . import words
from .views import CallView, FailureView

LIMIT = 4_000
HINT = "For the live view: install farcall where JupyterLab runs, then reload the page."
_MUTED = "color:#767676"
_CELL = "text-align:left;padding:0 1em 0 0"
_ROWS = 8
_GROUPS = 5


def card(views: Sequence[CallView], *, hint: bool, now: float | None = None) -> str:
    """The HTML of one output: one call in full, or a row for each of several."""
    body = _one(views[0], now) if len(views) == 1 else _several(views, now)
    note = _paragraph(HINT, _MUTED) if hint else ""
    whole = f"<div>{body}{note}</div>"
    return whole if len(whole) <= LIMIT else f"<div>{_paragraph(words.line(views[0], now)[: LIMIT // 8])}</div>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table; all cells escaped."""
    lines = "".join(_row("td", row) for row in rows)
    return f"<table>{_row('th', head)}{lines}</table>"


def text(value: str, limit: int = 120) -> str:
    """One line, cut and escaped, control characters out (a terminal's escape sequences among them)."""
    clean = "".join(c if c.isprintable() else " " for c in value)
    return escape(clean if len(clean) <= limit else clean[: limit - 1] + "…", quote=True)


def _row(tag: str, cells: Sequence[str]) -> str:
    inside = "".join(f'<{tag} style="{_CELL}">{text(cell)}</{tag}>' for cell in cells)
    return f"<tr>{inside}</tr>"


def _one(view: CallView, now: float | None) -> str:
    facts = [words.state(view), words.duration(words.elapsed(view, now))]
    if view.kind in ("map", "spawn_map"):
        facts[1:1] = [words.done_of(view), words.rate(view.rate)]
    facts.append(words.hardware(view))
    head = f"<b>{text(words.title(view))}</b> · {' · '.join(text(fact) for fact in facts if fact)}"
    return "".join([f"<div>{head}</div>", _bar(view), _counts(view), _waiting(view), _failures(view.failures)])


def _bar(view: CallView) -> str:
    if view.inputs <= 1 or view.is_final:
        return ""
    if not view.sealed:
        return "<progress></progress>"
    share = f"{words.done_of(view)} done"
    return f'<progress max="{view.inputs}" value="{view.counts.settled}">{text(share)}</progress>'


def _counts(view: CallView) -> str:
    counts = words.legend(view.counts)
    if view.inputs <= 1 or not counts:
        return ""
    return table([word for word, _ in counts], [[words.number(count) for _, count in counts]])


def _waiting(view: CallView) -> str:
    return _paragraph(f"Waiting: {view.waiting}", _MUTED) if view.waiting and not view.is_final else ""


def _failures(groups: Sequence[FailureView]) -> str:
    rows = "".join(_failure(group) for group in groups[:_GROUPS])
    left = len(groups) - _GROUPS
    return rows + (_paragraph(f"and {words.number(left)} more kinds of failure") if left > 0 else "")


def _failure(group: FailureView) -> str:
    where = f" at {text(group.where)}" if group.where else ""
    examples = ", ".join(words.number(index) for index in group.examples[:3])
    inputs = f" (input {examples})" if examples else ""
    return f"<div>{words.number(group.count)} × {text(group.kind)}{where}{inputs}</div>"


def _several(views: Sequence[CallView], now: float | None) -> str:
    rows = [[words.title(view), words.state(view), words.duration(words.elapsed(view, now))] for view in views[-_ROWS:]]
    left = len(views) - len(rows)
    note = _paragraph(f"{words.number(left)} more calls above these") if left > 0 else ""
    return table(["call", "state", "time"], rows) + note


def _paragraph(line: str, style: str = "") -> str:
    attribute = f' style="{style}"' if style else ""
    return f"<div{attribute}>{text(line, 300)}</div>"
