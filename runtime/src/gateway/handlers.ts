// How a message finds its handler: one table a role, keyed by type. What is not in the table is refused, never a crash.

import type { Message, MessageType } from '@farcall/kernel-bridge/wire';

import type { Receiver } from './connection.js';
import type { Parts } from './parts.js';
import { Refusal } from './refusal.js';

export type Handlers<Session> = {
  readonly [T in MessageType]?: (
    parts: Parts,
    session: Session,
    message: Extract<Message, { type: T }>,
    payload: Uint8Array,
  ) => void | Promise<void>;
};

type Handler<Session> = (parts: Parts, session: Session, message: Message, payload: Uint8Array) => void | Promise<void>;

/** What takes a session's messages. */
export function receiver<Session>(handlers: Handlers<Session>, parts: Parts, session: Session): Receiver {
  return (message, payload) => {
    const handler = handlers[message.type] as Handler<Session> | undefined;
    if (handler === undefined) throw new Refusal('request.unsupported', `${message.type} is not for this side to send`);
    return handler(parts, session, message, payload);
  };
}
