// Failures of the gateway's own making, as payloads: the same MessagePack map that containers send, without a pickle.
// The Python class each code becomes is named here; farcall/errors.py has the tree.

import { type FailureCode, packMap } from '@farcall/kernel-bridge/wire';

const KINDS: Readonly<Record<FailureCode, string>> = {
  'user.raised': 'farcall.errors.RemoteError',
  'user.timeout': 'farcall.errors.FunctionTimeoutError',
  'user.cancelled': 'farcall.errors.RemoteError',
  'user.exited': 'farcall.errors.RemoteError',
  'payload.unreadable': 'farcall.errors.DeserializationError',
  'payload.unpicklable': 'farcall.errors.SerializationError',
  'payload.large': 'farcall.errors.SerializationError',
  'container.lost': 'farcall.errors.ContainerLostError',
  'container.poison': 'farcall.errors.PoisonInputError',
  'container.memory': 'farcall.errors.OutOfMemoryError',
  'container.start': 'farcall.errors.ExecutionError',
  'resource.impossible': 'farcall.errors.ResourceExhaustedError',
  'image.build': 'farcall.errors.ImageBuildError',
  'version.python': 'farcall.errors.VersionError',
  'call.incomplete': 'farcall.errors.RemoteError',
};

export function failurePayload(
  code: FailureCode,
  message: string,
): { readonly payload: Uint8Array; readonly kind: string } {
  const kind = KINDS[code];
  const text = message.slice(0, 2000);
  return {
    kind,
    payload: packMap({ code, kind, message: text, where: '', traceback: '', pickled: new Uint8Array(0), notes: [] }),
  };
}
