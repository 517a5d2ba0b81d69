// The gateway's part in a trace: one span a call, beneath the span that opened it and above what its inputs do. Spans go to
// whatever SDK registered itself with @opentelemetry/api before the gateway started (node --import); without one, the
// caller's context is only passed on.

import {
  type Attributes,
  context,
  isSpanContextValid,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

import type { CallDerive, CallId, CallOpen, CallState } from '@farcall/kernel-bridge/wire';

import { VERSION } from './version.js';

/** Version 00 of W3C trace context; an id of zeros only is none. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Spans that an SDK collects, at most: one more and its call is not traced. */
const MOST_OPEN = 10_000;

export class Traces {
  readonly #tracer = trace.getTracer('farcall', VERSION);
  readonly #open = new Map<CallId, Span>();

  /** The context for the call's inputs, as a field of its entry; nothing when there is no trace. */
  opened(message: CallOpen | CallDerive): { readonly traceparent?: string } {
    const given = message.traceparent ?? '';
    const asked = TRACEPARENT.test(given) ? given : undefined;
    if (this.#open.size >= MOST_OPEN) return asked === undefined ? {} : { traceparent: asked };
    const span = this.#tracer.startSpan(
      'farcall.call',
      { kind: SpanKind.SERVER, attributes: attributesOf(message) },
      asked === undefined ? context.active() : beneath(asked),
    );
    if (span.isRecording()) this.#open.set(message.call_id, span);
    const own = span.spanContext();
    if (!isSpanContextValid(own)) return {};
    const flags = own.traceFlags.toString(16).padStart(2, '0');
    return { traceparent: `00-${own.traceId}-${own.spanId}-${flags}` };
  }

  ended(call: CallId, state: CallState): void {
    const span = this.#open.get(call);
    if (span === undefined) return;
    this.#open.delete(call);
    span.setAttribute('farcall.state', state);
    if (state !== 'done') span.setStatus({ code: SpanStatusCode.ERROR, message: `the call ended ${state}` });
    span.end();
  }
}

function attributesOf(message: CallOpen | CallDerive): Attributes {
  const { call_id, function_id } = message;
  const kind = message.type === 'call.open' ? message.kind : 'derived';
  return { 'farcall.call_id': call_id, 'farcall.function_id': function_id, 'farcall.kind': kind };
}

function beneath(traceparent: string): ReturnType<typeof context.active> {
  const [, traceId = '', spanId = '', flags = '00'] = TRACEPARENT.exec(traceparent) ?? [];
  return trace.setSpanContext(context.active(), {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}
