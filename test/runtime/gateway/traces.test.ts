// Trace context on its road: from the message that opens a call, through the gateway's own span where somebody collects
// spans, to the containers, and over a restart.

import { type Attributes, context, type Span, type SpanContext, trace } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';

import type { CallId, CallOpen } from '@farcall/kernel-bridge/wire';

import type { TestPeer } from '../../support/client.js';
import { answer, openingOf, sendInputs, TestGateway } from '../../support/gateway.js';

const GIVEN = `00-${'4'.repeat(32)}-${'d'.repeat(16)}-01`;
const gateways: TestGateway[] = [];

async function started(settings: Parameters<typeof TestGateway.start>[0] = {}): Promise<TestGateway> {
  const gateway = await TestGateway.start(settings);
  gateways.push(gateway);
  return gateway;
}
afterEach(async () => {
  trace.disable();
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]();
});

/** A call of one input. */
function open(client: TestPeer, call: CallId, more: Partial<CallOpen>): void {
  client.send(openingOf(call, more));
  sendInputs(client, call, 0, ['a']);
  client.send({ type: 'call.seal', call_id: call, count: 1 });
}

/** What the container is told of a call that was opened so; it runs its one input. */
async function loaded(gateway: TestGateway, more: Partial<CallOpen>): Promise<string | undefined> {
  await gateway.host();
  const client = await gateway.ready();
  const call = gateway.callId();
  open(client, call, more);
  const { peer } = await gateway.container();
  const { message } = await peer.next('call.load');
  answer(peer, await peer.next('inputs.run'), (input) => input);
  client.send({ type: 'call.attach', call_id: call, after: 0, output: false });
  await client.next('call.ended');
  return message.traceparent;
}

test('nobody traces: nothing is said', async () => {
  expect(await loaded(await started(), {})).toBeUndefined();
});

test("without an SDK the caller's context is passed on", async () => {
  expect(await loaded(await started(), { traceparent: GIVEN })).toBe(GIVEN);
});

test.each([
  '',
  'nonsense',
  GIVEN.toUpperCase(),
  GIVEN.replace('00-', '01-'),
  `00-${'0'.repeat(32)}-${'d'.repeat(16)}-01`,
])('%j is no context and is dropped', async (traceparent) => {
  expect(await loaded(await started(), { traceparent })).toBeUndefined();
});

interface Seen {
  readonly name: string;
  readonly parent: SpanContext | undefined;
  readonly own: SpanContext;
  attributes: Attributes;
  isEnded: boolean;
}

/** The smallest SDK: it keeps what it is told. */
function collecting(): Seen[] {
  const spans: Seen[] = [];
  const startSpan = (name: string, { attributes = {} } = {}, active = context.active()): Span => {
    const parent = trace.getSpanContext(active);
    const spanId = String(spans.length + 1).padStart(16, '0');
    const own = { traceId: parent?.traceId ?? '5'.repeat(32), spanId, traceFlags: 1 };
    const seen: Seen = { name, parent, own, attributes, isEnded: false };
    spans.push(seen);
    const span = {
      spanContext: () => own,
      isRecording: () => !seen.isEnded,
      setAttribute: (key: string, value: string) => (seen.attributes = { ...seen.attributes, [key]: value }),
      setStatus: () => span,
      end: () => (seen.isEnded = true),
    } as unknown as Span;
    return span;
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: () => undefined as never }) });
  return spans;
}

test('with an SDK there is one span a call, between the caller and the containers', async () => {
  const spans = collecting();
  expect(await loaded(await started(), { traceparent: GIVEN })).toBe(
    `00-${'4'.repeat(32)}-${'1'.padStart(16, '0')}-01`,
  );
  expect(spans).toMatchObject([
    { name: 'farcall.call', parent: { spanId: 'd'.repeat(16), isRemote: true }, isEnded: true },
  ]);
  expect(spans[0]?.attributes).toMatchObject({ 'farcall.state': 'done' });
});

test('with an SDK a call that nobody traced begins a trace', async () => {
  collecting();
  expect(await loaded(await started(), {})).toMatch(/^00-5{32}-0{15}1-01$/);
});

test('a resend of an opening begins no second span', async () => {
  const spans = collecting();
  const gateway = await started();
  const client = await gateway.ready();
  const call = gateway.callId();
  for (let time = 0; time < 3; time += 1) {
    client.send(openingOf(call));
    await client.next('call.accepted');
  }
  expect(spans).toHaveLength(1);
});

test('a gateway that comes back still tells the context', async () => {
  const first = await started();
  const client = await first.ready();
  const call = first.callId();
  open(client, call, { kind: 'spawn', attached: false, traceparent: GIVEN });
  await client.next('inputs.accepted');
  await first.crash();
  const second = await started({ store: first.store });
  await second.host();
  const { peer } = await second.container();
  expect((await peer.next('call.load')).message).toMatchObject({ call_id: call, traceparent: GIVEN });
});
