// A gateway made slower on purpose, to see whether the benchmarks notice (check.py): one millisecond of busy loop for
// every write to a socket, which is about one a message. Preloaded by ./node; the gateway itself is the usual bundle.

import { Socket } from 'node:net';

const SPIN_MS = 1;
const { write } = Socket.prototype;

Socket.prototype.write = function spinAndWrite(...given) {
  const until = performance.now() + SPIN_MS;
  while (performance.now() < until);
  return write.apply(this, given);
};
