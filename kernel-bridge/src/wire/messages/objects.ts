// Dicts and queues. Clients name what they make; every change has the client's own number (`op`), so that one that is said
// again after a lost connection is answered as before and not done twice. Answers follow commits.

import type { ObjectId } from '../ids.js';
import type { Bytes } from './bytes.js';
import type { Parent } from './calls.js';

export type ObjectKind = 'dict' | 'queue';

/**
 * Client → gateway. Names a dict or a queue, or makes one. Without a name it is ephemeral: it ends 60 s after its client's connection.
 * `object_id` is what a new one will be called. Inside a container, `parent` is the input that asks. Answered by `object.opened`.
 */
export interface ObjectOpen {
  readonly type: 'object.open';
  readonly request: number;
  readonly object_id: ObjectId;
  readonly kind: ObjectKind;
  readonly name: string;
  readonly environment: string;
  /** must: one of that name that is there already is refused. */
  readonly create: 'never' | 'missing' | 'must';
  readonly parent?: Parent;
}
/** A dict or a queue. `count`: entries, or items that nobody holds; `bytes`: of its values. `person`: whose it is, empty: the home's owner. */
export interface ObjectSummary {
  readonly object_id: ObjectId;
  readonly kind: ObjectKind;
  readonly name: string;
  readonly environment: string;
  readonly person: string;
  readonly created_at: number;
  readonly count: number;
  readonly bytes: number;
}
/** Gateway → client. Which it is. */
export interface ObjectOpened {
  readonly type: 'object.opened';
  readonly request: number;
  readonly object_id: ObjectId;
  readonly created_at: number;
}
/** Client → gateway. Named ones, newest first; `everyone`: other people's too, for admins. Answered by `object.listing`. */
export interface ObjectList {
  readonly type: 'object.list';
  readonly request: number;
  readonly kind: ObjectKind;
  readonly environment: string;
  readonly everyone: boolean;
}
/** Gateway → client. Answers `object.list`. */
export interface ObjectListing {
  readonly type: 'object.listing';
  readonly request: number;
  readonly objects: readonly ObjectSummary[];
}
/** Client → gateway. How much it holds. Answered by `object.info`. */
export interface ObjectAsk {
  readonly type: 'object.ask';
  readonly request: number;
  readonly object_id: ObjectId;
  /** Of a queue: one of its partitions; absent: all of them. */
  readonly partition?: string;
}
/** Gateway → client. Answers `object.ask`; `count` is the partition's when one was asked for. */
export interface ObjectInfo {
  readonly type: 'object.info';
  readonly request: number;
  readonly object: ObjectSummary;
  readonly count: number;
  /** Of a queue: how many partitions have items. */
  readonly partitions: number;
}
/** Client → gateway. With all its entries; one that is gone is fine. Answered by `object.done`. */
export interface ObjectDelete {
  readonly type: 'object.delete';
  readonly request: number;
  readonly object_id: ObjectId;
}
/** Client → gateway. Takes out all entries, or those of one partition. Answered by `object.done`. */
export interface ObjectClear {
  readonly type: 'object.clear';
  readonly request: number;
  readonly op: number;
  readonly answered: number;
  readonly object_id: ObjectId;
  readonly partition?: string;
}
/** Gateway → client. It is durable. `count`: entries written or taken out; 0 after `queue.put`: it is full, nothing was put. */
export interface ObjectDone {
  readonly type: 'object.done';
  readonly request: number;
  readonly count: number;
}
/**
 * Client → gateway. Entries of a dict; payload: all keys, then all values, but for those in blobs. `skip`: a key that is there keeps its
 * value. The client has the answers to its changes below `answered`. Answered by `object.done`.
 */
export interface DictPut {
  readonly type: 'dict.put';
  readonly request: number;
  readonly op: number;
  readonly answered: number;
  readonly object_id: ObjectId;
  readonly keys: Bytes;
  readonly lengths: Bytes;
  readonly blobs?: readonly string[];
  readonly skip: boolean;
}
/** Client → gateway. Payload: the key. `what`: its value, or only whether it is there. Answered by `dict.value`. */
export interface DictGet {
  readonly type: 'dict.get';
  readonly request: number;
  readonly object_id: ObjectId;
  readonly what: 'value' | 'presence';
}
/** Client → gateway. Takes an entry out; payload: the key. Answered by `dict.value`. */
export interface DictPop {
  readonly type: 'dict.pop';
  readonly request: number;
  readonly op: number;
  readonly answered: number;
  readonly object_id: ObjectId;
}
/** Gateway → client. Payload: the value, unless it is a blob. */
export interface DictValue {
  readonly type: 'dict.value';
  readonly request: number;
  readonly found: boolean;
  readonly blob?: string;
}
/** Client → gateway. Entries numbered above `after`, in the order their keys came. Answered by `dict.page`. */
export interface DictRead {
  readonly type: 'dict.read';
  readonly request: number;
  readonly object_id: ObjectId;
  readonly after: number;
  readonly what: 'keys' | 'values' | 'items';
}
/** Gateway → client. Payload: all keys, then all values. `next`: go on after this number; -1: that was all. */
export interface DictPage {
  readonly type: 'dict.page';
  readonly request: number;
  readonly keys: Bytes;
  readonly lengths: Bytes;
  readonly blobs?: readonly string[];
  readonly next: number;
}
/**
 * Client → gateway. Items for the end of a partition, all or none of them. `ttl`: seconds until the partition goes, from now on. `wait`:
 * answered once there is room, or after `queue.leave`. Answered by `object.done`.
 */
export interface QueuePut {
  readonly type: 'queue.put';
  readonly request: number;
  readonly op: number;
  readonly answered: number;
  readonly object_id: ObjectId;
  readonly partition: string;
  readonly lengths: Bytes;
  readonly blobs?: readonly string[];
  readonly ttl: number;
  readonly wait: boolean;
}
/**
 * Client → gateway. Up to `count` items from the front. They are held for the client until `queue.taken`; asking again under the same `op`
 * gives the same ones. `wait`: answered once there is one, or after `queue.leave`. Answered by `queue.items`.
 */
export interface QueueGet {
  readonly type: 'queue.get';
  readonly request: number;
  readonly op: number;
  readonly answered: number;
  readonly object_id: ObjectId;
  readonly partition: string;
  readonly count: number;
  readonly wait: boolean;
}
/** Gateway → client. `more`: there was no room for all that was asked for. `next`: after `queue.read`, the number of the last of them. */
export interface QueueItems {
  readonly type: 'queue.items';
  readonly request: number;
  readonly lengths: Bytes;
  readonly blobs?: readonly string[];
  readonly more: boolean;
  readonly next: number;
}
/** Client → gateway. It has the items of its `queue.get` numbered `op`: they are gone now. Answered by `object.done`. */
export interface QueueTaken {
  readonly type: 'queue.taken';
  readonly request: number;
  readonly object_id: ObjectId;
  readonly op: number;
}
/**
 * Client → gateway. It waits no longer for what it asked for under `op`: if that is not answered yet, it is answered with nothing now.
 * `release`: nor does it want what it was answered; items that are held for it go back to their places. Answered by `object.done`.
 */
export interface QueueLeave {
  readonly type: 'queue.leave';
  readonly request: number;
  readonly object_id: ObjectId;
  readonly op: number;
  readonly release: boolean;
}
/** Client → gateway. Items of a partition numbered above `after`, without taking them. `wait` as in `queue.get`. Answered by `queue.items`. */
export interface QueueRead {
  readonly type: 'queue.read';
  readonly request: number;
  readonly op: number;
  readonly object_id: ObjectId;
  readonly partition: string;
  readonly after: number;
  readonly wait: boolean;
}

export type ObjectMessage =
  | ObjectOpen
  | ObjectOpened
  | ObjectList
  | ObjectListing
  | ObjectAsk
  | ObjectInfo
  | ObjectDelete
  | ObjectClear
  | ObjectDone
  | DictPut
  | DictGet
  | DictPop
  | DictValue
  | DictRead
  | DictPage
  | QueuePut
  | QueueGet
  | QueueItems
  | QueueTaken
  | QueueLeave
  | QueueRead;
