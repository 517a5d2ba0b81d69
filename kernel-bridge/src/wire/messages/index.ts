// The gateway protocol, as data. One interface a message, one file a topic; its doc comment says who
// sends it to whom and when. farcall/wire/messages/ mirrors this folder; PROTOCOL.md explains each; test/vectors/ proves them.
//
// `Bytes` fields are little-endian tables (u8, u32 or f32 per entry), so nothing here is an object per input.
// A message's payload travels behind its header in the frame. `request` is chosen by the asker and echoed.

import type { AppMessage } from './apps.js';
import type { CallMessage } from './calls.js';
import type { ConnectingMessage } from './connecting.js';
import type { ContainerMessage } from './containers.js';
import type { EnvironmentMessage } from './environments.js';
import type { FunctionMessage } from './functions.js';
import type { GraphMessage } from './graph.js';
import type { HostMessage } from './hosts.js';
import type { ObjectMessage } from './objects.js';
import type { OperationMessage } from './operations.js';
import type { OutcomeMessage } from './outcomes.js';
import type { WatchingMessage } from './watching.js';

export type * from './apps.js';
export type * from './bytes.js';
export type * from './calls.js';
export type * from './connecting.js';
export type * from './containers.js';
export type * from './environments.js';
export type * from './functions.js';
export type * from './graph.js';
export type * from './hosts.js';
export type * from './objects.js';
export type * from './operations.js';
export type * from './outcomes.js';
export type * from './watching.js';

export type Message =
  | ConnectingMessage
  | EnvironmentMessage
  | FunctionMessage
  | AppMessage
  | CallMessage
  | OutcomeMessage
  | WatchingMessage
  | GraphMessage
  | ObjectMessage
  | OperationMessage
  | ContainerMessage
  | HostMessage;
export type MessageType = Message['type'];
