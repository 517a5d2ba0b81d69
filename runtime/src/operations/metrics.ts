// What Prometheus reads, put together when it asks: the meter's counts, and what the core, the store and the doors hold now.
// Nothing here runs, and prom-client is not even loaded, until someone asks for the first time.

import type * as Prom from 'prom-client';
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';

import { CALL_STATES, CONTAINER_STATES } from '@farcall/kernel-bridge/wire';

import type { Questions } from '../core/core.js';
import type { Objects } from '../gateway/objects.js';
import { VERSION } from '../gateway/version.js';
import type { StoreSizes } from '../store/sizes.js';
import type { Buckets } from './buckets.js';
import type { Meter } from './meter.js';

export interface Traffic {
  readonly read: number;
  readonly written: number;
}
export interface Measured {
  readonly meter: Meter;
  readonly core: Pick<Questions, 'functions' | 'containers' | 'hosts'>;
  readonly clients: () => number;
  readonly callsOpen: () => number;
  readonly waitingBytes: () => number;
  readonly traffic: () => Traffic;
  readonly sizes: () => Promise<StoreSizes>;
  readonly objects: Pick<Objects, 'size' | 'waiting' | 'counts'>;
}
/** Values of one metric: without a label, or by the label's value. */
type Values = number | Iterable<readonly [string, number]>;
interface Named {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
}

export class Metrics {
  #registry: Promise<Registry> | undefined;

  constructor(private readonly measured: Measured) {}

  /** The page, and its type. */
  async page(): Promise<{ readonly type: string; readonly text: string }> {
    this.#registry ??= this.#register();
    const registry = await this.#registry;
    return { type: registry.contentType, text: await registry.metrics() };
  }

  async #register(): Promise<Registry> {
    const prom = await import('prom-client');
    const registry = new prom.Registry();
    prom.collectDefaultMetrics({ register: registry });
    const shown = new Shown(prom, registry);
    showInputs(shown, this.measured);
    showCalls(shown, this.measured);
    showContainers(shown, this.measured);
    showStore(shown, this.measured);
    showObjects(shown, this.measured);
    showDoors(shown, this.measured);
    return registry;
  }
}

function showInputs(shown: Shown, { meter, core, waitingBytes }: Measured): void {
  shown.counter(of('inputs_accepted_total', 'Inputs that became durable.'), () => meter.inputsAccepted);
  shown.counter(of('inputs_total', 'Inputs that became final.', 'state'), () => meter.settled());
  shown.counter(of('input_retries_total', 'Attempts after an input’s first.'), () => meter.inputRetries);
  shown.gauge(of('inputs_queued', 'Inputs that no container holds.'), () => sum(core.functions(), (fn) => fn.backlog));
  shown.gauge(of('inputs_running', 'Inputs that containers hold.'), () => sum(core.functions(), (fn) => fn.running));
  const bytes = of(
    'payload_bytes_total',
    'Payload bytes of inputs (in) and outcomes (out), without blobs.',
    'direction',
  );
  shown.counter(bytes, () => Object.entries(meter.payloadBytes));
  shown.gauge(of('inputs_waiting_bytes', 'Payload bytes that are not durable yet.'), waitingBytes);
}

function showCalls(shown: Shown, { meter, callsOpen }: Measured): void {
  shown.counter(of('calls_opened_total', 'Calls opened.'), () => meter.callsOpened);
  shown.counter(of('calls_ended_total', 'Calls that became final.', 'state'), () =>
    CALL_STATES.slice(2).map((state) => [state, meter.callsEnded.get(state) ?? 0]),
  );
  shown.gauge(of('calls_open', 'Calls that are not final.'), callsOpen);
  shown.counter(of('calls_expired_total', 'Calls that retention took, or whose payloads it took.', 'what'), () => [
    ['call', meter.expired.deleted],
    ['payloads', meter.expired.emptied],
  ]);
}

function showContainers(shown: Shown, { meter, core }: Measured): void {
  shown.gauge(of('containers', 'Containers.', 'state'), () => {
    const states = core.containers().map(({ state }) => state);
    return CONTAINER_STATES.map((state) => [state, states.filter((other) => other === state).length]);
  });
  shown.gauge(of('containers_desired', 'Containers that the autoscaler wants.'), () =>
    sum(core.functions(), (fn) => fn.desired),
  );
  shown.counter(of('containers_started_total', 'Containers asked for.'), () => meter.containersStarted);
  shown.counter(of('containers_exited_total', 'Containers that ended.', 'reason'), () => meter.containersExited);
  shown.gauge(of('hosts', 'Hosts whose supervisor is known.'), () => core.hosts().length);
  shown.gauge(of('gpus', 'GPUs of all hosts.', 'state'), () => {
    const gpus = core.hosts().flatMap((host) => host.gpus);
    const held = gpus.filter(({ container_id }) => container_id !== '').length;
    return [
      ['free', gpus.length - held],
      ['held', held],
    ];
  });
  shown.histogram(
    of('lease_seconds', 'From giving a container inputs to the last of their outcomes.'),
    meter.leaseSeconds,
  );
}

function showStore(shown: Shown, { meter, sizes }: Measured): void {
  shown.histogram(of('store_commit_seconds', 'From handing a group to the store to its commit.'), meter.commitSeconds);
  shown.counter(of('store_operations_total', 'Operations committed.'), () => meter.operations);
  shown.counter(
    of('store_refused_total', 'Groups that the store did not take; they are offered again.'),
    () => meter.commitsRefused,
  );
  shown.gauge(
    of('store_bytes', 'Bytes of the store: its file, its write-ahead log, all payloads wherever they lie.', 'part'),
    async () => {
      const { rows, log, payloads, objects } = await sizes();
      return Object.entries({ rows, log, payloads, objects });
    },
  );
  shown.gauge(of('store_free_bytes', 'Bytes left on the store’s file system.'), async () => (await sizes()).free);
}

function showObjects(shown: Shown, { objects }: Measured): void {
  shown.gauge(of('objects', 'Dicts and queues.'), () => objects.size);
  shown.gauge(of('queue_waiting', 'Clients that wait at a queue, to get or to put.'), () => objects.waiting);
  shown.counter(of('dict_entries_total', 'Entries of dicts written, and looked up.', 'what'), () => [
    ['written', objects.counts.written],
    ['read', objects.counts.read],
  ]);
  shown.counter(of('queue_items_total', 'Items put into queues, and taken out.', 'what'), () => [
    ['put', objects.counts.put],
    ['taken', objects.counts.taken],
  ]);
}

function showDoors(shown: Shown, { clients, traffic }: Measured): void {
  shown.gauge(of('clients', 'Connected clients, those inside containers included.'), clients);
  shown.counter(of('network_bytes_total', 'Bytes on connections to the gateway.', 'direction'), () => {
    const { read, written } = traffic();
    return [
      ['in', read],
      ['out', written],
    ];
  });
  shown.gauge(of('info', 'Which gateway this is; always 1.', 'version'), () => [[VERSION, 1]]);
}

function of(name: string, help: string, label?: string): Named {
  return { name: `farcall_${name}`, help, ...(label === undefined ? {} : { label }) };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

type Read = () => Values | Promise<Values>;

/** Metrics whose values are read when the page is made. */
class Shown {
  constructor(
    private readonly prom: typeof Prom,
    private readonly registry: Registry,
  ) {}

  counter(named: Named, read: Read): void {
    new this.prom.Counter({
      ...this.#settings(named),
      async collect(this: Counter) {
        await fill(this, named, read, (labels, value) => this.inc(labels, value));
      },
    });
  }

  gauge(named: Named, read: Read): void {
    new this.prom.Gauge({
      ...this.#settings(named),
      async collect(this: Gauge) {
        await fill(this, named, read, (labels, value) => this.set(labels, value));
      },
    });
  }

  /** prom-client's own counts at every observation and cannot be given counts: it is only shown ours. */
  histogram({ name, help }: Named, buckets: Buckets): void {
    const get = (): Promise<object> =>
      Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values: valuesOf(name, buckets) });
    this.registry.registerMetric({ name, get } as unknown as Histogram);
  }

  #settings({ name, help, label }: Named): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
    return { name, help, labelNames: label === undefined ? [] : [label], registers: [this.registry] };
  }
}

async function fill(
  metric: { reset(): void },
  { label }: Named,
  read: Read,
  put: (labels: Record<string, string>, value: number) => void,
): Promise<void> {
  const values = await read();
  metric.reset();
  if (typeof values === 'number') put({}, values);
  else for (const [name, value] of values) put(label === undefined ? {} : { [label]: name }, value);
}

interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName: string;
}

function valuesOf(name: string, { bounds, counts, sum, total }: Buckets): Value[] {
  let below = 0;
  const buckets = bounds.map((le, at) => {
    below += counts[at] ?? 0;
    return { value: below, labels: { le }, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { value: total, labels: { le: '+Inf' }, metricName: `${name}_bucket` },
    { value: sum, labels: {}, metricName: `${name}_sum` },
    { value: total, labels: {}, metricName: `${name}_count` },
  ];
}
