// Puts intents on a kernel's control channel and picks bridge events out of its iopub traffic. Raw comm messages with a
// fixed comm id: no comm is ever opened, so none can be closed, claimed by another connection or wait for the shell.

import type { BridgeIntent } from '@farcall/kernel-bridge/notebook';
import { BRIDGE } from '@farcall/kernel-bridge/notebook';
import type { Kernel } from '@jupyterlab/services';
import { KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

/** What the bridge needs of a kernel connection. */
export type BridgeKernel = Pick<
  Kernel.IKernelConnection,
  | 'id'
  | 'clientId'
  | 'username'
  | 'status'
  | 'connectionStatus'
  | 'isDisposed'
  | 'iopubMessage'
  | 'statusChanged'
  | 'connectionStatusChanged'
  | 'disposed'
  | 'sendControlMessage'
  | 'sendShellMessage'
>;

/** `control` answers within milliseconds while a cell runs; kernels without a control thread know only `shell`. */
export type Channel = 'control' | 'shell';

export function sendIntent(kernel: BridgeKernel, intent: BridgeIntent, channel: Channel): void {
  const message = KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
    msgType: 'comm_msg',
    channel: 'shell',
    session: kernel.clientId,
    username: kernel.username,
    content: { comm_id: BRIDGE, data: intent as unknown as JSONObject },
  });
  if (channel === 'shell') kernel.sendShellMessage(message, false, true);
  // comm_msg is no control message to the type system, but the kernel's control thread serves it.
  else kernel.sendControlMessage({ ...message, channel } as unknown as KernelMessage.IControlMessage, false, true);
}

/** The bridge data of an iopub message, or undefined when the message is none of ours. */
export function bridgeData(message: KernelMessage.IIOPubMessage): unknown {
  if (message.header.msg_type !== 'comm_msg') return undefined;
  const content = message.content as { readonly comm_id?: unknown; readonly data?: unknown };
  return content.comm_id === BRIDGE ? content.data : undefined;
}

/** Seconds to add to this browser's clock to get the kernel's; 0 when the message carries no date. */
export function clockSkew(message: KernelMessage.IIOPubMessage): number {
  const at = Date.parse(message.header.date);
  return Number.isNaN(at) ? 0 : (at - Date.now()) / 1000;
}
