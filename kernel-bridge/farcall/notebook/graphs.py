"""A call graph in a cell: the view of notebook.ts, and the output that is saved, so that it is there without a kernel.

What is saved holds names of functions, counts and times, as every snapshot does, and never a value.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from ..calls import graph_text
from ..wire.messages import GraphFolded
from . import markup, views
from .screen import Bundle
from .views import MIME, CountsView, GraphNodeView, GraphView, ViewBundle

if TYPE_CHECKING:
    from ..call_graph import CallGraph

#: Nodes of a saved graph: the first ones, which are the topmost.
_SAVED_NODES = 100
_NAME = 200


def graph_view(folded: GraphFolded) -> GraphView:
    """The graph as views draw it."""
    nodes = tuple(
        GraphNodeView(
            parent=node.parent,
            name=views.shown_name(node.app, node.name)[:_NAME],
            calls=node.calls,
            counts=CountsView(**{name: getattr(node.counts, name) for name in CountsView.__struct_fields__}),
            p50=node.p50,
            p95=node.p95,
            share=node.share,
            busy=node.busy,
            hidden=node.hidden,
            call_id=node.call_id or "",
        )
        for node in folded.nodes
    )
    return GraphView(call_id=folded.call.call_id, nodes=nodes, more=folded.more, began=folded.began, width=folded.width)


def bundle(graph: CallGraph) -> Bundle:
    """The output of a graph: its view, a table for readers without one, and the tree as text."""
    folded = graph.folded
    view = graph_view(folded)
    root = views.saved(views.asked(folded.call))
    shown = ViewBundle(
        v=1,
        kind="graph",
        call_id=root.call_id,
        snapshot=root,
        saved_at=time.time(),
        graph=msgspec.structs.replace(view, nodes=view.nodes[:_SAVED_NODES]),
    )
    return {MIME: msgspec.to_builtins(shown), "text/html": html(folded), "text/plain": str(graph)}


def html(folded: GraphFolded) -> str:
    """A table, a row a path, at most 4 kB."""
    rows = [_row(folded, at) for at in range(len(folded.nodes))]
    head = ("function", "calls", "inputs", "p50", "p95", "share")
    for shown in range(len(rows), 0, -1):
        left = len(rows) - shown
        note = f"<div>and {left:,} more paths</div>" if left else ""
        whole = f"<div>{markup.table(head, rows[:shown])}{note}</div>"
        if len(whole) <= markup.LIMIT:
            return whole
    return "<div>an empty call graph</div>"


def _row(folded: GraphFolded, at: int) -> tuple[str, ...]:
    node = folded.nodes[at]
    depth, above = 0, node.parent
    while above >= 0:
        depth, above = depth + 1, folded.nodes[above].parent
    indent = "\N{EM DASH} " * min(depth, 8)
    took = [graph_text.seconds(seconds) if seconds else "" for seconds in (node.p50, node.p95)]
    return (indent + node.name, f"{node.calls:,}", graph_text.counted(node.counts), *took, f"{node.share:.0%}")
