// The gateway protocol: messages, codes, ids and frames.
export * from './codes.js';
export * from './frame.js';
export * from './ids.js';
export type * from './messages/index.js';
export { SHAPES } from './shapes/index.js';
