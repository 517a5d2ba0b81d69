// What a field can be. A table of fields is held against its message by the compiler: one too many or too few does not compile.

import type { Message } from '../messages/index.js';

export type Kind = 'int' | 'number' | 'text' | 'flag' | 'bytes' | 'list' | 'map';
type Fields<M> = { readonly [F in Exclude<keyof M, 'type'>]-?: Kind | `${Kind}?` };
export type Shapes<M extends Message> = { readonly [T in M['type']]: Fields<Extract<M, { type: T }>> };
