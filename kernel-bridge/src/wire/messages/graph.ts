// The call graph: which calls the inputs of other calls opened, level by level for programs, and folded by call path for people.

import type { CallId } from '../ids.js';
import type { Bytes } from './bytes.js';
import type { CallSummary, Counts } from './calls.js';

/** Client → gateway. The call at the root of this one's tree, itself if no input opened it. Answered by `graph.calls`: that call alone. */
export interface GraphRoot {
  readonly type: 'graph.root';
  readonly request: number;
  readonly call_id: CallId;
}
/** Client → gateway. The calls that some inputs opened: of calls[n], those from firsts[n], counts[n] of them. At most 1,000. Answered by `graph.calls`. */
export interface GraphChildren {
  readonly type: 'graph.children';
  readonly request: number;
  readonly calls: readonly CallId[];
  /** u32 */
  readonly firsts: Bytes;
  /** u32 */
  readonly counts: Bytes;
  /** Of the very first input only calls behind this place: to go on where an answer ended. 0: all. */
  readonly after: number;
}
/** What a function is called. `module`: where it is defined. */
export interface GraphName {
  readonly app: string;
  readonly name: string;
  readonly module: string;
}
/** Gateway → client. Calls of a graph, in the order of the inputs that opened them; at most 2,000, with `more` when that is not all. */
export interface GraphCalls {
  readonly type: 'graph.calls';
  readonly request: number;
  readonly calls: readonly CallId[];
  readonly names: readonly GraphName[];
  /** u32: its function, a position in `names`. */
  readonly functions: Bytes;
  /** u32: inputs accepted so far. */
  readonly inputs: Bytes;
  /** u32: which of the calls that were asked for opened it, and which input of that. */
  readonly asked: Bytes;
  /** u32 */
  readonly indexes: Bytes;
  /** The place of the last one. */
  readonly after: number;
  readonly more: boolean;
}
/** Client → gateway. The states of inputs: of calls[n] those from firsts[n], counts[n] of them; at most 1,000 calls and 10,000 inputs. Answered by `graph.states`. */
export interface GraphInputs {
  readonly type: 'graph.inputs';
  readonly request: number;
  readonly calls: readonly CallId[];
  /** u32 */
  readonly firsts: Bytes;
  /** u32 */
  readonly counts: Bytes;
}
/** Gateway → client. Tables by input, in the order asked. Times are Unix seconds of the last attempt, 0 = not yet or not known. */
export interface GraphStates {
  readonly type: 'graph.states';
  readonly request: number;
  /** u8: an input state; 6: failed because no container of its function came up. */
  readonly states: Bytes;
  /** u32 */
  readonly attempts: Bytes;
  /** f64 */
  readonly started: Bytes;
  /** f64 */
  readonly ended: Bytes;
  readonly containers: readonly string[];
  /** u32: 0 for none, else a position in `containers`, from 1. */
  readonly container: Bytes;
}
/** Client → gateway. The graph of a call's whole tree, folded by call path. Answered by `graph.folded`. */
export interface GraphFold {
  readonly type: 'graph.fold';
  readonly request: number;
  readonly call_id: CallId;
}
/** All calls of one function under one path of functions. Times in seconds. */
export interface GraphNode {
  /** The position of the node that it is beneath, -1 for the root; parents come before their children. */
  readonly parent: number;
  readonly app: string;
  readonly name: string;
  readonly calls: number;
  /** Of all their inputs. */
  readonly counts: Counts;
  /** Of the last attempts of inputs that ran; 0 when none has ended. */
  readonly p50: number;
  readonly p95: number;
  /** Of the root's time so far, the share in which one of these calls had begun and not ended. */
  readonly share: number;
  /** The same in bins of the root's time: a digit a bin, ninths of it, 0 only for none. */
  readonly busy: string;
  /** Calls beneath it under paths that are not shown: there are too many paths. */
  readonly hidden: number;
  /** The call, when it is only one. */
  readonly call_id?: CallId;
}
/** Gateway → client. At most 256 nodes, however many calls. It may be as old as ten times what making it took. */
export interface GraphFolded {
  readonly type: 'graph.folded';
  readonly request: number;
  /** The root. */
  readonly call: CallSummary;
  readonly nodes: readonly GraphNode[];
  /** Calls that were not looked at: the newest of a graph of more than 50,000. */
  readonly more: number;
  /** Unix seconds at which the first bin begins, and the seconds of a bin. */
  readonly began: number;
  readonly width: number;
}
/** Client → gateway. Calls of one node, at most 100, those that failed or run first. Answered by `call.listing`. */
export interface GraphList {
  readonly type: 'graph.list';
  readonly request: number;
  readonly call_id: CallId;
  /** Its position in `graph.folded`; a node keeps it for as long as the calls of the tree are kept. */
  readonly node: number;
}

export type GraphMessage =
  GraphRoot | GraphChildren | GraphCalls | GraphInputs | GraphStates | GraphFold | GraphFolded | GraphList;
