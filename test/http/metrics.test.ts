import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metrics, type Outcome, type Refusal } from 'fedtempo/server/http/metrics.js';
import { describe, expect, onTestFinished, test } from 'vitest';

function metrics(): Metrics {
  const made = new Metrics();
  onTestFinished(() => made.close());
  return made;
}

interface Exposed {
  /** By name and labels, as they stand in the text. */
  readonly samples: Map<string, number>;
  readonly types: Map<string, string>;
}

const NAME = /^fedtempo_[a-z0-9_]+$/;
const SAMPLE =
  /^([a-z0-9_]+)(\{[a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*\})? (NaN|Nan|[+-]?Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$/;

/** Reads the text format 0.0.4: help and type of a metric come once, before its samples; no sample comes twice. */
async function expose(of: Metrics): Promise<Exposed> {
  const text = await of.text();
  expect(text.endsWith('\n')).toBe(true);
  const [samples, types, helped] = [new Map<string, number>(), new Map<string, string>(), new Set<string>()];
  let current = '';
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind !== undefined) {
      expect(name).toMatch(NAME);
      if (kind === 'HELP') {
        expect(helped.has(name), line).toBe(false);
        helped.add(name);
      } else {
        expect(types.has(name), line).toBe(false);
        types.set(name, rest);
      }
      current = name;
      continue;
    }
    const [, sample, labels = '', value] = SAMPLE.exec(line) ?? [];
    expect(sample, line).toBeDefined();
    const suffix = types.get(current) === 'histogram' ? /^_(bucket|sum|count)$/ : /^$/;
    expect(sample.startsWith(current) && suffix.test(sample.slice(current.length)), line).toBe(true);
    expect(samples.has(sample + labels), line).toBe(false);
    samples.set(sample + labels, Number(value.replace('Nan', 'NaN')));
  }
  expect([...types.keys()]).toEqual([...helped]);
  return { samples, types };
}

describe('the metrics of a coordinator', () => {
  test('that has done nothing are zeros for what is counted, and nothing for what is not known', async () => {
    const { samples, types } = await expose(metrics());
    for (const [name, type] of types) {
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
    }
    expect(samples.get('fedtempo_rounds_committed_total')).toBe(0);
    expect(samples.get('fedtempo_replies_total{outcome="ACCEPTED"}')).toBe(0);
    expect(samples.get('fedtempo_replies_total{outcome="client-lost"}')).toBe(0);
    expect(samples.get('fedtempo_phase_seconds_count{phase="collect"}')).toBe(0);
    for (const unknown of ['fedtempo_test_accuracy_ratio', 'fedtempo_test_loss', 'fedtempo_round']) {
      expect(types.get(unknown)).toBe('gauge');
      expect(samples.has(unknown), unknown).toBe(false);
    }
  });

  test('count what happened, by outcome, class and phase', async () => {
    const told = metrics();
    told.roundBegan(6);
    told.roundBegan(7);
    for (let time = 0; time < 7; time++) told.roundCommitted();
    told.attemptAbandoned();
    const outcomes: Outcome[] = ['ACCEPTED', 'ACCEPTED', 'ACCEPTED', 'LATE', 'DUPLICATE', 'REJECTED', 'non-finite'];
    for (const outcome of outcomes) told.replied(outcome);
    told.refused('signature');
    told.refused('signature');
    told.sent(795_000);
    told.sent(5_000);
    told.received(1_234);
    told.evaluated({ accuracy: 0.875, loss: 0.5 });
    told.connectionsAre(12);
    told.connectionsAre(11);
    told.clientsAre(9);
    const { samples } = await expose(told);
    expect(
      Object.fromEntries([...samples].filter(([name, value]) => value !== 0 && !/phase|loop|memory/.test(name))),
    ).toEqual({
      fedtempo_rounds_committed_total: 7,
      fedtempo_attempts_abandoned_total: 1,
      'fedtempo_replies_total{outcome="ACCEPTED"}': 3,
      'fedtempo_replies_total{outcome="LATE"}': 1,
      'fedtempo_replies_total{outcome="DUPLICATE"}': 1,
      'fedtempo_replies_total{outcome="REJECTED"}': 1,
      'fedtempo_replies_total{outcome="non-finite"}': 1,
      'fedtempo_connections_refused_total{reason="signature"}': 2,
      fedtempo_down_bytes_total: 800_000,
      fedtempo_up_bytes_total: 1_234,
      fedtempo_round: 7,
      fedtempo_connections: 11,
      fedtempo_clients_connected: 9,
      fedtempo_test_accuracy_ratio: 0.875,
      fedtempo_test_loss: 0.5,
    });
  });

  test('have phases in seconds, in buckets that add up', async () => {
    const told = metrics();
    for (const ms of [3, 250, 250, 4_000, 900_000]) told.phaseTook('collect', ms);
    const { samples } = await expose(told);
    const bucket = (le: string) => samples.get(`fedtempo_phase_seconds_bucket{le="${le}",phase="collect"}`);
    expect(['0.001', '0.005', '0.1', '0.5', '5', '600', '+Inf'].map(bucket)).toEqual([0, 1, 1, 3, 4, 4, 5]);
    expect(samples.get('fedtempo_phase_seconds_sum{phase="collect"}')).toBeCloseTo(904.503, 9);
    expect(samples.get('fedtempo_phase_seconds_count{phase="collect"}')).toBe(5);
    expect(samples.get('fedtempo_phase_seconds_count{phase="evaluate"}')).toBe(0);
  });

  test('show how long the event loop was held up since they were last asked for', async () => {
    const told = metrics();
    // Samples of the loop are 10 ms apart; five turns hold at least one, before and after it is held up.
    const turns = async () => {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    const largest = async () => {
      await turns();
      return (await expose(told)).samples.get('fedtempo_event_loop_delay_max_seconds') ?? Number.NaN;
    };
    await turns();
    const until = performance.now() + 300;
    while (performance.now() < until);
    const held = await largest();
    expect(held).toBeGreaterThan(0.25);
    expect(await largest()).toBeLessThan(held);
    const { samples } = await expose(told);
    const [p50, p99, max] = ['p50', 'p99', 'max'].map(
      (name) => samples.get(`fedtempo_event_loop_delay_${name}_seconds`)!,
    );
    expect(p50).toBeLessThanOrEqual(p99);
    expect(p99).toBeLessThanOrEqual(max);
    const resident = samples.get('fedtempo_resident_memory_bytes')!;
    expect(resident / process.memoryUsage.rss()).toBeGreaterThan(0.5);
  });

  test('take no label from a peer and no number that is none', async () => {
    const told = metrics();
    const before = (await expose(told)).samples.size;
    for (const text of ['x"} 1\nfedtempo_round 9', 'toString', '__proto__', '']) {
      told.replied(text as Outcome);
      told.refused(text as Refusal);
    }
    told.sent(Number.NaN);
    told.received(-5);
    told.phaseTook('announce', Number.NEGATIVE_INFINITY);
    told.evaluated({ accuracy: null, loss: Number.NaN });
    const { samples } = await expose(told);
    expect(samples.get('fedtempo_replies_total{outcome="other"}')).toBe(4);
    expect(samples.get('fedtempo_connections_refused_total{reason="other"}')).toBe(4);
    expect(samples.get('fedtempo_down_bytes_total')).toBe(0);
    expect(samples.get('fedtempo_up_bytes_total')).toBe(0);
    expect(samples.get('fedtempo_phase_seconds_sum{phase="announce"}')).toBe(0);
    expect(samples.get('fedtempo_test_loss')).toBeNaN();
    expect(samples.has('fedtempo_test_accuracy_ratio')).toBe(false);
    // Only the loss is new.
    expect(samples.size).toBe(before + 1);
  });

  test('of two coordinators in one process are apart', async () => {
    const [one, other] = [metrics(), metrics()];
    one.roundCommitted();
    expect((await expose(one)).samples.get('fedtempo_rounds_committed_total')).toBe(1);
    expect((await expose(other)).samples.get('fedtempo_rounds_committed_total')).toBe(0);
  });

  test('go over HTTP with the type that Prometheus asks for', async () => {
    const told = metrics();
    const server = createServer(async (_, response) => {
      response.setHeader('content-type', told.contentType);
      response.end(await told.text());
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain('# TYPE fedtempo_phase_seconds histogram\n');
  });
});
