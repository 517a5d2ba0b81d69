"""A call graph as text: a line an input while it is small, else a line for all calls of one path. Pure text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..wire.messages import Counts, GraphFolded, GraphNode

#: Up to so many inputs each has its line.
_EACH = 40
_WORDS = ("succeeded", "failed", "timed_out", "cancelled", "running", "retrying", "queued")


def tree(folded: GraphFolded, each: Callable[[], Iterator[str]]) -> str:
    """The tree: ``each`` gives a line an input, which is used when there are few."""
    inputs = sum(total(node.counts) for node in folded.nodes)
    if inputs <= _EACH and not folded.more:
        return "\n".join(each())
    lines = list(_below(folded.nodes, -1, ""))
    if folded.more:
        lines.append(f"… and {folded.more:,} later calls")
    return "\n".join(lines)


def facts(status: str, attempts: int, took: float | None) -> str:
    """``SUCCESS · 1.2 s``, with the attempts when there were several."""
    parts = [status]
    if took is not None:
        parts.append(seconds(took))
    if attempts > 1:
        parts.append(f"{attempts} attempts")
    return " · ".join(parts)


def node_facts(node: GraphNode) -> str:
    """``10 calls of 1,000 inputs · 990 succeeded, 10 failed · p50 1.2 s, p95 3.4 s · 88 % of the time``."""
    inputs = total(node.counts)
    calls = "1 call" if node.calls == 1 else f"{node.calls:,} calls"
    parts = [calls if inputs == node.calls else f"{calls} of {inputs:,} inputs"]
    counts = counted(node.counts)
    if counts:
        parts.append(counts)
    if node.p50:
        parts.append(f"p50 {seconds(node.p50)}, p95 {seconds(node.p95)}")
    parts.append(f"{node.share:.0%} of the time".replace("%", " %"))
    if node.hidden:
        parts.append(f"{node.hidden:,} more calls beneath")
    return " · ".join(parts)


def counted(counts: Counts) -> str:
    """``990 succeeded, 10 failed``"""
    found = [(getattr(counts, word), word.replace("_", " ")) for word in _WORDS]
    return ", ".join(f"{count:,} {word}" for count, word in found if count)


def total(counts: Counts) -> int:
    """All inputs."""
    return sum(getattr(counts, word) for word in _WORDS)


def seconds(took: float) -> str:
    """``12 ms``, ``1.2 s``, ``3 m 20 s``, ``2 h 5 m``"""
    if took < 0.0995:
        return f"{took * 1000:.0f} ms" if took >= 0.0005 else "< 1 ms"
    if took < 59.95:
        return f"{took:.1f} s"
    whole = round(took)
    return f"{whole // 60} m {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} m"


def _below(nodes: Sequence[GraphNode], parent: int, indent: str) -> Iterator[str]:
    children = [(at, node) for at, node in enumerate(nodes) if node.parent == parent]
    for number, (at, node) in enumerate(children):
        is_last = number == len(children) - 1
        branch, below = ("", "") if parent < 0 else ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        yield f"{indent}{branch}{node.name} · {node_facts(node)}"
        yield from _below(nodes, at, indent + below)
