// Where a card's call comes from: the live state while its kernel speaks, else the last known one, else the snapshot
// saved in the notebook. Finds the kernel of the card, keeps the lease while it is visible, and reconnects on request.

import type { CallView, LiveCall } from '@farcall/kernel-bridge/notebook';
import type { RefObject } from 'react';
import { useCallback, useEffect, useState } from 'react';

import type { KernelBridge } from '../bridge/kernel-bridge';
import type { KnownCall } from '../model/run-store';
import { newer } from '../model/run-store';
import { useKernelChanges, useKnownCall, useLatestId } from './hooks';
import type { ViewServices } from './services';
import { useServices } from './services';

export interface Source {
  readonly call: CallView;
  /** The same with its squares; undefined while only a snapshot is known. */
  readonly live: LiveCall | undefined;
  readonly isConnected: boolean;
  readonly perSecond: number;
  /** What to add to this browser's clock to get the kernel's. */
  readonly skew: number;
  /** When this state was taken, Unix seconds. */
  readonly asOf: number;
  readonly bridge: KernelBridge | undefined;
  /** It is a later call, over inputs of the one that the card was made for; `leave` shows that one again. */
  readonly isAgain: boolean;
  leave(): void;
  /** Resolves to a sentence when it did not work, else to ''. */
  reconnect(): Promise<string>;
}

export interface SourceOptions {
  readonly root: RefObject<HTMLElement | null>;
  readonly isVisible: boolean;
  readonly savedAt: number;
  /** The output is the person's own: its kernel may be asked for the call without a click. */
  readonly isTrusted: boolean;
}

export function useSource(saved: CallView, options: SourceOptions): Source {
  const services = useServices();
  const [isAsked, setAsked] = useState(false);
  const callId = useLatestId(saved.call_id);
  const known = useKnownCall(callId, options.isVisible);
  const bridge = useBridge(known?.kernelId, options);
  useLease(bridge, callId, options.isVisible && (isAsked || (options.isTrusted && services.kernels.isLive)));
  const reconnect = useCallback(async () => {
    const problem = await connect(services, options.root.current, callId);
    if (problem === '') setAsked(true);
    return problem;
  }, [services, options.root, callId]);
  const leave = useCallback(() => services.store.leave(saved.call_id), [services, saved.call_id]);
  const isAgain = callId !== saved.call_id;
  return { ...describe(saved, known, options.savedAt), bridge, isAgain, leave, reconnect };
}

function describe(
  saved: CallView,
  known: KnownCall | undefined,
  savedAt: number,
): Omit<Source, 'bridge' | 'isAgain' | 'leave' | 'reconnect'> {
  const isSameCall = known?.call.call_id === saved.call_id;
  return {
    call: isSameCall ? newer(saved, known?.call) : (known?.call ?? saved),
    live: known?.call,
    isConnected: known?.connected ?? false,
    perSecond: known?.perSecond ?? saved.rate,
    skew: known?.skew ?? 0,
    asOf: known === undefined ? savedAt : Math.max(known.seenAt, isSameCall ? savedAt : 0),
  };
}

/** The kernel that spoke of the call, else the one of the notebook that shows the card: known once it is on the page. */
function useBridge(kernelId: string | undefined, { root, isVisible }: SourceOptions): KernelBridge | undefined {
  const services = useServices();
  const changes = useKernelChanges();
  const [bridge, setBridge] = useState<KernelBridge>();
  useEffect(() => {
    const own = root.current === null ? undefined : services.bridgeAt(root.current);
    setBridge(services.kernels.bridge(kernelId) ?? own);
  }, [services, root, isVisible, kernelId, changes]);
  return bridge;
}

function useLease(bridge: KernelBridge | undefined, callId: string, isWanted: boolean): void {
  useEffect(() => {
    if (bridge === undefined || bridge.isDisposed || !isWanted) return undefined;
    const lease = bridge.lease.want(callId);
    return () => lease.dispose();
  }, [bridge, callId, isWanted]);
}

async function connect(
  { trans, kernels, store, bridgeAt }: ViewServices,
  node: Node | null,
  callId: string,
): Promise<string> {
  const bridge = kernels.bridge(store.get(callId)?.kernelId) ?? (node === null ? undefined : bridgeAt(node));
  if (bridge === undefined)
    return trans.__('No kernel runs here. Start one, run “import farcall” in it, then reconnect.');
  if (!(await bridge.hello()))
    return trans.__('The kernel has not loaded farcall. Run “import farcall” in it, then reconnect.');
  try {
    await bridge.ask({ intent: 'lease', call_ids: [callId] });
    bridge.lease.note(callId);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
