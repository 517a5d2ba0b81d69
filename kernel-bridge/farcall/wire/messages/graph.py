"""The call graph: which calls the inputs of other calls opened, level by level for programs, and folded by call path
for people.
"""

from __future__ import annotations

from .calls import CallSummary, Counts
from .record import Record, Tagged


class GraphRoot(Tagged, frozen=True, kw_only=True, tag="graph.root"):
    """Client → gateway. The call at the root of this one's tree, itself if no input opened it. Answered by
    `graph.calls`: that call alone.
    """

    request: int
    call_id: str


class GraphChildren(Tagged, frozen=True, kw_only=True, tag="graph.children"):
    """Client → gateway. The calls that some inputs opened: of calls[n], those from firsts[n], counts[n] of them. At
    most 1,000. Answered by `graph.calls`.
    """

    request: int
    calls: tuple[str, ...]
    #: u32
    firsts: bytes
    #: u32
    counts: bytes
    #: Of the very first input only calls behind this place: to go on where an answer ended. 0: all.
    after: int


class GraphName(Record, frozen=True, kw_only=True):
    """What a function is called. `module`: where it is defined."""

    app: str
    name: str
    module: str


class GraphCalls(Tagged, frozen=True, kw_only=True, tag="graph.calls"):
    """Gateway → client. Calls of a graph, in the order of the inputs that opened them; at most 2,000, with `more` when
    that is not all.
    """

    request: int
    calls: tuple[str, ...]
    names: tuple[GraphName, ...]
    #: u32: its function, a position in `names`.
    functions: bytes
    #: u32: inputs accepted so far.
    inputs: bytes
    #: u32: which of the calls that were asked for opened it, and which input of that.
    asked: bytes
    #: u32
    indexes: bytes
    #: The place of the last one.
    after: int
    more: bool


class GraphInputs(Tagged, frozen=True, kw_only=True, tag="graph.inputs"):
    """Client → gateway. The states of inputs: of calls[n] those from firsts[n], counts[n] of them; at most 1,000 calls
    and 10,000 inputs. Answered by `graph.states`.
    """

    request: int
    calls: tuple[str, ...]
    #: u32
    firsts: bytes
    #: u32
    counts: bytes


class GraphStates(Tagged, frozen=True, kw_only=True, tag="graph.states"):
    """Gateway → client. Tables by input, in the order asked. Times are Unix seconds of the last attempt, 0 = not yet or
    not known.
    """

    request: int
    #: u8: an input state; 6: failed because no container of its function came up.
    states: bytes
    #: u32
    attempts: bytes
    #: f64
    started: bytes
    #: f64
    ended: bytes
    containers: tuple[str, ...]
    #: u32: 0 for none, else a position in `containers`, from 1.
    container: bytes


class GraphFold(Tagged, frozen=True, kw_only=True, tag="graph.fold"):
    """Client → gateway. The graph of a call's whole tree, folded by call path. Answered by `graph.folded`."""

    request: int
    call_id: str


class GraphNode(Record, frozen=True, kw_only=True):
    """All calls of one function under one path of functions. Times in seconds."""

    #: The position of the node that it is beneath, -1 for the root; parents come before their children.
    parent: int
    app: str
    name: str
    calls: int
    #: Of all their inputs.
    counts: Counts
    #: Of the last attempts of inputs that ran; 0 when none has ended.
    p50: float
    p95: float
    #: Of the root's time so far, the share in which one of these calls had begun and not ended.
    share: float
    #: The same in bins of the root's time: a digit a bin, ninths of it, 0 only for none.
    busy: str
    #: Calls beneath it under paths that are not shown: there are too many paths.
    hidden: int
    #: The call, when it is only one.
    call_id: str | None = None


class GraphFolded(Tagged, frozen=True, kw_only=True, tag="graph.folded"):
    """Gateway → client. At most 256 nodes, however many calls. It may be as old as ten times what making it took."""

    request: int
    #: The root.
    call: CallSummary
    nodes: tuple[GraphNode, ...]
    #: Calls that were not looked at: the newest of a graph of more than 50,000.
    more: int
    #: Unix seconds at which the first bin begins, and the seconds of a bin.
    began: float
    width: float


class GraphList(Tagged, frozen=True, kw_only=True, tag="graph.list"):
    """Client → gateway. Calls of one node, at most 100, those that failed or run first. Answered by `call.listing`."""

    request: int
    call_id: str
    #: Its position in `graph.folded`; a node keeps it for as long as the calls of the tree are kept.
    node: int


GraphMessage = GraphRoot | GraphChildren | GraphCalls | GraphInputs | GraphStates | GraphFold | GraphFolded | GraphList
